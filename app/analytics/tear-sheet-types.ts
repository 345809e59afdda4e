/** What a tear sheet is made of and what it holds: plain data that goes through JSON unharmed. */
import type { EpochMs } from '#app/domain/time.ts';
import type { FigureName } from './catalogue.ts';
import type { Drawdown } from './drawdowns.ts';
import type { TrialsFacts } from './deflated-sharpe.ts';

/** Executions as columns (a back-test's FillTable has them). `step`: index into `time`; `side`: 1 bought, -1 sold; shares; dollars a share; dollars. */
export type FillColumns = { readonly length: number; readonly side: Int8Array; readonly qty: Float64Array; readonly price: Float64Array; readonly cost: Float64Array };

/** Round trips as columns (a back-test's TripTable has them). Dollars; `isOpen` 1 = still open, valued at the last close; `risk` NaN without a stop. */
export type TripColumns = {
  readonly length: number; readonly market: Int32Array; readonly side: Int8Array; readonly isOpen: Int8Array; readonly openStep: Int32Array; readonly closeStep: Int32Array;
  readonly profit: Float64Array; readonly cost: Float64Array; readonly mae: Float64Array; readonly mfe: Float64Array; readonly risk: Float64Array;
};

/** What is measured. Steps are moments of the clock, oldest first: bars of a back-test, points of an account's curve. */
export type TearSheetInput = {
  /** End of each step, epoch ms. */ readonly time: Float64Array;
  /** Dollars at each step. */ readonly equity: Float64Array;
  /** Gross value of what is held at each step, dollars. */ readonly gross: Float64Array;
  /** When the measured time begins (the open of the first bar), epoch ms, and the dollars then. */
  readonly from: number; readonly startEquity: number;
  readonly trips: TripColumns; readonly fills: FillColumns;
  /** Value of the benchmark at each step, any unit above 0; NaN where it is not known. `from` has no value of it: its returns begin with the second day. */
  readonly benchmark: Float64Array | null;
  /** Local time minus UTC at an instant, ms: `newYorkOffsetMs` of the exchange's calendar. Days, months, weekdays and hours are local. */
  readonly offsetMs: (at: EpochMs) => number;
  /** Symbol of each market that the trips name. */ readonly symbols: readonly string[];
  /** Yearly risk-free rate as a fraction, default 0; trading periods a year, default 252. */
  readonly riskFree?: number; readonly periodsPerYear?: number;
  /** The search that this run was the best of, when there was one: makes the deflated Sharpe ratio. */
  readonly trials?: TrialsFacts | null;
};

/** The curve, thinned to at most about 1,200 points: of every stretch its lowest and its highest equity in order of time, so that no extreme is lost. */
export type CurveLine = {
  /** Epoch ms. */ readonly at: readonly number[]; /** Dollars. */ readonly equity: readonly number[];
  /** ln(equity / start), null where the equity is not above 0. */ readonly logEquity: readonly (number | null)[];
  /** The benchmark brought to the same start, dollars; null without one. */ readonly benchmark: readonly (number | null)[] | null;
};

/** Falls from the highest equity before, fractions <= 0: of every stretch the deepest. */
export type UnderwaterLine = { readonly at: readonly number[]; readonly fall: readonly number[] };

/** Returns of the months of a year, January first; null where the curve has none. The first and the last month may be parts. */
export type YearOfMonths = { readonly year: number; readonly months: readonly (number | null)[]; readonly total: number; readonly benchmark: number | null };

/** Daily returns in bins of one width; `expected`: what a normal distribution of the same mean and deviation would have there. */
export type Distribution = { readonly from: number; readonly width: number; readonly counts: readonly number[]; readonly expected: readonly number[]; readonly mean: number; readonly deviation: number };

/** Figures over the last 126 days (half a year), at the end of each day; thinned to at most about 1,000 points. */
export type RollingLines = {
  readonly days: number; /** Epoch ms. */ readonly at: readonly number[]; readonly sharpe: readonly (number | null)[]; readonly sortino: readonly (number | null)[];
  readonly volatility: readonly (number | null)[]; readonly beta: readonly (number | null)[] | null;
};

/** One closed round trip in the scatter of pain against profit. Dollars. */
export type TripDot = { readonly symbol: string; readonly side: 'long' | 'short'; readonly openedAt: number; readonly closedAt: number; readonly profit: number; readonly mae: number; readonly mfe: number };

/** Closed round trips of one weekday (0 = Sunday) or hour (0..23) of their exit, local time. Dollars. */
export type TripSlot = { readonly slot: number; readonly trips: number; readonly wins: number; readonly profit: number };

/** Everything a tear sheet shows. */
export type TearSheet = {
  /** Epoch ms. */ readonly from: number; readonly to: number;
  readonly steps: number; readonly days: number; readonly startEquity: number; readonly endEquity: number;
  /** Every figure of the catalogue; null where it has no meaning or too little to stand on. */
  readonly figures: Readonly<Record<FigureName, number | null>>;
  readonly curve: CurveLine; readonly underwater: UnderwaterLine;
  /** The five deepest falls, deepest first. */ readonly drawdowns: readonly Drawdown[];
  readonly years: readonly YearOfMonths[];
  readonly distribution: Distribution | null; readonly rolling: RollingLines | null;
  /** The trips, at most 2,000: the largest wins and losses first to stay, in order of their exits. */ readonly dots: readonly TripDot[];
  readonly weekdays: readonly TripSlot[]; readonly hours: readonly TripSlot[];
};
