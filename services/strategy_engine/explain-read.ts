/** What the book knows of one strategy and one bar: read only. */
import * as z from 'zod';
import { DAY_MS, timeframeSchema, type Timeframe } from '#app/domain/time.ts';
import type { Wish } from '#app/strategy/context.ts';
import type { AccountThen, ShareFill } from '#app/strategy/explain.ts';
import { at, type Queryable } from '#chassis/db.ts';
import { isMonthWithin } from '../research/archived-bars.ts';
import { closeOf, isSeenByStrategies } from './apply-bars.ts';
import { barsIn, monthsAway, type BarShelf, type SourcedBar } from './explain-bars.ts';

/** Bars of a stretch that are looked through for the one to explain. */
const SPAN_BARS = 500;
/** Bars between the one asked about and the newest seen, beyond which nobody counts. */
const COUNT_MAX = 20_000;
const FILLS_MAX = 5_000;
const SIGNALS_MAX = 5_000;
const EVERY_WATCHED_SYMBOL = '*';
/** Told by the feed, in answers or in the stream: strategies are shown these. What came in bulk (imports, back-fills) they are not. */
export const TOLD_SOURCES: ReadonlySet<string> = new Set(['stream', 'rest']);

const strategyRow = z.object({ strategy_id: z.string(), name: z.string(), kind: z.string(), symbols: z.array(z.string()), timeframe: timeframeSchema, is_enabled: z.boolean(), current_version_id: z.string() });
const versionRow = z.object({ id: z.string(), kind: z.string(), parameters: z.unknown(), code_hash: z.string(), created_at: z.number(), project_id: z.string().nullable(), project_version: z.number().nullable(), facts: z.unknown() });

/** A version as the book has it. `createdAt`: our clock, epoch ms; `authored`: the project's version that it is of, with what it said of itself; null for the house's. */
export type StoredVersion = { readonly id: string; readonly kind: string; readonly parameters: unknown; readonly codeHash: string; readonly createdAt: number; readonly authored: { readonly projectId: string; readonly version: number; readonly facts: unknown } | null };
/** A strategy with all of its versions, oldest first. */
export type StoredStrategy = {
  readonly strategyId: string; readonly name: string; readonly kind: string; readonly symbols: readonly string[]; readonly timeframe: Timeframe; readonly isEnabled: boolean; readonly currentVersionId: string; readonly versions: readonly StoredVersion[];
};

/** Reads a strategy, null when there is none of that name. */
export async function readStrategy(book: Queryable, strategyId: string): Promise<StoredStrategy | null> {
  const [raw] = await book.query('SELECT strategy_id, name, kind, symbols, timeframe, is_enabled, current_version_id FROM strategy_engine.strategies WHERE strategy_id = $1', [strategyId]);
  if (raw === undefined) return null;
  const row = strategyRow.parse(raw);
  const versions = await book.query(`SELECT strategy_version_id AS id, kind, parameters, code_hash, created_at, project_id, project_version, facts FROM strategy_engine.strategy_versions WHERE strategy_id = $1 ORDER BY version`, [strategyId]);
  return {
    strategyId, name: row.name, kind: row.kind, symbols: row.symbols, timeframe: row.timeframe, isEnabled: row.is_enabled, currentVersionId: row.current_version_id,
    versions: versions.map((version) => versionRow.parse(version)).map(({ id, kind, parameters, code_hash: codeHash, created_at: createdAt, project_id: projectId, project_version: version, facts }) => ({ id, kind, parameters, codeHash, createdAt, authored: projectId === null || version === null ? null : { projectId, version, facts } })),
  };
}

/** Whether a strategy trades a symbol now. */
export async function isWatching(book: Queryable, { symbols }: Pick<StoredStrategy, 'symbols'>, symbol: string): Promise<boolean> {
  if (!symbols.includes(EVERY_WATCHED_SYMBOL)) return symbols.includes(symbol);
  const [row] = await book.query<{ is_watched: boolean }>('SELECT is_watched FROM data_ingestion.symbols WHERE symbol = $1', [symbol]);
  return row?.is_watched === true;
}

