/** A tear sheet: everything that a page about a run or an account shows, as plain data. */
import { invariant } from '#app/domain/errors.ts';
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
const HOURS_OF_DAY = 24;
const HALF_DAY_MS = 12 * HOUR_MS;
/** 1 January 1970 was a Thursday. */
const FIRST_WEEKDAY = 4;

/** Rows of the closed trips in order of their exits. */
function closedRows({ length, isOpen, closeStep }: TripColumns): Int32Array {
  const rows = new Int32Array(length);
  let [count, before, isOrdered] = [0, -1, true];
  for (let row = 0; row < length; row += 1) {
    if (isOpen[row] === 1) continue;
    const step = closeStep[row] ?? 0;
    if (step < before) isOrdered = false;
    before = step;
    rows[count] = row;
    count += 1;
  }
  const closed = rows.subarray(0, count);
  return isOrdered ? closed : closed.sort((a, b) => (closeStep[a] ?? 0) - (closeStep[b] ?? 0) || a - b);
}

/** Values of a column at rows. A loop, for `from` with a function takes twenty times as long. */
function pick(column: Float64Array | Int32Array, rows: Int32Array): Float64Array {
  const picked = new Float64Array(rows.length);
  for (let n = 0; n < rows.length; n += 1) picked[n] = column[rows[n] ?? 0] ?? 0;
  return picked;
}

function tripFacts({ trips, time, equity, startEquity }: TearSheetInput, rows: Int32Array): TripFacts {
  const [side, holdingMs, onEquity] = [new Int8Array(rows.length), new Float64Array(rows.length), new Float64Array(rows.length)];
  for (let n = 0; n < rows.length; n += 1) {
    const row = rows[n] ?? 0;
    const opened = trips.openStep[row] ?? 0;
    const before = opened === 0 ? startEquity : (equity[opened - 1] ?? 0);
    side[n] = trips.side[row] ?? 0;
    holdingMs[n] = (time[trips.closeStep[row] ?? 0] ?? 0) - (time[opened] ?? 0);
    onEquity[n] = before > 0 ? (trips.profit[row] ?? 0) / before : 0;
  }
  return { profit: pick(trips.profit, rows), mae: pick(trips.mae, rows), mfe: pick(trips.mfe, rows), risk: pick(trips.risk, rows), cost: pick(trips.cost, rows), side, holdingMs, onEquity };
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
    // From one known value to the next, whatever lies between: a day without one takes nothing from its year.
    const known = Array.from(days, (_day, n) => n).filter((n) => (benchmark[n] ?? Number.NaN) > 0);
    const values = { days: known.slice(1).map((n) => days[n] ?? 0), returns: simpleReturns(known.map((n) => benchmark[n] ?? Number.NaN)) };
    for (const { key, value } of yearlyReturns(values)) theirs.set(key, value);
  }
  const months = new Map(monthlyReturns({ days, returns }).map(({ key, value }) => [key, value]));
  return yearlyReturns({ days, returns }).map(({ key: year, value }): YearOfMonths => (
    { year, months: Array.from({ length: MONTHS }, (_none, month) => months.get(year * MONTHS + month) ?? null), total: value, benchmark: theirs.get(year) ?? null }));
}

/** The extremes stay when there are more trips than a picture holds: those with the largest profits and losses. */
function shownRows({ profit }: TripColumns, rows: Int32Array): Int32Array {
  if (rows.length <= MOST_DOTS) return rows;
  const sizes = pick(profit, rows);
  for (let n = 0; n < sizes.length; n += 1) sizes[n] = Math.abs(sizes[n] ?? 0);
  const least = sizes.slice().sort()[rows.length - MOST_DOTS] ?? 0;
  // Of those that are as large as the smallest shown, the first fill what is left.
  let ties = MOST_DOTS;
  for (const size of sizes) if (size > least) ties -= 1;
  return rows.filter((_row, n) => {
    const size = sizes[n] ?? 0;
    if (size === least) ties -= 1;
    return size > least || (size === least && ties >= 0);
  });
}

function tripDots({ trips, time, symbols }: TearSheetInput, rows: Int32Array): TripDot[] {
  return Array.from(shownRows(trips, rows), (row): TripDot => ({
    symbol: symbols[trips.market[row] ?? 0] ?? '', side: trips.side[row] === -1 ? 'short' : 'long', openedAt: time[trips.openStep[row] ?? 0] ?? 0, closedAt: time[trips.closeStep[row] ?? 0] ?? 0,
    profit: trips.profit[row] ?? 0, mae: trips.mae[row] ?? 0, mfe: trips.mfe[row] ?? 0,
  }));
}

