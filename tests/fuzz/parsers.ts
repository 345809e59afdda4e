/** The families that are functions: bus, the broker's wire and its streams, settings, the control channel, flows, replay files. */
import type * as z from 'zod';
import { FromWorkerSchema, ToWorkerSchema } from '#app/contracts/control.ts';
import { parseEnvText } from '#app/contracts/env-text.ts';
import { parseEnvelope, TOPICS, type Topic } from '#app/contracts/events.ts';
import { flowSettingsSchema, runQuerySchema } from '#app/contracts/flows.ts';
import { scheduleSchema } from '#app/contracts/flow-schedules.ts';
import { killWishSchema } from '#app/contracts/kill.ts';
import { helloSchema, livePushSchema } from '#app/contracts/live.ts';
import { readAs } from '#app/contracts/read.ts';
import { SETTING_KEYS } from '#app/contracts/setting-reader.ts';
import { parseSettings } from '#app/contracts/settings.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import { actionsReply } from '../../services/alpaca/corporate-actions.ts';
import { barFromSdk, TICKS } from '../../services/alpaca/data-stream.ts';
import { updateFromSdk } from '../../services/alpaca/trade-stream.ts';
import { accountReply, assetsReply, barsReply, calendarReply, clockReply, fillsReply, orderListReply, orderReply, positionsReply } from '../../services/alpaca/wire.ts';
import { parseSeries } from '../../services/simulator/replay-files.ts';
import { openStreams } from './frames.ts';
import { jsonOf, nasty, nastyText, nearly, oneOf, spoil, type Random } from './inputs.ts';
import { parses, pure, type OpenFamily, type Target } from './target.ts';
import { ACCOUNT, ASSET, CALENDAR_DAY, CLOCK, DIVIDEND, FILL, POSITION, RENAME, trueBar, trueOrder } from './truths.ts';

const ofSchema = (name: string, schema: z.ZodType): Target => ({ name, input: nearly(schema), run: parses((raw) => void readAs(schema, raw)) });
/** A true message, spoiled. Each case gets a copy of its own. */
const spoiled = (truth: () => unknown) => (random: Random): unknown => (random() < 0.05 ? nasty(random) : spoil(truth(), random));
const listOf = (truth: () => unknown) => spoiled(() => [truth(), truth()]);

/** Envelopes as Redis and the outbox hold them. */
export function busFamily(): OpenFamily {
  const payloads = (Object.keys(TOPICS) as Topic[]).map((topic) => {
    const payload = nearly(TOPICS[topic].payload);
    const envelope = (random: Random): unknown => spoil({ producer: TOPICS[topic].producer, seq: 1, topic, key: 'k', correlationId: 'c', tsWritten: 1_767_623_400_000, payload: payload(random) }, random);
    return { name: topic, input: envelope, run: parses((raw) => parseEnvelope(raw)) };
  });
  return pure([...payloads, ofSchema('live hello', helloSchema), ofSchema('live push', livePushSchema)]);
}

/** The broker's REST replies. */
export function wireFamily(): OpenFamily {
  return pure([
    { name: 'order', input: spoiled(trueOrder), run: parses((raw) => readAs(orderReply, raw)) },
    { name: 'order with legs', input: spoiled(() => ({ ...trueOrder(), order_class: 'bracket', legs: [trueOrder(), trueOrder()] })), run: parses((raw) => readAs(orderReply, raw)) },
    { name: 'orders', input: listOf(trueOrder), run: parses((raw) => readAs(orderListReply((id) => id.startsWith('ms-')), raw)) },
    { name: 'fills', input: listOf(() => ({ ...FILL })), run: parses((raw) => readAs(fillsReply, raw)) },
    { name: 'account', input: spoiled(() => ({ ...ACCOUNT })), run: parses((raw) => readAs(accountReply, raw)) },
    { name: 'positions', input: listOf(() => ({ ...POSITION })), run: parses((raw) => readAs(positionsReply, raw)) },
    { name: 'clock', input: spoiled(() => ({ ...CLOCK })), run: parses((raw) => readAs(clockReply, raw)) },
    { name: 'calendar', input: listOf(() => ({ ...CALENDAR_DAY })), run: parses((raw) => readAs(calendarReply, raw)) },
    { name: 'assets', input: listOf(() => ({ ...ASSET })), run: parses((raw) => readAs(assetsReply, raw)) },
    { name: 'corporate actions', input: spoiled(() => ({ corporate_actions: { cash_dividends: [{ ...DIVIDEND }], name_changes: [{ ...RENAME }] }, next_page_token: null })), run: parses((raw) => readAs(actionsReply, raw)) },
    { name: 'bars', input: spoiled(() => ({ bars: { AAPL: [trueBar(), trueBar()] }, next_page_token: null })), run: parses((raw) => readAs(barsReply('1Min'), raw)) },
  ]);
}