/** Whether the switch was on at an instant of our clock: by the audit trail, which every move of it is written into. */
export async function wasEnabled(book: Queryable, { strategyId, isEnabled }: Pick<StoredStrategy, 'strategyId' | 'isEnabled'>, when: number): Promise<boolean> {
  const moves = `FROM logging.audit_log WHERE subject = $1 AND action = 'strategy.set_enabled'`;
  const [last] = await book.query<{ is_enabled: boolean }>(`SELECT (after->>'isEnabled')::boolean AS is_enabled ${moves} AND at <= $2 ORDER BY at DESC, id DESC LIMIT 1`, [strategyId, at(when)]);
  if (last !== undefined) return last.is_enabled;
  const [next] = await book.query<{ is_enabled: boolean }>(`SELECT (before->>'isEnabled')::boolean AS is_enabled ${moves} AND at > $2 ORDER BY at, id LIMIT 1`, [strategyId, at(when)]);
  return next?.is_enabled ?? isEnabled;
}

/** A stored bar with where it came from. `isAway`: it lies in a file of the archive, which does not tell when it was seen: `tsSeen` is its close. */
export type FoundBar = { readonly openTime: number; readonly open: number; readonly high: number; readonly low: number; readonly close: number; readonly volume: number; readonly source: string; readonly tsSeen: number; readonly isAway: boolean };
/** The bar to explain within a stretch, and how many there are. `missing`: why months of it cannot be read, in words. */
export type Found = { readonly bar: FoundBar | null; readonly barsInSpan: number; readonly isRegular: boolean; readonly nearest: { readonly before: number | null; readonly after: number | null }; readonly missing: string | null };

/** A series and a stretch of time, epoch ms: bars that open in [from, until). */
export type SpanAsk = { readonly strategyId: string; readonly symbol: string; readonly timeframe: Timeframe; readonly from: number; readonly until: number };

/** How far beside a stretch within the archive the nearest bars are looked for: a long weekend. */
const BESIDE_MS = 5 * DAY_MS;
const BAR = `open_time AS "openTime", open::float8 AS open, high::float8 AS high, low::float8 AS low, close::float8 AS close, volume::float8 AS volume, source, ts_seen AS "tsSeen", false AS "isAway"`;
const SERIES = 'FROM data_ingestion.market_data WHERE symbol = $1 AND timeframe = $2';

/** The newest bar of the stretch at which a signal was raised, else its newest one of regular trading; of wider bars than the stretch, the one that it lies in. */
export async function findBar(shelf: BarShelf, ask: SpanAsk): Promise<Found> {
  const away = (await monthsAway(shelf.book, ask.timeframe)).some(({ month }) => isMonthWithin(month, ask.from - BESIDE_MS, ask.until));
  return away ? findAway(shelf, ask) : findInBook(shelf.book, ask);
}

const SIGNAL_IN_SPAN = 'SELECT bar_open_time AS t FROM strategy_engine.strategy_signals WHERE symbol = $1 AND strategy_id = $2 AND timeframe = $3 AND bar_open_time >= $4 AND bar_open_time < $5 ORDER BY bar_open_time DESC LIMIT 1';

/** The same where months of the stretch, or beside it, lie in files. */
async function findAway(shelf: BarShelf, { strategyId, symbol, timeframe, from, until }: SpanAsk): Promise<Found> {
  const [signal] = await shelf.book.query<{ t: number }>(SIGNAL_IN_SPAN, [symbol, strategyId, timeframe, at(from), at(until)]);
  const { bars, missing } = await barsIn(shelf, { symbol, timeframe }, [from - BESIDE_MS, until + BESIDE_MS]);
  const inSpan = bars.filter(({ time }) => time >= from && time < until);
  const isSeen = ({ time }: SourcedBar): boolean => isSeenByStrategies({ openTime: time, timeframe });
  const covering = bars.findLast(({ time }) => time < from);
  const chosen = inSpan.find(({ time }) => time === signal?.t) ?? inSpan.findLast(isSeen) ?? inSpan.at(-1) ?? (covering !== undefined && closeOf(covering.time, timeframe) > from ? covering : undefined);
  if (chosen === undefined) {
    const known = await nearestBars(shelf.book, { symbol, timeframe, from, until });
    return { bar: null, barsInSpan: 0, isRegular: false, missing, nearest: { before: covering?.time ?? known.before, after: bars.find(({ time }) => time >= until)?.time ?? known.after } };
  }
  const { time: openTime, tsSeen, ...rest } = chosen;
  return { bar: { ...rest, openTime, tsSeen: tsSeen ?? closeOf(openTime, timeframe), isAway: tsSeen === null }, barsInSpan: Math.max(1, inSpan.length), isRegular: isSeen(chosen), missing, nearest: { before: null, after: null } };
}