/** Local hours since 1970 in which the trips ended. */
function exitHours({ trips, time, offsetMs }: TearSheetInput, rows: Int32Array): Int32Array {
  const hours = new Int32Array(rows.length);
  // Clocks change twice a year, so an offset that is the same half a day on was the same between.
  let knownFrom = 0;
  let knownUntil = 0;
  let offset = 0;
  for (let n = 0; n < rows.length; n += 1) {
    // The instant before the end of a step is within it: a bar that ends at 10:00 belongs to the hour of nine.
    const before = (time[trips.closeStep[rows[n] ?? 0] ?? 0] ?? 0) - 1;
    if (before < knownFrom || before > knownUntil) {
      offset = offsetMs(epochMs(before));
      knownFrom = before;
      knownUntil = offsetMs(epochMs(before + HALF_DAY_MS)) === offset ? before + HALF_DAY_MS : before;
    }
    hours[n] = Math.floor((before + offset) / HOUR_MS);
  }
  return hours;
}

/** Trips counted by `(hour / width + first) mod slots`; slots without a trip are left out. */
function countBy(hours: Int32Array, profit: Float64Array, { width, first, slots }: { readonly width: number; readonly first: number; readonly slots: number }): TripSlot[] {
  const [trips, wins, profits] = [new Int32Array(slots), new Int32Array(slots), new Float64Array(slots)];
  for (let n = 0; n < hours.length; n += 1) {
    const slot = ((((hours[n] ?? 0) / width) | 0) + first) % slots;
    const its = profit[n] ?? 0;
    trips[slot] = (trips[slot] ?? 0) + 1;
    if (its > 0) wins[slot] = (wins[slot] ?? 0) + 1;
    profits[slot] = (profits[slot] ?? 0) + its;
  }
  return Array.from(trips, (count, slot): TripSlot => ({ slot, trips: count, wins: wins[slot] ?? 0, profit: profits[slot] ?? 0 })).filter((each) => each.trips > 0);
}

/** Values at the ends of days. */
function atEnds(column: Float64Array, { steps }: DayEnds): Float64Array {
  return pick(column, steps);
}

/**
 * Makes the tear sheet: two walks over the steps, the rest over days and round trips. Drawdowns are over every step; ratios over daily returns of local days.
 * @throws AppError INVARIANT_BROKEN when the columns of the curve differ in length, its equity is not all numbers, time does not go forward, or the start is not above 0.
 */
export function tearSheet(input: TearSheetInput): TearSheet {
  const { time, equity, gross, from, startEquity, trips, fills, offsetMs } = input;
  const { length } = time;
  invariant(equity.length === length && gross.length === length && (input.benchmark === null || input.benchmark.length === length), 'The columns of a curve have different lengths', { steps: length, equity: equity.length, gross: gross.length });
  const scan = scanCurve(equity, startEquity);
  const ends = dayEnds(time, offsetMs);
  const daily = new Float64Array(ends.days.length + 1);
  daily[0] = startEquity;
  daily.set(atEnds(equity, ends), 1);
  const benchmark = input.benchmark && atEnds(input.benchmark, ends);
  const returns = simpleReturns(daily);
  const rows = closedRows(trips);
  const [facts, hours] = [tripFacts(input, rows), exitHours(input, rows)];
  const to = time[time.length - 1] ?? from;
  const traded = tradedIn(fills);
  const deepest = scan.deepest.map((fall) => datedFall(fall, time, from));
  const options = { riskFree: input.riskFree ?? 0, periodsPerYear: input.periodsPerYear ?? 252 };
  return {
    from, to, steps: time.length, days: ends.days.length, startEquity, endEquity: equity[equity.length - 1] ?? startEquity,
    figures: measureFigures({
      daily, dates: { days: ends.days, startDay: dayOfEnd(from + 1, offsetMs) }, spanMs: to - from, deepest: deepest[0]?.fall ?? 0, deepestDays: deepest[0]?.days ?? 0, benchmark, trips: facts,
      exposure: exposure(gross, equity), traded: { value: traded.value, meanEquity: scan.meanEquity }, costs: traded.costs, fills: fills.length, trials: input.trials ?? null, ...options,
    }),
    curve: curveLine(input, scan), underwater: { at: scan.fallSteps.map((step) => time[step] ?? 0), fall: scan.falls }, drawdowns: deepest,
    years: returns.length === 0 ? [] : yearTable(ends.days, returns, benchmark), distribution: distribution(returns),
    rolling: rollingLines({ at: atEnds(time, ends), returns, benchmark: benchmark && Float64Array.from(returns, (_value, n) => (n === 0 ? Number.NaN : (benchmark[n] ?? Number.NaN) / (benchmark[n - 1] ?? Number.NaN) - 1)) }, options),
    dots: tripDots(input, rows), weekdays: countBy(hours, facts.profit, { width: HOURS_OF_DAY, first: FIRST_WEEKDAY, slots: DAYS_OF_WEEK }), hours: countBy(hours, facts.profit, { width: 1, first: 0, slots: HOURS_OF_DAY }),
  };
}
