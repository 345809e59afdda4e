/** One screen from its definition to its rows: the market, the threads, what the book knows of those that were found. */
import { availableParallelism } from 'node:os';
import { SPARK_BARS, type ScreenDefinition, type ScreenResult, type ScreenRow } from '#app/contracts/screener.ts';
import { AppError } from '#app/domain/errors.ts';
import { DAY_MS, daysFromCivil, parseDate, timeframeMs, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay, fromNewYork, latestSession } from '#app/market/calendar.ts';
import { fromNewYorkDay } from '#app/market/nyse-zone.ts';
import type { Queryable } from '#chassis/db.ts';
import { programsOf } from '../research/screen-part.ts';
import { ScreenPool } from '../research/screen-pool.ts';
import type { Found, ScreenSubject } from '../research/screen-work.ts';
import type { BarSource } from './backtest-bars.ts';
import { laterSplits, ScreenMarkets, type ScreenMarket } from './screen-market.ts';
import { badgesOf } from './screen-badges.ts';

/** Two threads answer a market of a few hundred symbols in a blink; more would take cores from trading. */
const MAX_THREADS = 2;
/** Screens that may wait for their turn; a page that types asks often, and only its last question matters. */
const MAX_WAITING = 8;
const MAX_FAILED = 50;

/** Screens by definition, one at a time. */
export type Screener = AsyncDisposable & {
  /** @throws AppError INPUT_INVALID for a formula that cannot be read; INPUT_TOO_LARGE; RATE_LIMITED when too many wait; SCREEN_OUT_OF_TIME */
  run(definition: ScreenDefinition): Promise<ScreenResult>;
};

/** The end of a past day, exclusive: bars that open before it are looked at. @throws AppError INPUT_INVALID for no date */
export function endOfDay(day: string): EpochMs {
  return fromNewYorkDay(daysFromCivil(parseDate(day)) + 1, 0);
}

/** The bar in the making is left out: a day counts from its close on, an intraday bar from its end. Bars in the book are complete, but for a day that is fetched while it runs. */
function completeBefore(definition: ScreenDefinition, now: EpochMs, marketNow: EpochMs | null): number | null {
  const present = marketNow ?? now;
  if (definition.timeframe !== '1Day') return present - timeframeMs(definition.timeframe) + 1;
  const session = latestSession(present);
  return present >= session.close ? null : fromNewYork(exchangeDay(session.open), 0);
}

function compareFound(subjects: readonly ScreenSubject[], rank: ScreenDefinition['rank']): (a: Found, b: Found) => number {
  const symbolOf = ({ n }: Found): string => subjects[n]?.facts.symbol ?? '';
  const bySymbol = (a: Found, b: Found): number => (symbolOf(a) < symbolOf(b) ? -1 : 1);
  if (rank === null) return bySymbol;
  const sign = rank.direction === 'asc' ? 1 : -1;
  return (a, b) => {
    if (a.rank === null || b.rank === null) return a.rank === b.rank ? bySymbol(a, b) : a.rank === null ? 1 : -1;
    return sign * (a.rank - b.rank) || bySymbol(a, b);
  };
}

/** Numbers of a row as they were seen then: `factor` takes splits back that came later. */
function rowOf({ at, rank, values }: Found, subject: ScreenSubject, factor: number): Omit<ScreenRow, 'badges'> {
  const { facts: { symbol, name, sector, exchange }, bars } = subject;
  const close = (bars.close[at] ?? NaN) / factor;
  const before = (bars.close[at - 1] ?? NaN) / factor;
  const spark = Array.from(bars.close.subarray(Math.max(0, at + 1 - SPARK_BARS), at + 1), (value) => value / factor);
  return {
    symbol, name, sector, exchange, barTime: bars.time[at] ?? 0, close, change: Number.isFinite(before) && before > 0 ? close / before - 1 : null, volume: (bars.volume[at] ?? 0) * factor,
    values: [...values], rank, spark,
  };
}

