/** Every message of the broker's two streams: sent and understood, or not, with the reason. For the conformance report and its test. */

/** A message. `direction`: as the client sees it. */
export type StreamMessage = { readonly stream: 'trade_updates' | 'market data'; readonly direction: 'in' | 'out'; readonly name: string; readonly isServed: boolean; readonly note: string };

const served = (stream: StreamMessage['stream'], direction: StreamMessage['direction'], names: readonly string[], note = ''): readonly StreamMessage[] => names.map((name) => ({ stream, direction, name, isServed: true, note }));
const refused = (stream: StreamMessage['stream'], direction: StreamMessage['direction'], names: readonly string[], note: string): readonly StreamMessage[] => names.map((name) => ({ stream, direction, name, isServed: false, note }));

/** Events of trade_updates that are sent. */
export const UPDATE_EVENTS = [
  'new', 'accepted', 'pending_new', 'held', 'fill', 'partial_fill', 'canceled', 'expired', 'replaced', 'rejected', 'pending_cancel', 'pending_replace', 'restated', 'order_replace_rejected', 'order_cancel_rejected',
] as const;
/** Errors of the market-data stream with the broker's words. */
export const DATA_ERRORS = {
  400: 'invalid syntax', 401: 'not authenticated', 402: 'auth failed', 403: 'already authenticated', 404: 'auth timeout', 405: 'symbol limit exceeded', 406: 'connection limit exceeded', 407: 'slow client',
  409: 'insufficient subscription', 410: 'invalid subscribe action for this feed', 500: 'internal error',
} as const;
/** A code of these errors. */
export type DataErrorCode = keyof typeof DATA_ERRORS;

/** All messages. */
export const STREAM_MESSAGES: readonly StreamMessage[] = [
  ...served('trade_updates', 'out', ['authenticate', 'auth', 'listen'], 'listen replaces the whole set; an empty one stops'),
  ...served('trade_updates', 'in', ['authorization', 'listening'], 'authorized and unauthorized, also for listening before authentication'),
  ...served('trade_updates', 'in', UPDATE_EVENTS.map((event) => `event ${event}`), 'binary frames of JSON, or of msgpack when asked by Content-Type'),
  ...refused('trade_updates', 'in', ['event done_for_day', 'event stopped', 'event calculated', 'event suspended'], 'states of an exchange that the venue does not have'),
  ...refused('trade_updates', 'in', ['event trade_bust', 'event trade_correct'], 'executions are never taken back here'),
  ...served('market data', 'out', ['auth', 'subscribe', 'unsubscribe'], 'authentication by message or by headers, within ten seconds'),
  ...served('market data', 'in', ['success connected', 'success authenticated', 'subscription']),
  ...served('market data', 'in', ['t (trade)', 'q (quote)'], 'four a minute, made of the bar, sent when the minute is released'),
  ...served('market data', 'in', ['b (minute bar)', 'd (daily bar)'], 'when the minute is released'),
  ...served('market data', 'in', ['u (updated bar)'], 'never by the tape itself (it has no late trades); on command by POST /sim/updated-bars (as they are) and POST /sim/late-print (changed, over REST too)'),
  ...served('market data', 'in', ['s (status)'], 'never by the tape itself (it has no halts); on command by POST /sim/status'),
  ...served('market data', 'in', ['c (correction)', 'x (cancel error)'], 'never by the tape itself; on command by POST /sim/late-print, which also changes the minute over REST'),
  ...refused('market data', 'in', ['l (limit up, limit down)', 'i (imbalance)'], 'subscriptions are taken and echoed; the tape has no bands or imbalances to tell of'),
  ...served('market data', 'in', Object.entries(DATA_ERRORS).filter(([code]) => code !== '500').map(([code, text]) => `error ${code} ${text}`)),
  ...refused('market data', 'in', ['error 500 internal error'], 'a failure inside ends the process; nothing is guessed'),
];