async function findInBook(book: Queryable, { strategyId, symbol, timeframe, from, until }: SpanAsk): Promise<Found> {
  const [[total], times, [signal]] = await Promise.all([
    book.query<{ n: number }>(`SELECT count(*)::int AS n ${SERIES} AND open_time >= $3 AND open_time < $4`, [symbol, timeframe, at(from), at(until)]),
    book.query<{ t: number }>(`SELECT open_time AS t ${SERIES} AND open_time >= $3 AND open_time < $4 ORDER BY open_time DESC LIMIT $5`, [symbol, timeframe, at(from), at(until), SPAN_BARS]),
    book.query<{ t: number }>(SIGNAL_IN_SPAN, [symbol, strategyId, timeframe, at(from), at(until)]),
  ]);
  const isSeen = (openTime: number): boolean => isSeenByStrategies({ openTime, timeframe });
  let chosen = signal?.t ?? times.find(({ t }) => isSeen(t))?.t ?? times[0]?.t ?? null;
  if (chosen === null) {
    const [around] = await book.query<{ t: number }>(`SELECT open_time AS t ${SERIES} AND open_time < $3 ORDER BY open_time DESC LIMIT 1`, [symbol, timeframe, at(from)]);
    if (around !== undefined && closeOf(around.t, timeframe) > from) chosen = around.t;
  }
  if (chosen === null) return { bar: null, barsInSpan: 0, isRegular: false, missing: null, nearest: await nearestBars(book, { symbol, timeframe, from, until }) };
  const [bar] = await book.query<FoundBar>(`SELECT ${BAR} ${SERIES} AND open_time = $3`, [symbol, timeframe, at(chosen)]);
  return { bar: bar ?? null, barsInSpan: Math.max(1, total?.n ?? 0), isRegular: isSeen(chosen), missing: null, nearest: { before: null, after: null } };
}

async function nearestBars(book: Queryable, { symbol, timeframe, from, until }: Omit<SpanAsk, 'strategyId'>): Promise<Found['nearest']> {
  const [row] = await book.query<{ before: number | null; after: number | null }>(`SELECT (SELECT max(open_time) ${SERIES} AND open_time < $3) AS before, (SELECT min(open_time) ${SERIES} AND open_time >= $4) AS after`, [symbol, timeframe, at(from), at(until)]);
  return row ?? { before: null, after: null };
}

/** How a bar was told to strategies: when, by our clock, and whether as history; null when nobody told it, or that is not kept any more. */
export async function howTold(book: Queryable, { symbol, timeframe }: Pick<SpanAsk, 'symbol' | 'timeframe'>, openTime: number): Promise<{ readonly when: number; readonly isBackfill: boolean } | null> {
  const [row] = await book.query<{ when: number; is_backfill: boolean }>(`SELECT written_at AS "when", (payload->>'isBackfill')::boolean AS is_backfill FROM data_ingestion.outbox WHERE topic = 'bar.closed' AND key = $1`, [`${symbol}:${timeframe}:${openTime}`]);
  return row === undefined ? null : { when: row.when, isBackfill: row.is_backfill };
}

/**
 * Bars that a version had been shown up to one of them, this one included: those it has seen in all, less the regular ones since. 0 or less: it has not been shown this one. Null when it is not
 * known: a portfolio, whose cell counts every symbol's bars, or too long ago, or where months since lie in files. Bars that nobody told it, such as imports into a gap, are not counted.
 */
