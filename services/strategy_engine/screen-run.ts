/** One screen from its definition to its rows: the market, the threads, what the book knows of those that were found. */
import { availableParallelism } from 'node:os';
import { SPARK_BARS, type ScreenDefinition, type ScreenResult, type ScreenRow } from '#app/contracts/screener.ts';
import { AppError } from '#app/domain/errors.ts';
import { daysFromCivil, MINUTE_MS, parseDate, timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { endOfDay, exchangeDay, fromNewYork, latestSession, nextOpen } from '#app/market/calendar.ts';
import type { Queryable } from '#chassis/db.ts';
import { compareFound, programsOf, seenPrice } from '../research/screen-part.ts';
import { ScreenPool } from '../research/screen-pool.ts';
import type { Found, PartFound, ScreenSubject } from '../research/screen-work.ts';
import type { BarSource } from './backtest-bars.ts';
import { laterSplits, ScreenMarkets, type ScreenMarket } from './screen-market.ts';
import { badgesOf } from './screen-badges.ts';

/** Two threads answer a market of a few hundred symbols in a blink; more would take cores from trading. */
const MAX_THREADS = 2;
/** Screens that may wait for their turn; a page that types asks often, and only its last question matters. */
const MAX_WAITING = 8;
const MAX_FAILED = 50;
/** How long a market is held after the last screen: a page that is worked on asks every few seconds, a schedule every hour. */
const REST_MS = 10 * MINUTE_MS;

/** Screens by definition, one at a time. */
export type Screener = AsyncDisposable & {
  /** @throws AppError INPUT_INVALID for a formula that cannot be read; INPUT_TOO_LARGE; RATE_LIMITED when too many wait; SCREEN_OUT_OF_TIME */
  run(definition: ScreenDefinition): Promise<ScreenResult>;
  /** The wall clock, and the present of a simulated market (null: there is none, or it has not begun). */
  present(): Promise<{ readonly now: EpochMs; readonly marketNow: EpochMs | null }>;
};

/**
 * Bars that open before this instant are complete at `present`: an intraday bar from its end on, a day from the close of its session on. There is always such an instant: bars may be in the
 * book that are still in the making (a day that is fetched while it runs), or that a replay has not come to.
 */
export function completeBefore(timeframe: Timeframe, present: EpochMs): EpochMs {
  if (timeframe !== '1Day') return (present - timeframeMs(timeframe) + 1) as EpochMs;
  const session = latestSession(present);
  return present >= session.close ? endOfDay(session.date) : fromNewYork(session.date, 0);
}

/** What may be looked at: complete bars, of a past day those that open before its end. @throws AppError INPUT_INVALID for a day that has not come */
export function lookBefore({ timeframe, asOf }: Pick<ScreenDefinition, 'timeframe' | 'asOf'>, now: EpochMs, marketNow: EpochMs | null): EpochMs {
  const present = marketNow ?? now;
  const complete = completeBefore(timeframe, present);
  if (asOf === null) return complete;
  const isAhead = marketNow === null ? asOf > exchangeDay(now) : asOf > exchangeDay(marketNow) && nextOpen(marketNow) < endOfDay(asOf);
  if (isAhead) throw new AppError('INPUT_INVALID', `${asOf} lies in the future${marketNow === null ? '' : ` of this market, which has come to ${exchangeDay(marketNow)}`}: choose a past day, or none for now`);
  return Math.min(complete, endOfDay(asOf)) as EpochMs;
}

/** Numbers of a row as they were seen then: `factor` takes splits back that came later. */
function rowOf({ at, rank, values }: Found, subject: ScreenSubject, factor: number): Omit<ScreenRow, 'badges'> {
  const { facts: { symbol, name, sector, exchange }, bars } = subject;
  const close = seenPrice(bars.close[at] ?? NaN, factor);
  const before = seenPrice(bars.close[at - 1] ?? NaN, factor);
  const spark = Array.from(bars.close.subarray(Math.max(0, at + 1 - SPARK_BARS), at + 1), (value) => seenPrice(value, factor));
  return {
    symbol, name, sector, exchange, barTime: bars.time[at] ?? 0, close, change: Number.isFinite(before) && before > 0 ? close / before - 1 : null, volume: (bars.volume[at] ?? 0) * factor,
    values: [...values], rank, spark,
  };
}

type Answered = { readonly definition: ScreenDefinition; readonly market: ScreenMarket; readonly part: PartFound; readonly splits: ReadonlyMap<number, number> };

/** Rows of what was found. */
async function rowsOf(book: Queryable, { definition, market: { subjects }, part: { found, newest }, splits }: Answered): Promise<ScreenRow[]> {
  const rows = found.toSorted(compareFound(definition.rank?.direction ?? null)).slice(0, definition.limit).flatMap((one) => {
    const subject = subjects[one.n];
    return subject === undefined ? [] : [rowOf(one, subject, splits.get(one.n) ?? 1)];
  });
  const badges = await badgesOf(book, rows, { ...definition, newest: newest ?? 0 });
  return rows.map((row) => ({ ...row, badges: badges.get(row.symbol) ?? [] }));
}

/** The newest minute's end in the book: the present of a market that a simulator makes. Null before the first. */
export async function newestMinute(book: Queryable): Promise<EpochMs | null> {
  const [row] = await book.query<{ at: number | null }>(`SELECT max(last_open_time) AS at FROM data_ingestion.ingestion_status WHERE timeframe = '1Min'`);
  return row?.at === null || row?.at === undefined ? null : ((row.at + timeframeMs('1Min')) as EpochMs);
}

/** `now`: the wall clock; the market's present is the newest minute in the book where that is a simulator's. `complain`: hears of bars that are not as they should be. */
export type ScreenerParts = { readonly now: () => EpochMs; readonly isSimulated: boolean; readonly complain?: (complaints: readonly string[]) => void };

/** Builds it. */
export function createScreener(source: BarSource, parts: ScreenerParts): Screener {
  const pool = new ScreenPool({ threads: Math.max(1, Math.min(MAX_THREADS, availableParallelism())) });
  const markets = new ScreenMarkets(source, () => pool.forget());
  let turn: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let rest: NodeJS.Timeout | undefined;

  const present = async (): Promise<{ now: EpochMs; marketNow: EpochMs | null }> => ({ now: parts.now(), marketNow: parts.isSimulated ? await newestMinute(source.db) : null });

  const screen = async (definition: ScreenDefinition): Promise<ScreenResult> => {
    const begin = performance.now();
    const { now, marketNow } = await present();
    const question = {
      filters: definition.filters.filter((filter) => filter.isEnabled).map((filter) => filter.formula), rank: definition.rank, columns: definition.columns.map((column) => column.formula),
      before: lookBefore(definition, now, marketNow), most: definition.limit,
    };
    const { bars: needed } = programsOf(question);
    const market = await markets.load({ ...definition, needed, past: definition.asOf === null ? null : question.before });
    if (market.complaints.length > 0) parts.complain?.(market.complaints);
    const loadMs = performance.now() - begin;
    const splits = definition.asOf === null ? new Map<number, number>() : laterSplits(market, daysFromCivil(parseDate(definition.asOf)));
    const part = await pool.run(market, question, splits);
    const rows = await rowsOf(source.db, { definition, market, part, splits });
    return {
      rows, matched: part.matched, barTime: part.newest, looked: market.subjects.length - part.empty, lacking: part.lacking,
      failed: [...market.failed, ...part.failed].slice(0, MAX_FAILED).map(({ n, reason }) => ({ symbol: market.subjects[n]?.facts.symbol ?? '?', reason })),
      at: parts.now(), tookMs: performance.now() - begin, timings: { loadMs, computeMs: part.computeMs }, threads: pool.threads,
    };
  };

  /** Nobody screens for a while: the market's memory goes to others. */
  const restLater = (): void => {
    clearTimeout(rest);
    rest = setTimeout(() => {
      turn = turn.then(() => markets.clear(), () => markets.clear());
    }, REST_MS);
    rest.unref();
  };

  return {
    present,
    async run(definition) {
      if (waiting >= MAX_WAITING) throw new AppError('RATE_LIMITED', 'Several screens are being run; ask again in a moment');
      waiting += 1;
      const mine = turn.then(() => screen(definition), () => screen(definition));
      turn = mine;
      try {
        return await mine;
      } finally {
        waiting -= 1;
        restLater();
      }
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(rest);
      await pool[Symbol.asyncDispose]();
    },
  };
}
