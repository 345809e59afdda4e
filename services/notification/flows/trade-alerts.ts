/** send_trade_alerts: a burst of fills becomes one message, and each fill is told exactly once. */
import * as z from 'zod';
import type { Mode } from '#app/contracts/config.ts';
import { sleep } from '#chassis/clock.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import { flow, type FlowContext, type FlowDefinition } from '#chassis/flows.ts';
import type { Herald } from '../herald.ts';
import { fillsLetter, type FillRow, type FillSums } from '../letters/fills-letter.ts';
import { awaitDeliveries } from './await-deliveries.ts';

/** Fills that come closer together than this belong to one burst. */
const QUIET_MS = 4_000;
/** A burst that does not end is told in pieces of this length. */
const BURST_MAX_MS = 30_000;
/** Messages about fills are at least so far apart; what is filled in between waits for the next one. */
const GAP_MS = 60_000;
const LOOK_MS = 500;
const STEPS = 3;

/** What the flow works with. `pace` is for tests. */
export type TradeAlertParts = { readonly db: Db; readonly herald: Herald; readonly mode: Mode; readonly now: () => number; readonly pace?: { readonly quietMs: number; readonly gapMs: number } };

const input = z.object({
  gather: z.boolean().default(false).describe('Wait until the burst of fills is over before telling it; off: tell at once what is there'),
}).strict();

const AGES = `
  SELECT (extract(epoch FROM clock_timestamp() - b.begun_at) * 1000)::float8 AS "burstMs",
    (SELECT (extract(epoch FROM clock_timestamp() - max(created_at)) * 1000)::float8 FROM notification.notification_logs WHERE alert_batch = b.batch) AS "quietMs",
    (SELECT (extract(epoch FROM clock_timestamp() - max(closed_at)) * 1000)::float8 FROM notification.alert_batches WHERE closed_at IS NOT NULL) AS "gapMs"
  FROM notification.alert_batches b WHERE b.closed_at IS NULL`;

/** Waits until the open batch may be closed; at once when there is none. */
async function gatherBurst(db: Queryable, pace: { quietMs: number; gapMs: number }, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const [ages] = await db.query<{ burstMs: number; quietMs: number | null; gapMs: number | null }>(AGES);
    if (!ages) return;
    const isOver = (ages.quietMs ?? 0) >= pace.quietMs || ages.burstMs >= BURST_MAX_MS;
    if (isOver && (ages.gapMs ?? Infinity) >= pace.gapMs) return;
    await sleep(Math.min(LOOK_MS, pace.quietMs), signal);
  }
  signal.throwIfAborted();
}

const FILLS = `
  SELECT t.fill_id AS "fillId", t.ts_event AS at, t.symbol, t.side, trim_scale(t.qty)::text AS qty, trim_scale(t.price)::text AS price, round(t.qty * t.price, 2)::text AS value, trim_scale(t.fee)::text AS fee, t.strategy_id AS "strategyId"
  FROM notification.notification_logs n JOIN execution.trades t ON t.fill_id = n.context->>'fillId' WHERE n.alert_batch = $1 ORDER BY t.ledger_seq`;
const SUMS = `
  SELECT round(coalesce(sum(t.qty * t.price) FILTER (WHERE t.side = 'buy'), 0), 2)::text AS bought, round(coalesce(sum(t.qty * t.price) FILTER (WHERE t.side = 'sell'), 0), 2)::text AS sold, round(coalesce(sum(t.fee), 0), 2)::text AS fees
  FROM notification.notification_logs n JOIN execution.trades t ON t.fill_id = n.context->>'fillId' WHERE n.alert_batch = $1`;

type Told = { readonly batch: number | null; readonly fills: number; readonly sums: FillSums; readonly title: string };
const NOTHING: Told = { batch: null, fills: 0, sums: { bought: '0', sold: '0', fees: '0' }, title: '' };

/** Closes the open batch in the name of the run and queues its message, in one transaction; run again, it finds what it closed. */
async function tellBatch({ db, herald, mode, now }: TradeAlertParts, runId: string): Promise<Told> {
  return db.tx(async (tx) => {
    const [mine] = await tx.query<{ batch: number }>('SELECT batch FROM notification.alert_batches WHERE run_id = $1', [runId]);
    const [closed] = mine ? [mine] : await tx.query<{ batch: number }>('UPDATE notification.alert_batches SET closed_at = clock_timestamp(), run_id = $1 WHERE closed_at IS NULL RETURNING batch', [runId]);
    if (!closed) return NOTHING;
    const { batch } = closed;
    const fills = await tx.query<FillRow>(FILLS, [batch]);
    const [sums = NOTHING.sums] = await tx.query<FillSums>(SUMS, [batch]);
    if (fills.length === 0) return { ...NOTHING, batch };
    const letter = fillsLetter(fills, sums, mode, now());
    await herald.send(tx, { notificationId: notificationOf(batch), kind: 'trade_alert', letter }, letter.intro.join(' '));
    return { batch, fills: fills.length, sums, title: letter.title };
  });
}

function notificationOf(batch: number): string {
  return `trade_alert:${batch}`;
}

/** An event's run for a batch that waits to be told; starting it twice is starting it once. */
export function batchKey(batch: number): string {
  return `batch-${batch}`;
}

/** The open batch, with its age; null when every fill has been told. */
export async function openBatchOf(db: Queryable): Promise<{ batch: number; ageMs: number } | null> {
  const [row] = await db.query<{ batch: number; ageMs: number }>('SELECT batch, (extract(epoch FROM clock_timestamp() - begun_at) * 1000)::float8 AS "ageMs" FROM notification.alert_batches WHERE closed_at IS NULL');
  return row ?? null;
}

async function run(ctx: FlowContext, parts: TradeAlertParts, isGathering: boolean): Promise<unknown> {
  const { db, herald, pace = { quietMs: QUIET_MS, gapMs: GAP_MS } } = parts;
  if (isGathering) {
    await ctx.step('wait for the burst to end', async ({ signal }) => {
      await gatherBurst(db, pace, signal);
      return null;
    });
  }
  ctx.progress(1, STEPS);
  const { batch, fills, sums, title } = await ctx.step('put the fills together', () => tellBatch(parts, ctx.runId));
  ctx.progress(2, STEPS);
  if (batch === null || fills === 0) {
    await ctx.skip('wait for the deliveries', 'Every fill has been told already');
    ctx.progress(STEPS, STEPS);
    return { fills: 0, boughtUsd: '0', soldUsd: '0', feesUsd: '0', deliveries: null, note: 'There was no fill that had not been told' };
  }
  ctx.log('info', 'Fills are told together', { fills, title });
  const deliveries = await awaitDeliveries(ctx, { db, herald }, [notificationOf(batch)]);
  ctx.progress(STEPS, STEPS);
  return { fills, boughtUsd: sums.bought, soldUsd: sums.sold, feesUsd: sums.fees, deliveries, note: deliveries.note };
}

/** The flow. */
export function tradeAlertsFlow(parts: TradeAlertParts): FlowDefinition {
  return flow({
    name: 'send_trade_alerts',
    description: 'Tells people of fills, a burst of them in one message and each fill once, by mail, webhook and on the desktop.',
    input, schedule: null, events: ['a fill (fills of a minute together)'],
    // Two places: a run that gathers a burst must not keep one waiting that was asked to tell at once. Closing a batch is one statement; one of them wins.
    retries: 5, retryDelayMs: 2_000, timeoutMs: 300_000, concurrency: 2, onMissed: 'skip',
    run: (ctx, { gather }) => run(ctx, parts, gather),
  });
}
