/** A tear sheet: everything that a page about a run or an account shows, as plain data. */
import { epochMs, HOUR_MS } from '#app/domain/time.ts';
import { monthlyReturns, yearlyReturns } from './calendar-returns.ts';
import { scanCurve, type CurveScan } from './curve-scan.ts';
import { dayEnds, dayOfEnd, type DayEnds } from './daily-closes.ts';
import { distribution } from './distribution.ts';
import { datedFall } from './drawdowns.ts';
import { exposure } from './exposure.ts';
import { measureFigures } from './figures.ts';
import { simpleReturns } from './returns.ts';
import { rollingLines } from './rolling.ts';
import type { CurveLine, FillColumns, TearSheet, TearSheetInput, TripColumns, TripDot, TripSlot, YearOfMonths } from './tear-sheet-types.ts';
import type { TripFacts } from './trip-figures.ts';

const MONTHS = 12;
const MOST_DOTS = 2_000;
const DAYS_OF_WEEK = 7;
/** 1 January 1970 was a Thursday. */
const FIRST_WEEKDAY = 4;

/** Rows of the closed trips in order of their exits. */
function closedRows({ length, isOpen, closeStep }: TripColumns): number[] {
  const rows: number[] = [];
  let isOrdered = true;
  let before = -1;
  for (let row = 0; row < length; row += 1) {
    if (isOpen[row] === 1) continue;
    const step = closeStep[row] ?? 0;
    isOrdered = isOrdered && step >= before;
    before = step;
    rows.push(row);
  }
  return isOrdered ? rows : rows.sort((a, b) => (closeStep[a] ?? 0) - (closeStep[b] ?? 0) || a - b);
}

function tripFacts({ trips, time }: TearSheetInput, rows: readonly number[]): TripFacts {
  const pick = (column: Float64Array): Float64Array => Float64Array.from(rows, (row) => column[row] ?? 0);
  return {
    profit: pick(trips.profit), mae: pick(trips.mae), mfe: pick(trips.mfe), risk: pick(trips.risk), cost: pick(trips.cost), side: Int8Array.from(rows, (row) => trips.side[row] ?? 0),
    holdingMs: Float64Array.from(rows, (row) => (time[trips.closeStep[row] ?? 0] ?? 0) - (time[trips.openStep[row] ?? 0] ?? 0)),
  };
}

function tradedIn({ length, qty, price, cost }: FillColumns): { readonly value: number; readonly costs: number } {
  let [value, costs] = [0, 0];
  for (let n = 0; n < length; n += 1) {
    value += (qty[n] ?? 0) * (price[n] ?? 0);
    costs += cost[n] ?? 0;
  }
  return { value, costs };
}

function curveLine({ time, equity, from, startEquity, benchmark }: TearSheetInput, { line }: CurveScan): CurveLine {
  const first = benchmark?.find((value) => value > 0);
  const theirs = (step: number): number | null => {
    const value = benchmark?.[step];
    return value === undefined || first === undefined || !(value > 0) ? null : (value / first) * startEquity;
  };
  const dollars = [startEquity, ...line.map((step) => equity[step] ?? 0)];
  return {
    at: [from, ...line.map((step) => time[step] ?? 0)], equity: dollars, logEquity: dollars.map((value) => (value > 0 ? Math.log(value / startEquity) : null)),
    benchmark: benchmark === null ? null : [first === undefined ? null : startEquity, ...line.map(theirs)],
  };
}

/** Years with their months; the benchmark's years begin with its second day. */
function yearTable(days: Int32Array, returns: Float64Array, benchmark: Float64Array | null): YearOfMonths[] {
  const theirs = new Map<number, number>();
  if (benchmark !== null) {
    const known = Array.from(days, (_day, n) => n).filter((n) => n > 0 && Number.isFinite((benchmark[n] ?? Number.NaN) / (benchmark[n - 1] ?? Number.NaN)));
    for (const { key, value } of yearlyReturns({ days: known.map((n) => days[n] ?? 0), returns: known.map((n) => (benchmark[n] ?? 0) / (benchmark[n - 1] ?? 0) - 1) })) theirs.set(key, value);
  }
  const months = new Map(monthlyReturns({ days, returns }).map(({ key, value }) => [key, value]));
  return yearlyReturns({ days, returns }).map(({ key: year, value }): YearOfMonths => (
    { year, months: Array.from({ length: MONTHS }, (_none, month) => months.get(year * MONTHS + month) ?? null), total: value, benchmark: theirs.get(year) ?? null }));
}

