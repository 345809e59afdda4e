/** Writing bars down: refuses what cannot be true, stores the rest once, and says what is new. */
import { barDefect, type BarWire } from '#app/domain/bar.ts';
import { timeframeMs } from '#app/domain/time.ts';
import type { Queryable, Tx } from '#chassis/db.ts';

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

/** Partitions are made as months appear; the set only saves asking again. @returns the first days of the months */
async function ensureMonths(tx: Tx, bars: readonly SeenBar[]): Promise<string[]> {
  const wanted = new Set(bars.map((bar) => new Date(bar.openTime).toISOString().slice(0, 7)));
  for (const month of wanted) {
    if (months.has(month)) continue;
    await tx.query('SELECT data_ingestion.ensure_month($1::date)', [`${month}-01`]);
    tx.afterCommit(() => months.add(month));
  }
  return [...wanted].map((month) => `${month}-01`);
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

/** A bar of a month that lies in a file may stand before another one there: for whoever derives something from the series that is a change. $8: the months of the batch. */
const NOTE_STATUS = `
  INSERT INTO data_ingestion.ingestion_status AS s (symbol, timeframe, last_open_time, last_close, bars_total, gaps_marked, last_seen_at, first_open_time, told_open_time)
  SELECT n.symbol, n.timeframe, to_timestamp(n.open_ms / 1000.0), n.close, n.bars, 0, to_timestamp(n.seen_ms / 1000.0), to_timestamp(n.first_ms / 1000.0), to_timestamp(n.open_ms / 1000.0)
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::numeric[], $5::bigint[], $6::bigint[], $7::bigint[]) AS n(symbol, timeframe, open_ms, close, bars, seen_ms, first_ms)
  ON CONFLICT (symbol, timeframe) DO UPDATE SET
    last_close = CASE WHEN excluded.last_open_time > s.last_open_time THEN excluded.last_close ELSE s.last_close END,
    last_open_time = greatest(s.last_open_time, excluded.last_open_time),
    told_open_time = greatest(s.told_open_time, excluded.told_open_time),
    first_open_time = least(s.first_open_time, excluded.first_open_time),
    bars_total = s.bars_total + excluded.bars_total, revisions = s.revisions + (SELECT least(count(*), 1) FROM data_ingestion.archived_months WHERE state = 'archived' AND month = ANY($8::date[])),
    last_seen_at = greatest(s.last_seen_at, excluded.last_seen_at)`;

type Series = { symbol: string; timeframe: string; openMs: number; close: string; bars: number; seenMs: number; firstMs: number };

/** By name: two batches that meet lock the rows of their series in one order. */
function perSeries(bars: readonly SeenBar[]): Series[] {
  const series = new Map<string, Series>();
  for (const bar of bars) {
    const key = `${bar.symbol} ${bar.timeframe}`;
    const known = series.get(key);
    if (!known) series.set(key, { symbol: bar.symbol, timeframe: bar.timeframe, openMs: bar.openTime, close: bar.close, bars: 1, seenMs: bar.tsSeen, firstMs: bar.openTime });
    else Object.assign(known, { bars: known.bars + 1, seenMs: Math.max(known.seenMs, bar.tsSeen), firstMs: Math.min(known.firstMs, bar.openTime) }, bar.openTime > known.openMs ? { openMs: bar.openTime, close: bar.close } : {});
  }
  return [...series].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

/** What was seen of a bar. `openTime` null: what was told is no time. */
type Sighting = { readonly bar: { readonly symbol: string; readonly timeframe: string; readonly openTime: number | null }; readonly detail: Readonly<Record<string, unknown>> };

/** Writes down what was seen of bars that are not stored: refused ones with the defect, revisions as the broker sent them. */
export async function noteQuality(tx: Queryable, kind: 'bar_refused' | ChangeReason['kind'], seen: readonly Sighting[]): Promise<void> {
  if (seen.length === 0) return;
  await tx.query(
    `INSERT INTO data_ingestion.data_quality_logs (symbol, timeframe, open_time, kind, detail)
     SELECT d.symbol, d.timeframe, to_timestamp(d.open_ms / 1000.0), $5, d.detail::jsonb FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) AS d(symbol, timeframe, open_ms, detail)`,
    [seen.map((s) => s.bar.symbol), seen.map((s) => s.bar.timeframe), seen.map((s) => s.bar.openTime), seen.map((s) => JSON.stringify(s.detail)), kind],
  );
}

/** Those of a batch that can be true, in its order; the others are written down with what is wrong. */
async function soundOf(tx: Queryable, batch: readonly SeenBar[]): Promise<{ readonly sound: readonly SeenBar[]; readonly refused: number }> {
  const sound: SeenBar[] = [];
  const refused: { bar: SeenBar; detail: { defect: string; bar: SeenBar } }[] = [];
  for (const bar of batch) {
    const defect = barDefect(bar);
    if (defect === null) sound.push(bar);
    else refused.push({ bar, detail: { defect, bar } });
  }
  await noteQuality(tx, 'bar_refused', refused);
  return { sound, refused: refused.length };
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
  const { sound, refused } = await soundOf(tx, inOrder(batch));
  if (sound.length === 0) return { stored: 0, known: 0, refused };
  const ofMonths = await ensureMonths(tx, sound);
  const rows = await tx.query<{ symbol: string; timeframe: string; open_time: number }>(INSERT, [...columnsOf(sound), origin.source, sound.map((b) => b.tsSeen)]);
  const fresh = new Set(rows.map((row) => `${row.symbol} ${row.timeframe} ${row.open_time}`));
  const added: SeenBar[] = [];
  const known: SeenBar[] = [];
  for (const bar of sound) (fresh.delete(`${bar.symbol} ${bar.timeframe} ${bar.openTime}`) ? added : known).push(bar);
  if (known.length > 0) await tx.query(NOTE_CONFLICTS, [...columnsOf(known), origin.source]);
  if (added.length > 0) {
    const series = perSeries(added);
    await tx.query(NOTE_STATUS, [series.map((s) => s.symbol), series.map((s) => s.timeframe), series.map((s) => s.openMs), series.map((s) => s.close), series.map((s) => s.bars), series.map((s) => s.seenMs), series.map((s) => s.firstMs), ofMonths]);
  }
  for (const bar of added) {
    const key = `${bar.symbol}:${bar.timeframe}:${bar.openTime}`;
    tx.emit({ topic: 'bar.closed', key, correlationId: key, payload: { ...bar, isBackfill: origin.isBackfill } });
  }
  return { stored: added.length, known: known.length, refused };
}

/** A bar by its name: symbol, width and open time (epoch ms). */
export type BarKey = Pick<BarWire, 'symbol' | 'timeframe' | 'openTime'>;

/** Why a stored bar changes or goes: the kind under which the log keeps what was there, and whatever else is to be told there. */
export type ChangeReason = { readonly kind: 'bar_revised' | 'bar_replaced' | 'bar_quarantined'; readonly detail?: Readonly<Record<string, unknown>> };

/** A bar as the book had it. Decimals as text. */
export type StoredBar = SeenBar & { readonly source: string };

type LockedRow = Omit<StoredBar, 'openTime' | 'tsSeen'> & { open_ms: number; seen_ms: number; is_same: boolean };

/** The stored rows of some keys, locked in one order so that two who change the same bars wait for each other. `is_same`: the told numbers ($5..$9) are the stored ones. */
const LOCK_BARS = `
  SELECT m.symbol, m.timeframe, (extract(epoch FROM m.open_time) * 1000)::bigint AS open_ms, trim_scale(m.open) AS open, trim_scale(m.high) AS high, trim_scale(m.low) AS low, trim_scale(m.close) AS close,
    trim_scale(m.volume) AS volume, m.source, (extract(epoch FROM m.ts_seen) * 1000)::bigint AS seen_ms, (m.open, m.high, m.low, m.close, m.volume) IS NOT DISTINCT FROM (b.open, b.high, b.low, b.close, b.volume) AS is_same
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[]) AS b(symbol, timeframe, open_ms, open, high, low, close, volume)
    JOIN data_ingestion.market_data m ON m.symbol = b.symbol AND m.timeframe = b.timeframe AND m.open_time = to_timestamp(b.open_ms / 1000.0)
  WHERE m.open_time BETWEEN to_timestamp($9::bigint / 1000.0) AND to_timestamp($10::bigint / 1000.0)
  ORDER BY m.symbol, m.timeframe, m.open_time FOR UPDATE OF m`;

const UPDATE_BARS = `
  UPDATE data_ingestion.market_data m SET open = b.open, high = b.high, low = b.low, close = b.close, volume = b.volume, source = $9, ts_seen = to_timestamp(b.seen_ms / 1000.0)
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[], $10::bigint[]) AS b(symbol, timeframe, open_ms, open, high, low, close, volume, seen_ms)
  WHERE m.symbol = b.symbol AND m.timeframe = b.timeframe AND m.open_time = to_timestamp(b.open_ms / 1000.0) AND m.open_time BETWEEN to_timestamp($11::bigint / 1000.0) AND to_timestamp($12::bigint / 1000.0)`;

const DELETE_BARS = `
  DELETE FROM data_ingestion.market_data m USING unnest($1::text[], $2::text[], $3::bigint[]) AS b(symbol, timeframe, open_ms)
  WHERE m.symbol = b.symbol AND m.timeframe = b.timeframe AND m.open_time = to_timestamp(b.open_ms / 1000.0) AND m.open_time BETWEEN to_timestamp($4::bigint / 1000.0) AND to_timestamp($5::bigint / 1000.0)`;

/** Counts the change of each series. A newest bar that changed or went takes its close along: the price of positions and limits is that of the newest bar that can be trusted. */
const NOTE_CHANGE = `
  WITH told AS (SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) AS n(symbol, timeframe, gone)),
    held AS (SELECT s.symbol, s.timeframe FROM data_ingestion.ingestion_status s JOIN told USING (symbol, timeframe) ORDER BY 1, 2 FOR UPDATE OF s)
  UPDATE data_ingestion.ingestion_status s SET revisions = s.revisions + 1, bars_total = greatest(0, s.bars_total - told.gone),
    last_close = coalesce((SELECT m.close FROM data_ingestion.market_data m WHERE m.symbol = s.symbol AND m.timeframe = s.timeframe ORDER BY m.open_time DESC LIMIT 1), s.last_close)
  FROM told JOIN held USING (symbol, timeframe) WHERE s.symbol = told.symbol AND s.timeframe = told.timeframe`;

/** First and last open time of a batch: with them the planner leaves out the months that it cannot touch. */
function spanOf(bars: readonly BarKey[]): [number, number] {
  let [first, last] = [Infinity, -Infinity];
  for (const { openTime } of bars) [first, last] = [Math.min(first, openTime), Math.max(last, openTime)];
  return [first, last];
}

async function lockBars(tx: Queryable, keys: readonly BarKey[], told: readonly SeenBar[] | null): Promise<{ stored: StoredBar; isSame: boolean }[]> {
  const names = [keys.map((key) => key.symbol), keys.map((key) => key.timeframe), keys.map((key) => key.openTime)];
  const unknown = Array.from({ length: 5 }, () => keys.map(() => null));
  const numbers = told === null ? unknown : columnsOf(told).slice(3);
  const rows = await tx.query<LockedRow>(LOCK_BARS, [...names, ...numbers, ...spanOf(keys)]);
  return rows.map(({ open_ms: openTime, seen_ms: tsSeen, is_same: isSame, ...rest }) => ({ stored: { ...rest, openTime, tsSeen }, isSame }));
}

/** The log's row of each bar that was there, and the count of each series: the other half of every change. `gone`: the bars left the book. */
async function noteChanges(tx: Queryable, changes: readonly { before: StoredBar; after: BarWire | null }[], why: ChangeReason): Promise<void> {
  const series = new Map<string, { symbol: string; timeframe: string; gone: number }>();
  for (const { before, after } of changes) {
    const key = `${before.symbol} ${before.timeframe}`;
    const known = series.get(key) ?? { symbol: before.symbol, timeframe: before.timeframe, gone: 0 };
    series.set(key, { ...known, gone: known.gone + (after === null ? 1 : 0) });
  }
  await noteQuality(tx, why.kind, changes.map(({ before, after }) => ({ bar: before, detail: { ...why.detail, before, ...(after === null ? {} : { after }) } })));
  const all = [...series.values()];
  await tx.query(NOTE_CHANGE, [all.map((one) => one.symbol), all.map((one) => one.timeframe), all.map((one) => one.gone)]);
}

/** What became of a batch of changes. `missing`: not in the book (never stored, or put away). */
export type Revised = { readonly revised: number; readonly same: number; readonly refused: number; readonly missing: readonly BarKey[] };

/**
 * Changes stored bars to what is told now, in the caller's transaction: the log keeps what was there, the series counts a revision. Nothing is emitted:
 * what was traded on stays told, and no strategy sees a bar twice. Each key at most once per batch; a bar that cannot be true is refused and logged.
 */
export async function reviseBars(tx: Queryable, bars: readonly SeenBar[], why: ChangeReason & { readonly source: string }): Promise<Revised> {
  const { sound, refused } = await soundOf(tx, bars);
  if (sound.length === 0) return { revised: 0, same: 0, refused, missing: [] };
  const nameOf = (bar: BarKey): string => `${bar.symbol} ${bar.timeframe} ${bar.openTime}`;
  const stored = await lockBars(tx, sound, sound);
  const told = new Map(sound.map((bar) => [nameOf(bar), bar]));
  const found = new Set(stored.map((one) => nameOf(one.stored)));
  const changes = stored.flatMap(({ stored: before, isSame }) => { const after = told.get(nameOf(before)); return isSame || after === undefined ? [] : [{ before, after }]; });
  if (changes.length > 0) {
    const next = changes.map(({ after }) => after);
    await tx.query(UPDATE_BARS, [...columnsOf(next), why.source, next.map((bar) => bar.tsSeen), ...spanOf(next)]);
    await noteChanges(tx, changes, why);
  }
  return { revised: changes.length, same: stored.length - changes.length, refused, missing: sound.filter((bar) => !found.has(nameOf(bar))).map(({ symbol, timeframe, openTime }) => ({ symbol, timeframe, openTime })) };
}

/** Takes bars out of the book in the caller's transaction, as reviseBars changes them. @returns the bars that were there; those of months that were put away are not */
export async function removeBars(tx: Queryable, keys: readonly BarKey[], why: ChangeReason): Promise<StoredBar[]> {
  if (keys.length === 0) return [];
  const removed = (await lockBars(tx, keys, null)).map(({ stored }) => stored);
  if (removed.length === 0) return [];
  await tx.query(DELETE_BARS, [removed.map((bar) => bar.symbol), removed.map((bar) => bar.timeframe), removed.map((bar) => bar.openTime), ...spanOf(removed)]);
  await noteChanges(tx, removed.map((before) => ({ before, after: null })), why);
  return removed;
}

/** The newest instant at which a bar of this width is complete, given the market's clock. */
export function lastCompleteOpen(marketNow: number, timeframe: BarWire['timeframe']): number {
  const width = timeframeMs(timeframe);
  return Math.floor(marketNow / width) * width - width;
}