/** What a screen is answered with, from what was found. */
async function resultOf(book: Queryable, given: { definition: ScreenDefinition; market: ScreenMarket; found: readonly Found[]; splits: ReadonlyMap<number, number> }): Promise<Pick<ScreenResult, 'rows' | 'matched' | 'barTime'>> {
  const { definition, market: { subjects }, found, splits } = given;
  const sorted = found.toSorted(compareFound(subjects, definition.rank));
  const rows = sorted.slice(0, definition.limit).flatMap((one) => {
    const subject = subjects[one.n];
    return subject === undefined ? [] : [rowOf(one, subject, splits.get(one.n) ?? 1)];
  });
  const barTime = rows.reduce<number | null>((newest, row) => Math.max(newest ?? 0, row.barTime), null);
  const badges = await badgesOf(book, rows, definition);
  return { rows: rows.map((row) => ({ ...row, badges: badges.get(row.symbol) ?? [] })), matched: found.length, barTime };
}

/** Builds it. `now`: the wall clock; the market's present is the newest close in the book where that is a simulator's. */
export function createScreener(source: BarSource, parts: { readonly now: () => EpochMs; readonly isSimulated: boolean }): Screener {
  const markets = new ScreenMarkets(source);
  const pool = new ScreenPool(Math.max(1, Math.min(MAX_THREADS, availableParallelism())));
  let turn: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  const marketNow = async (): Promise<EpochMs | null> => {
    if (!parts.isSimulated) return null;
    const [row] = await source.db.query<{ at: number | null }>(`SELECT max(last_open_time) AS at FROM data_ingestion.ingestion_status WHERE timeframe = '1Min'`);
    return row?.at === null || row?.at === undefined ? null : ((row.at + timeframeMs('1Min')) as EpochMs);
  };

  const screen = async (definition: ScreenDefinition): Promise<ScreenResult> => {
    const begin = performance.now();
    const question = {
      filters: definition.filters.filter((filter) => filter.isEnabled).map((filter) => filter.formula), rank: definition.rank?.formula ?? null, columns: definition.columns.map((column) => column.formula),
      before: definition.asOf === null ? completeBefore(definition, parts.now(), await marketNow()) : endOfDay(definition.asOf),
    };
    programsOf(question);
    const market = await markets.load(definition);
    const loadMs = performance.now() - begin;
    const later = definition.asOf === null ? new Map<string, number>() : await laterSplits(source.db, market.subjects.map((subject) => subject.facts.symbol), definition.asOf);
    const splits = new Map(market.subjects.flatMap((subject) => (later.has(subject.facts.symbol) ? [[subject.n, later.get(subject.facts.symbol) ?? 1] as const] : [])));
    const { found, lacking, empty, failed, computeMs } = await pool.run(market, question, splits);
    const { rows, matched, barTime } = await resultOf(source.db, { definition, market, found, splits });
    return {
      rows, matched, barTime, looked: market.subjects.length - empty, lacking, failed: failed.slice(0, MAX_FAILED).map(({ n, reason }) => ({ symbol: market.subjects[n]?.facts.symbol ?? '?', reason })),
      at: parts.now(), tookMs: performance.now() - begin, timings: { loadMs, computeMs }, threads: pool.threads,
    };
  };

  return {
    async run(definition) {
      if (definition.asOf !== null && endOfDay(definition.asOf) > parts.now() + DAY_MS) throw new AppError('INPUT_INVALID', `${definition.asOf} lies in the future: choose a past day, or none for now`);
      if (waiting >= MAX_WAITING) throw new AppError('RATE_LIMITED', 'Several screens are being run; ask again in a moment');
      waiting += 1;
      const mine = turn.then(() => screen(definition), () => screen(definition));
      turn = mine;
      try {
        return await mine;
      } finally {
        waiting -= 1;
      }
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}
