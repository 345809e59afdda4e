/** Two strategies whose truth is known: the best of a thousand random rules on noise, and one simple rule on a market with planted trends. */
import { jitterBars, jitterParameters, summariseVariants } from '#app/analytics/jitter.ts';
import { trialsOf } from '#app/analytics/deflated-sharpe.ts';
import { gatherEvidence, type Evidence } from '#app/analytics/evidence.ts';
import { overfitting } from '#app/analytics/pbo.ts';
import { sharpe } from '#app/analytics/sharpe.ts';
import { tearSheet } from '#app/analytics/tear-sheet.ts';
import type { TearSheet, TearSheetInput } from '#app/analytics/tear-sheet-types.ts';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { randomOf } from '#app/domain/random.ts';
import { DAY_MS } from '#app/domain/time.ts';

/** 3 January 2000 in New York, a Monday. */
const FIRST_DAY = 10_959;
const EST_MS = -5 * 3_600_000;
const CASH = 100_000;
/** Part of the value of each trade. */
const COST = 0.0002;

/** Weekday bars out of daily growth factors (logarithms). */
export function marketOf(logs: readonly number[]): BarColumns {
  const bars = barColumns(logs.length);
  let close = 100;
  logs.forEach((log, n) => {
    const open = close;
    close = Math.round(close * Math.exp(log) * 100) / 100;
    bars.time[n] = (FIRST_DAY + Math.floor(n / 5) * 7 + (n % 5)) * DAY_MS - EST_MS;
    [bars.open[n], bars.close[n], bars.high[n], bars.low[n], bars.volume[n]] = [open, close, Math.max(open, close), Math.min(open, close), 1e6];
  });
  return bars;
}

/** A day's wish, 0 or 1 (all of the equity), decided on closed bars. */
export type Rule = (bars: BarColumns, day: number) => number;

/** Daily returns of a rule: the wish of the day before earns this day's change; each change of the wish costs. */
export function returnsOf(bars: BarColumns, rule: Rule): Float64Array {
  const returns = new Float64Array(bars.close.length);
  let held = 0;
  for (let day = 1; day < returns.length; day += 1) {
    const wish = rule(bars, day - 1);
    returns[day] = wish * ((bars.close[day] ?? 0) / (bars.close[day - 1] ?? 1) - 1) - COST * Math.abs(wish - held);
    held = wish;
  }
  return returns;
}

/** What a tear sheet of the rule is made of, with its round trips and fills. */
export function inputOf(bars: BarColumns, rule: Rule, trials: TearSheetInput['trials'] = null): TearSheetInput {
  const returns = returnsOf(bars, rule);
  const { length } = returns;
  const [time, equity, gross] = [Float64Array.from(bars.time, (open) => open + 16 * 3_600_000), new Float64Array(length), new Float64Array(length)];
  const [trips, fills]: [{ open: number; close: number; profit: number; cost: number; low: number; high: number; isOpen: boolean }[], { side: number; value: number }[]] = [[], []];
  let [own, held] = [CASH, 0];
  for (let day = 0; day < length; day += 1) {
    const wish = day === 0 ? 0 : rule(bars, day - 1);
    const before = own;
    own *= 1 + (returns[day] ?? 0);
    if (wish !== held) fills.push({ side: wish > held ? 1 : -1, value: before });
    if (wish > held) trips.push({ open: day, close: day, profit: 0, cost: 0, low: 0, high: 0, isOpen: true });
    const trip = trips[trips.length - 1];
    if (trip?.isOpen && (wish > 0 || held > 0)) {
      trip.profit += own - before;
      if (wish !== held) trip.cost += before * COST;
      [trip.close, trip.low, trip.high, trip.isOpen] = [day, Math.min(trip.low, trip.profit), Math.max(trip.high, trip.profit), wish > 0];
    }
    [equity[day], gross[day]] = [own, wish * own];
    held = wish;
  }
  const column = (of: (trip: (typeof trips)[number]) => number): Float64Array => Float64Array.from(trips, of);
  return {
    time, equity, gross, from: bars.time[0] ?? 0, startEquity: CASH, benchmark: bars.close, offsetMs: () => EST_MS, symbols: ['TEST'], trials,
    trips: {
      length: trips.length, market: new Int32Array(trips.length), side: new Int8Array(trips.length).fill(1), isOpen: Int8Array.from(trips, ({ isOpen }) => (isOpen ? 1 : 0)), openStep: Int32Array.from(trips, ({ open }) => open), closeStep: Int32Array.from(trips, ({ close }) => close),
      profit: column(({ profit }) => profit), cost: column(({ cost }) => cost), mae: column(({ low }) => low), mfe: column(({ high }) => high), risk: column(() => Number.NaN),
    },
    fills: { length: fills.length, side: Int8Array.from(fills, ({ side }) => side), qty: Float64Array.from(fills, ({ value }) => value), price: new Float64Array(fills.length).fill(1), cost: Float64Array.from(fills, ({ value }) => value * COST) },
  };
}

/** A sample with everything that was found out about it. */
export type VerdictSample = { readonly input: TearSheetInput; readonly sheet: TearSheet; readonly evidence: Evidence };

const TRIALS = 1_000;