export async function seenUpToBar(book: Queryable, versionId: string, { symbol, timeframe }: Pick<SpanAsk, 'symbol' | 'timeframe'>, openTime: number): Promise<{ readonly seen: number | null; readonly isUnseen: boolean }> {
  const rows = await book.query<{ symbol: string; last: number; version: number }>(`SELECT symbol, last_open_time AS last, version FROM strategy_engine.strategy_state WHERE strategy_version_id = $1 AND symbol IN ($2, '*')`, [versionId, symbol]);
  const [cell] = rows;
  if (cell === undefined || cell.last < openTime) return { seen: null, isUnseen: true };
  if (cell.symbol === EVERY_WATCHED_SYMBOL) return { seen: null, isUnseen: false };
  const since = await book.query<{ t: number }>(`SELECT open_time AS t ${SERIES} AND open_time > $3 AND open_time <= $4 AND source = ANY($6::text[]) LIMIT $5`, [symbol, timeframe, at(openTime), at(cell.last), COUNT_MAX, [...TOLD_SOURCES]]);
  const away = (await monthsAway(book, timeframe)).some(({ month }) => isMonthWithin(month, openTime, cell.last + 1));
  if (away || since.length === COUNT_MAX) return { seen: null, isUnseen: false };
  return { seen: cell.version - since.filter(({ t }) => isSeenByStrategies({ openTime: t, timeframe })).length, isUnseen: false };
}

/** A signal of the strategy's past, as far as it says what was wished. */
export type PastSignal = { readonly symbol: string; readonly openTime: number; readonly target: Wish['side']; readonly weight: number | null; readonly isOrder: boolean; readonly isCancel: boolean };

const PAST = `symbol, bar_open_time AS "openTime", target, weight::float8 AS weight, own_order IS NOT NULL AS "isOrder", cancels IS NOT NULL AS "isCancel"`;

/** The signals of a strategy on bars in [from, to], oldest first (the newest of them where there are too many), and what it wished of each symbol before. */
export async function pastSignals(book: Queryable, strategyId: string, { symbols, from, to }: { readonly symbols: readonly string[]; readonly from: number; readonly to: number }): Promise<{ signals: PastSignal[]; wishes: Map<string, Wish> }> {
  // One after the other: the connections are the engine's own.
  const signals = await book.query<PastSignal>(`SELECT ${PAST} FROM strategy_engine.strategy_signals WHERE strategy_id = $1 AND symbol = ANY($2::text[]) AND bar_open_time >= $3 AND bar_open_time <= $4 ORDER BY bar_open_time DESC, signal_id COLLATE "C" DESC LIMIT $5`, [strategyId, symbols, at(from), at(to), SIGNALS_MAX]);
  const before = await book.query<PastSignal>(`SELECT DISTINCT ON (symbol) ${PAST} FROM strategy_engine.strategy_signals WHERE strategy_id = $1 AND symbol = ANY($2::text[]) AND bar_open_time < $3 AND own_order IS NULL AND cancels IS NULL ORDER BY symbol, bar_open_time DESC, signal_id DESC`, [strategyId, symbols, at(from)]);
  return { signals: signals.reverse(), wishes: new Map(before.map(({ symbol, target, weight }) => [symbol, { side: target, weight }])) };
}

/** The strategy's fills up to an instant of the market, oldest first: the newest of them where there are too many. */
export async function fillsUpTo(book: Queryable, strategyId: string, symbols: readonly string[], when: number): Promise<ShareFill[]> {
  const rows = await book.query<ShareFill>(
    `SELECT symbol, ts_event AS at, (CASE side WHEN 'buy' THEN qty ELSE -qty END)::float8 AS qty, price::float8 AS price FROM execution.trades WHERE strategy_id = $1 AND symbol = ANY($2::text[]) AND ts_event <= $3 ORDER BY ledger_seq DESC LIMIT $4`,
    [strategyId, symbols, at(when), FILLS_MAX],
  );
  return rows.reverse();
}

/** The account at an instant of the market, dollars; null before the first point of its curve. */
export async function accountAt(book: Queryable, when: number): Promise<AccountThen | null> {
  const [row] = await book.query<AccountThen>('SELECT equity::float8 AS equity, cash::float8 AS cash FROM analytics.equity_curve WHERE ts_market <= $1 ORDER BY ts_market DESC LIMIT 1', [at(when)]);
  return row ?? null;
}