/** A frame goes over a socket and back; a parser is called. */
const PARSERS_TO_FRAMES = 20;

/** What the broker's two streams say: as the SDK hands it over, and as frames into the SDK itself. */
export async function streamFamily(): Promise<OpenFamily> {
  const live = await openStreams();
  const bar = (): Record<string, unknown> => ({ symbol: 'A', timestamp: new Date(1), open: 1, high: 1, low: 1, close: 1, volume: 1 });
  const tick = (): Record<string, unknown> => ({ symbol: 'A', timestamp: new Date(1), bidPrice: 1, bidSize: 1, askPrice: 1, askSize: 1, price: 1, size: 1, id: 1, originalId: 1, statusCode: 'T', statusMessage: 'x' });
  const targets: readonly Target[] = [
    { name: 'trade update', share: PARSERS_TO_FRAMES, input: spoiled(() => ({ event: 'fill', order: trueOrder(), execution_id: 'e', price: '1', qty: '1', timestamp: new Date(1) })), run: parses((raw) => updateFromSdk(raw, epochMs(1))) },
    // The SDK itself makes the object and its Date; what is in it is the broker's.
    { name: 'bar', share: PARSERS_TO_FRAMES, input: (random): unknown => ({ ...(Object(spoil(bar(), random)) as object), timestamp: new Date(random() < 0.2 ? NaN : 1) }), run: parses((raw) => barFromSdk(raw as Parameters<typeof barFromSdk>[0], false, epochMs(1))) },
    ...Object.entries(TICKS).map(([name, read]): Target => ({
      name, share: PARSERS_TO_FRAMES, input: (random): unknown => ({ ...(Object(spoil(tick(), random)) as object), timestamp: new Date(random() < 0.2 ? NaN : 1) }), run: parses((raw) => (read as (raw: unknown, at: EpochMs) => unknown)(raw, epochMs(1))),
    })),
  ];
  return { targets: [...targets, ...live.targets], close: live.close };
}

const KEYS = Object.keys(SETTING_KEYS);
function envText(random: Random): string {
  const lines = Array.from({ length: Math.floor(random() * 12) }, () => `${random() < 0.8 ? oneOf(random, KEYS) : nastyText(random)}${random() < 0.9 ? '=' : ''}${random() < 0.3 ? '"' : ''}${random() < 0.4 ? oneOf(random, ['5432', '127.0.0.1', 'debug', 'PKTEST', 'redis://h:1', 'http://127.0.0.1:4200/api', 'starttls', 'a@b.c', 'https://x']) : nastyText(random)}${random() < 0.2 ? '"' : ''}`);
  return lines.join(oneOf(random, ['\n', '\r\n', '\n\n']));
}

/** `.env` files and the settings in them. */
export function configFamily(): OpenFamily {
  const choice = (random: Random): Parameters<typeof parseSettings>[1] => (random() < 0.5 ? undefined : { mode: oneOf(random, ['demo', 'paper', 'live'] as const), keys: random() < 0.5 ? null : { keyId: nastyText(random), secretKey: nastyText(random) } });
  return pure([{
    name: 'settings', input: (random) => ({ text: envText(random), choice: choice(random) }),
    run: parses((raw) => {
      const { text, choice: chosen } = raw as { text: string; choice: Parameters<typeof parseSettings>[1] };
      parseSettings(parseEnvText(text, '.env').entries, chosen);
    }),
  }]);
}

/** The control channel between supervisor and workers, and the kill switch at the door. */
export function ipcFamily(): OpenFamily {
  return pure([ofSchema('to a worker', ToWorkerSchema), ofSchema('from a worker', FromWorkerSchema), ofSchema('kill switch', killWishSchema)]);
}

/** Schedules, settings and questions of flows. */
export function flowFamily(): OpenFamily {
  return pure([ofSchema('schedule', scheduleSchema), ofSchema('settings', flowSettingsSchema), ofSchema('question', runQuerySchema)]);
}

function barFile(random: Random): string {
  const cell = (right: string): string => (random() < 0.03 ? nastyText(random) : right);
  const rows = Array.from({ length: Math.floor(random() * 8) }, (_, n) => [cell(`2024-03-04 09:${String(30 + n)}:00`), cell('10.00'), cell('11.00'), cell('9.00'), cell('10.50'), cell('100')].join(','));
  return [cell('time,open,high,low,close,volume'), ...rows].join(random() < 0.9 ? '\n' : '\r\n') + (random() < 0.5 ? '\n' : '');
}

/** Files of recorded bars. */
export function replayFamily(): OpenFamily {
  return pure([{
    name: 'bar file', input: (random) => [random() < 0.9 ? 'aapl.trade.csv' : nastyText(random), random() < 0.02 ? (jsonOf(nasty(random)) ?? '') : barFile(random)],
    run: parses((raw) => parseSeries(...(raw as [string, string]))),
  }]);
}