/** Chosen on the first part of the time again and again, traded in the next: the chained Sharpe ratio after, and the mean one before. */
function walkForward(trials: readonly Float64Array[], windows: number): Evidence['outOfSample'] {
  const width = Math.floor((trials[0]?.length ?? 0) / (windows + 1));
  const [inside, outside]: [number[], number[]] = [[], []];
  for (let window = 1; window <= windows; window += 1) {
    const marks = trials.map((returns) => sharpe(returns.subarray(0, window * width)) ?? 0);
    const best = marks.indexOf(Math.max(...marks));
    inside.push(marks[best] ?? 0);
    outside.push(...(trials[best]?.subarray(window * width, (window + 1) * width) ?? []));
  }
  return { inside: inside.reduce((sum, value) => sum + value, 0) / windows, outside: sharpe(outside) ?? 0, days: outside.length };
}

/** Long while exactly one of two past moves was up: over `near` days, and over `far` days before the last `gap`. Nobody has a reason for such a rule, which is the point. */
function mixedRule(near: number, far: number, gap: number): Rule {
  const isUp = ({ close }: BarColumns, day: number, lag: number): boolean => day >= lag && (close[day] ?? 0) > (close[day - lag] ?? 0);
  return (bars, day) => (isUp(bars, day, near) === isUp(bars, day - gap, far) ? 0 : 1);
}

/** Part of the Sharpe ratio that is left one step away, on average. */
function plateauAround<S extends Readonly<Record<string, number>>>(best: S, sharpeOf: (setting: S) => number): number {
  const steps = Object.entries(best).flatMap(([name, value]) => [{ ...best, [name]: value + 1 }, ...(value > 1 ? [{ ...best, [name]: value - 1 }] : [])]);
  const kept = steps.map((setting) => Math.max(0, Math.min(1, sharpeOf(setting) / sharpeOf(best))));
  return kept.reduce((sum, value) => sum + value, 0) / kept.length;
}

/** Five years of pure noise, a thousand random rules, the best one shown. */
export function overfittedSample(seed = 8): VerdictSample {
  const random = randomOf(seed, 'noise');
  const bars = marketOf(Array.from({ length: 1_260 }, () => 0.012 * random.normal()));
  const below = (most: number): number => 1 + Math.floor(random.next() * most);
  const settings = Array.from({ length: TRIALS }, () => ({ near: below(20), far: below(40), gap: below(20) }));
  const ruleOf = ({ near, far, gap }: (typeof settings)[number]): Rule => mixedRule(near, far, gap);
  const trials = settings.map((each) => returnsOf(bars, ruleOf(each)));
  const marks = trials.map((returns) => sharpe(returns) ?? 0);
  const best = settings[marks.indexOf(Math.max(...marks))];
  if (!best) throw new Error('A thousand rules have a best one');
  const input = inputOf(bars, ruleOf(best), trialsOf(marks));
  const sheet = tearSheet(input);
  const base = sheet.figures.sharpe ?? 0;
  const sharpeOf = (its: BarColumns, rule: Rule): number => sharpe(returnsOf(its, rule)) ?? 0;
  const beside = jitterParameters([['near', best.near, 20] as const, ['far', best.far, 40] as const, ['gap', best.gap, 20] as const].map(([name, value, max]) => ({ name, value, min: 1, max, step: 1 })), { seed, variants: 20 });
  const evidence = gatherEvidence(input, sheet, seed, {
    lookAhead: 'clean', overfitting: overfitting(trials, 10), outOfSample: walkForward(trials, 4), plateau: plateauAround(best, (each) => sharpe(returnsOf(bars, ruleOf(each))) ?? 0),
    priceJitter: summariseVariants(base, Array.from({ length: 20 }, (_none, variant) => sharpeOf(jitterBars(bars, { seed, variant, basisPoints: 10 }), ruleOf(best)))),
    parameterJitter: summariseVariants(base, beside.map((set) => sharpeOf(bars, mixedRule(set['near'] ?? 1, set['far'] ?? 1, set['gap'] ?? 1)))),
  });
  return { input, sheet, evidence };
}

/** Long above the mean of the last closes. */
function aboveMean(days: number): Rule {
  return ({ close }, day) => {
    if (day < days - 1) return 0;
    let sum = 0;
    for (let back = 0; back < days; back += 1) sum += close[day - back] ?? 0;
    return (close[day] ?? 0) > sum / days ? 1 : 0;
  };
}

/** Twenty years in which trends of about four months follow each other, one rule that was chosen before looking. */
export function honestSample(seed = 5): VerdictSample {
  const random = randomOf(seed, 'trends');
  let direction = 1;
  const bars = marketOf(Array.from({ length: 5_040 }, () => {
    if (random.next() < 1 / 80) direction = -direction;
    return 0.0012 * direction + 0.0003 + 0.009 * random.normal();
  }));
  const input = inputOf(bars, aboveMean(40));
  const sheet = tearSheet(input);
  const base = sheet.figures.sharpe ?? 0;
  const evidence = gatherEvidence(input, sheet, seed, {
    lookAhead: 'clean', priceJitter: summariseVariants(base, Array.from({ length: 20 }, (_none, variant) => sharpe(returnsOf(jitterBars(bars, { seed, variant, basisPoints: 10 }), aboveMean(40))) ?? 0)),
    parameterJitter: summariseVariants(base, jitterParameters([{ name: 'days', value: 40, min: 10, max: 100, step: 5 }], { seed, variants: 8, reach: 4 }).map((set) => sharpe(returnsOf(bars, aboveMean(set['days'] ?? 40))) ?? 0)),
  });
  return { input, sheet, evidence };
}