/** The extremes stay when there are more trips than a picture holds: those with the largest profits and losses. */
function tripDots({ trips, time, symbols }: TearSheetInput, rows: readonly number[]): TripDot[] {
  let shown = rows;
  if (rows.length > MOST_DOTS) {
    const kept = new Set([...rows].sort((a, b) => Math.abs(trips.profit[b] ?? 0) - Math.abs(trips.profit[a] ?? 0) || a - b).slice(0, MOST_DOTS));
    shown = rows.filter((row) => kept.has(row));
  }
  return shown.map((row): TripDot => ({
    symbol: symbols[trips.market[row] ?? 0] ?? '', side: trips.side[row] === -1 ? 'short' : 'long', openedAt: time[trips.openStep[row] ?? 0] ?? 0, closedAt: time[trips.closeStep[row] ?? 0] ?? 0,
    profit: trips.profit[row] ?? 0, mae: trips.mae[row] ?? 0, mfe: trips.mfe[row] ?? 0,
  }));
}

/** Trips grouped by the local weekday or hour of their exit. */
function tripSlots({ trips, time, offsetMs }: TearSheetInput, rows: readonly number[], slotOf: (local: number) => number): TripSlot[] {
  const slots = new Map<number, { trips: number; wins: number; profit: number }>();
  for (const row of rows) {
    // The instant before the end of a step is within it: a bar that ends at 10:00 belongs to the hour of nine.
    const before = (time[trips.closeStep[row] ?? 0] ?? 0) - 1;
    const slot = slotOf(before + offsetMs(epochMs(before)));
    const profit = trips.profit[row] ?? 0;
    const known = slots.get(slot) ?? { trips: 0, wins: 0, profit: 0 };
    slots.set(slot, { trips: known.trips + 1, wins: known.wins + (profit > 0 ? 1 : 0), profit: known.profit + profit });
  }
  return [...slots].sort(([a], [b]) => a - b).map(([slot, sums]) => ({ slot, ...sums }));
}

/** Values at the ends of days. */
function atEnds(column: Float64Array, { steps }: DayEnds): Float64Array {
  return Float64Array.from(steps, (step) => column[step] ?? Number.NaN);
}

/**
 * Makes the tear sheet: two walks over the steps, the rest over days and round trips. Drawdowns are over every step; ratios over daily returns of local days.
 * @throws AppError INVARIANT_BROKEN when columns are not numbers, not in order of time, or the start is not above 0.
 */
export function tearSheet(input: TearSheetInput): TearSheet {
  const { time, equity, gross, from, startEquity, trips, fills, offsetMs } = input;
  const scan = scanCurve(equity, startEquity);
  const ends = dayEnds(time, offsetMs);
  const daily = new Float64Array(ends.days.length + 1);
  daily[0] = startEquity;
  daily.set(atEnds(equity, ends), 1);
  const benchmark = input.benchmark && atEnds(input.benchmark, ends);
  const returns = simpleReturns(daily);
  const rows = closedRows(trips);
  const to = time[time.length - 1] ?? from;
  const traded = tradedIn(fills);
  const deepest = scan.deepest.map((fall) => datedFall(fall, time, from));
  const options = { riskFree: input.riskFree ?? 0, periodsPerYear: input.periodsPerYear ?? 252 };
  const slots = (slotOf: (local: number) => number): TripSlot[] => tripSlots(input, rows, slotOf);
  return {
    from, to, steps: time.length, days: ends.days.length, startEquity, endEquity: equity[equity.length - 1] ?? startEquity,
    figures: measureFigures({
      daily, dates: { days: ends.days, startDay: dayOfEnd(from + 1, offsetMs) }, spanMs: to - from, deepest: deepest[0]?.fall ?? 0, deepestDays: deepest[0]?.days ?? 0, benchmark, trips: tripFacts(input, rows),
      exposure: exposure(gross, equity), traded: { value: traded.value, meanEquity: scan.meanEquity }, costs: traded.costs, fills: fills.length, trials: input.trials ?? null, ...options,
    }),
    curve: curveLine(input, scan), underwater: { at: scan.fallSteps.map((step) => time[step] ?? 0), fall: scan.falls }, drawdowns: deepest,
    years: returns.length === 0 ? [] : yearTable(ends.days, returns, benchmark), distribution: distribution(returns),
    rolling: rollingLines({ at: atEnds(time, ends), returns, benchmark: benchmark && Float64Array.from(returns, (_value, n) => (n === 0 ? Number.NaN : (benchmark[n] ?? Number.NaN) / (benchmark[n - 1] ?? Number.NaN) - 1)) }, options),
    dots: tripDots(input, rows), weekdays: slots((local) => (Math.floor(local / (24 * HOUR_MS)) + FIRST_WEEKDAY) % DAYS_OF_WEEK), hours: slots((local) => Math.floor(local / HOUR_MS) % 24),
  };
}
