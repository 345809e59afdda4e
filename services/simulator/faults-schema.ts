/** The words for faults: each is one JSON line for `POST /sim/faults`, for `--fault` of the stand-alone tool, and for tests. */
import * as z from 'zod';

/**
 * `before` = the request was not carried out, `after` = it was, the client just does not hear so.
 * timeout: no answer; reset: the connection is cut; error_500, _502, _503, _504: an answer without meaning; error_422_after: a refusal
 * although the order went through (seen at the broker); error_429: the rate limit; garbled: broken JSON.
 */
export const ORDER_FAULTS = [
  'timeout_before', 'timeout_after', 'reset_before', 'reset_after', 'error_500_before', 'error_500_after', 'error_502_before', 'error_502_after', 'error_503_before', 'error_503_after',
  'error_504_before', 'error_504_after', 'error_422_after', 'error_403_before', 'error_429', 'garbled_after',
] as const;
/** One way in which a request about an order goes wrong. */
export type OrderFault = (typeof ORDER_FAULTS)[number];
/** Which request about an order: POST, PATCH or DELETE. */
export const ORDER_REQUESTS = ['submit', 'replace', 'cancel'] as const;
/** One of the three. */
export type OrderRequestKind = (typeof ORDER_REQUESTS)[number];
/** What can happen to messages that a stream sends. */
export const MESSAGE_FAULTS = ['duplicate', 'drop', 'reorder'] as const;
/** One of these. */
export type MessageFault = (typeof MESSAGE_FAULTS)[number];
/** States in which an order can be stuck. */
export const STUCK_STATES = ['pending_new', 'pending_cancel', 'pending_replace'] as const;
/** One of the three. */
export type StuckState = (typeof STUCK_STATES)[number];
/** What can be late. `orders`: answers about orders; `rest`: all answers; `updates`, `bars`: messages of the two streams. */
export const LATE = ['orders', 'rest', 'updates', 'bars'] as const;
/** One of these. */
export type Late = (typeof LATE)[number];

const count = z.number().int().min(1).max(100).default(1);
const streams = z.enum(['trading', 'data', 'all']).default('all');
const ms = z.number().int().min(1).max(3_600_000);
const byMs = z.number().int().min(1).max(120_000);

/** What POST /sim/faults takes. `count` = the next n occasions, `ms` = from now on for so long. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('order'), on: z.enum(ORDER_REQUESTS).default('submit'), fault: z.enum(ORDER_FAULTS), count }),
  /** The next REST answers, whatever was asked, are this status; nothing was carried out. */
  z.object({ kind: z.literal('http'), status: z.number().int().min(400).max(599), count }),
  /** Late by `byMs`, for `ms` from now on. What was asked has been carried out at once. */
  z.object({ kind: z.literal('delay'), what: z.enum(LATE), byMs, ms }),
  /** The next cancels take effect only after the next bars, which may fill the order first. */
  z.object({ kind: z.literal('slow_cancel'), count }),
  /** The next replacements take effect only after the next bars. */
  z.object({ kind: z.literal('slow_replace'), count }),
  /** DELETE is carried out by nobody and not answered. */
  z.object({ kind: z.literal('cancel_timeout'), count }),
  /** The next orders (cancels, replacements) stay in this state until `clear`. */
  z.object({ kind: z.literal('stuck'), state: z.enum(STUCK_STATES), count }),
  /** The next orders are taken, and rejected a moment later on the stream. */
  z.object({ kind: z.literal('reject_accepted'), reason: z.string().min(1).max(200).default('rejected by the venue'), count }),
  /** The next replacements are answered with 200, and refused a moment later on the stream. */
  z.object({ kind: z.literal('reject_replace'), reason: z.string().min(1).max(200).default('replacement refused by the venue'), count }),
  /** The next cancels are answered with 204, and refused a moment later on the stream: the order stays at work. */
  z.object({ kind: z.literal('reject_cancel'), count }),
  z.object({ kind: z.literal('updates'), fault: z.enum(MESSAGE_FAULTS), count }),
  /** The next steps of the market-data stream. */
  z.object({ kind: z.literal('bars'), fault: z.enum(MESSAGE_FAULTS), count }),
  /** All REST answers 503. */
  z.object({ kind: z.literal('rest_down'), ms }),
  z.object({ kind: z.literal('drop_streams'), streams }),
  /** Sockets stay open and say nothing, not even a pong; what would have been said is lost. */
  z.object({ kind: z.literal('silent_streams'), streams, ms }),
  /** The present sockets are dead and do not know it: nothing is said or heard on them any more. New ones work. */
  z.object({ kind: z.literal('half_open'), streams }),
  /** Connections are cut and new ones refused. */
  z.object({ kind: z.literal('refuse_streams'), streams, ms }),
  /** The broker is gone: REST connections are cut without an answer, streams are cut and refused. */
  z.object({ kind: z.literal('outage'), ms }),
  /** The broker's clock, and the times of its updates, are ahead (positive) or behind. */
  z.object({ kind: z.literal('clock_skew'), byMs: z.number().int().min(-86_400_000).max(86_400_000), ms }),
  /** What the listing says of a symbol, until `clear`. */
  z.object({ kind: z.literal('asset'), symbol: z.string().min(1).max(20), isTradable: z.boolean().optional(), isShortable: z.boolean().optional(), isEasyToBorrow: z.boolean().optional(), isFractionable: z.boolean().optional() }),
  z.object({ kind: z.literal('clear') }),
]);
/** A fault as it is read. */
export type Fault = z.infer<typeof faultSchema>;
/** A fault as it is asked for: members with defaults may be left out. */
export type FaultInput = z.input<typeof faultSchema>;
/** What a fault says of a symbol. */
export type AssetFault = Omit<Extract<Fault, { kind: 'asset' }>, 'kind' | 'symbol'>;
/** Which of the two sockets. */
export type StreamName = 'trading' | 'data';
