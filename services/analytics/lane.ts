/** What analytics hears: bars make points of the equity curve, fills, fees and dividends make profit by strategy and correct points that were drawn without them. */
import type { EventEnvelope } from '#app/contracts/events.ts';
import { barCloseTime } from '#app/domain/bar.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import type { ConsumerSpec } from '#chassis/consumer.ts';
import type { Tx } from '#chassis/db.ts';
import { pointsAfter, recordEquity, tellEquity } from './equity.ts';
import { readLines } from './ledger-lines.ts';
import type { StrategyDays } from './strategy-days.ts';

/** Large batches: a burst of bars costs one point per distinct minute, not one per bar. */
const BAR_BATCH = 1_000;

function lastSeq(events: readonly EventEnvelope[]): string {
  const last = events.at(-1);
  return `${last?.producer ?? ''}:${last?.seq ?? 0}`;
}

/** Bars of history that were read before trading began make no points: there was no account. */
async function onBars(tx: Tx, events: readonly EventEnvelope[]): Promise<void> {
  const minutes = new Set<EpochMs>();
  for (const event of events) {
    if (event.topic === 'bar.closed' && !event.payload.isBackfill && event.payload.timeframe !== '1Day') minutes.add(barCloseTime(event.payload));
  }
  const newest = await recordEquity(tx, [...minutes]);
  if (newest) tellEquity(tx, newest, lastSeq(events));
}

/** Fills, and cash or shares that moved without one. */
async function onLedger(tx: Tx, events: readonly EventEnvelope[], days: StrategyDays): Promise<void> {
  const fills = events.flatMap((event) => (event.topic === 'order.filled' ? [event.payload] : []));
  const entries = events.flatMap((event) => (event.topic === 'ledger.entered' ? [event.payload] : []));
  if (fills.length + entries.length === 0) return;
  await days.add(tx, await readLines(tx, { fillIds: fills.map((fill) => fill.fillId), entryIds: entries.map((entry) => entry.entryId) }));
  const newest = await recordEquity(tx, await pointsAfter(tx, epochMs(Math.min(...[...fills, ...entries].map((line) => line.tsEvent)))));
  if (newest) tellEquity(tx, newest, lastSeq(events));
}

/** The consumers of analytics. */
export function analyticsConsumers(days: StrategyDays): ConsumerSpec[] {
  return [
    { producer: 'execution', topics: ['order.filled', 'ledger.entered'], handle: (tx, events) => onLedger(tx, events, days) },
    { producer: 'data_ingestion', topics: ['bar.closed'], batch: BAR_BATCH, handle: onBars },
  ];
}
