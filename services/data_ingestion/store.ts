/** Writing bars down: refuses what cannot be true, stores the rest once, and says what is new. */
import { barDefect, type BarWire } from '#app/domain/bar.ts';
import { timeframeMs } from '#app/domain/time.ts';
import type { Tx } from '#chassis/db.ts';

/** A bar with where and when it came from. */
export type SeenBar = BarWire & { readonly tsSeen: number };

/** What happened to a batch. */
export type StoreResult = { readonly stored: number; readonly known: number; readonly refused: number };

/** Where a batch came from. Backfill bars warm strategies up and raise no signals. */
export type BarOrigin = { readonly source: 'stream' | 'rest'; readonly isBackfill: boolean };

const months = new Set<string>();

/** A month has left the book (`YYYY-MM`): a late bar of it makes its partition anew. */
export function forgetMonth(month: string): void {
  months.delete(month);
}

/** Partitions are made as months appear; the set only saves asking again. */
async function ensureMonths(tx: Tx, bars: readonly SeenBar[]): Promise<void> {
  const wanted = new Set(bars.map((bar) => new Date(bar.openTime).toISOString().slice(0, 7)));
  for (const month of wanted) {
    if (months.has(month)) continue;
    await tx.query('SELECT data_ingestion.ensure_month($1::date)', [`${month}-01`]);
    tx.afterCommit(() => months.add(month));
  }
}

/** By time, then symbol: the order in which everybody downstream sees them, however they arrived. */
function inOrder(bars: readonly SeenBar[]): SeenBar[] {
  return [...bars].sort((a, b) => a.openTime - b.openTime || (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0));
}

const INSERT = `
  INSERT INTO data_ingestion.market_data (symbol, timeframe, open_time, open, high, low, close, volume, source, ts_seen)
  SELECT b.symbol, b.timeframe, to_timestamp(b.open_ms / 1000.0), b.open, b.high, b.low, b.close, b.volume, $9, to_timestamp(b.seen_ms / 1000.0)
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[], $10::bigint[])
    AS b(symbol, timeframe, open_ms, open, high, low, close, volume, seen_ms)
  ON CONFLICT DO NOTHING
  RETURNING symbol, timeframe, open_time`;

const NOTE_STATUS = `
  INSERT INTO data_ingestion.ingestion_status AS s (symbol, timeframe, last_open_time, last_close, bars_total, gaps_marked, last_seen_at)
  SELECT n.symbol, n.timeframe, to_timestamp(n.open_ms / 1000.0), n.close, n.bars, 0, to_timestamp(n.seen_ms / 1000.0)
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::numeric[], $5::bigint[], $6::bigint[]) AS n(symbol, timeframe, open_ms, close, bars, seen_ms)
  ON CONFLICT (symbol, timeframe) DO UPDATE SET
    last_close = CASE WHEN excluded.last_open_time > s.last_open_time THEN excluded.last_close ELSE s.last_close END,
    last_open_time = greatest(s.last_open_time, excluded.last_open_time),
    bars_total = s.bars_total + excluded.bars_total,
    last_seen_at = greatest(s.last_seen_at, excluded.last_seen_at)`;

type Series = { symbol: string; timeframe: string; openMs: number; close: string; bars: number; seenMs: number };

function perSeries(bars: readonly SeenBar[]): Series[] {
  const series = new Map<string, Series>();
  for (const bar of bars) {
    const key = `${bar.symbol} ${bar.timeframe}`;
    const known = series.get(key);
    if (!known) series.set(key, { symbol: bar.symbol, timeframe: bar.timeframe, openMs: bar.openTime, close: bar.close, bars: 1, seenMs: bar.tsSeen });
    else Object.assign(known, { bars: known.bars + 1, seenMs: Math.max(known.seenMs, bar.tsSeen) }, bar.openTime > known.openMs ? { openMs: bar.openTime, close: bar.close } : {});
  }
  return [...series.values()];
}

/** Writes down what was seen of bars that are not stored: refused ones with the defect, revisions as the broker sent them. */
async function noteQuality(tx: Tx, kind: 'bar_refused' | 'bar_revised', seen: readonly { bar: SeenBar; detail: Readonly<Record<string, unknown>> }[]): Promise<void> {
  if (seen.length === 0) return;
  await tx.query(
    `INSERT INTO data_ingestion.data_quality_logs (symbol, timeframe, open_time, kind, detail)
     SELECT d.symbol, d.timeframe, to_timestamp(d.open_ms / 1000.0), $5, d.detail::jsonb FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) AS d(symbol, timeframe, open_ms, detail)`,
    [seen.map((s) => s.bar.symbol), seen.map((s) => s.bar.timeframe), seen.map((s) => s.bar.openTime), seen.map((s) => JSON.stringify({ ...s.detail, bar: s.bar })), kind],
  );
}

/** Keeps the broker's corrections of earlier bars where a person finds them; the bars that were traded on stay as they were. */
export async function noteRevisions(tx: Tx, bars: readonly SeenBar[]): Promise<void> {
  await noteQuality(tx, 'bar_revised', bars.map((bar) => ({ bar, detail: {} })));
}

/** Two sources that tell one bar differently: the first one counts, the difference is written down once. Prices are compared as numbers, not as text. */
const NOTE_CONFLICTS = `
  INSERT INTO data_ingestion.data_quality_logs (symbol, timeframe, open_time, kind, detail, finding_key)
  SELECT m.symbol, m.timeframe, m.open_time, 'source_conflict',
    jsonb_build_object('stored', jsonb_build_object('source', m.source, 'open', m.open, 'high', m.high, 'low', m.low, 'close', m.close, 'volume', m.volume),
      'told', jsonb_build_object('source', $9::text, 'open', b.open, 'high', b.high, 'low', b.low, 'close', b.close, 'volume', b.volume)),
    format('source_conflict:%s:%s:%s', m.symbol, m.timeframe, b.open_ms)
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[]) AS b(symbol, timeframe, open_ms, open, high, low, close, volume)
    JOIN data_ingestion.market_data m ON m.symbol = b.symbol AND m.timeframe = b.timeframe AND m.open_time = to_timestamp(b.open_ms / 1000.0)
  WHERE (m.open, m.high, m.low, m.close, m.volume) IS DISTINCT FROM (b.open, b.high, b.low, b.close, b.volume)
  ON CONFLICT (finding_key) WHERE finding_key IS NOT NULL DO NOTHING`;

/** The columns of a batch, in the order of the statements. */
function columnsOf(bars: readonly SeenBar[]): unknown[] {
  return [
    bars.map((b) => b.symbol), bars.map((b) => b.timeframe), bars.map((b) => b.openTime), bars.map((b) => b.open), bars.map((b) => b.high), bars.map((b) => b.low), bars.map((b) => b.close), bars.map((b) => b.volume),
  ];
}

/**
 * Stores a batch in the caller's transaction and emits `bar.closed` for each bar that is new, ordered by time and symbol.
 * A bar that is known already is left as it is; one that cannot be true is refused with its reason in data_quality_logs.
 */
export async function storeBars(tx: Tx, batch: readonly SeenBar[], origin: BarOrigin): Promise<StoreResult> {
  const sound: SeenBar[] = [];
  const refused: { bar: SeenBar; detail: { defect: string } }[] = [];
  for (const bar of inOrder(batch)) {
    const defect = barDefect(bar);
    if (defect === null) sound.push(bar);
    else refused.push({ bar, detail: { defect } });
  }
  await noteQuality(tx, 'bar_refused', refused);
  if (sound.length === 0) return { stored: 0, known: 0, refused: refused.length };
  await ensureMonths(tx, sound);
  const rows = await tx.query<{ symbol: string; timeframe: string; open_time: number }>(INSERT, [...columnsOf(sound), origin.source, sound.map((b) => b.tsSeen)]);
  const fresh = new Set(rows.map((row) => `${row.symbol} ${row.timeframe} ${row.open_time}`));
  const added: SeenBar[] = [];
  const known: SeenBar[] = [];
  for (const bar of sound) (fresh.delete(`${bar.symbol} ${bar.timeframe} ${bar.openTime}`) ? added : known).push(bar);
  if (known.length > 0) await tx.query(NOTE_CONFLICTS, [...columnsOf(known), origin.source]);
  if (added.length > 0) {
    const series = perSeries(added);
    await tx.query(NOTE_STATUS, [series.map((s) => s.symbol), series.map((s) => s.timeframe), series.map((s) => s.openMs), series.map((s) => s.close), series.map((s) => s.bars), series.map((s) => s.seenMs)]);
  }
  for (const bar of added) {
    const key = `${bar.symbol}:${bar.timeframe}:${bar.openTime}`;
    tx.emit({ topic: 'bar.closed', key, correlationId: key, payload: { ...bar, isBackfill: origin.isBackfill } });
  }
  return { stored: added.length, known: known.length, refused: refused.length };
}

/** The newest instant at which a bar of this width is complete, given the market's clock. */
export function lastCompleteOpen(marketNow: number, timeframe: BarWire['timeframe']): number {
  const width = timeframeMs(timeframe);
  return Math.floor(marketNow / width) * width - width;
}

