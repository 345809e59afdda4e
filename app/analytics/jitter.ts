/** Variants of a run that differ a little: prices with noise, parameters beside the chosen ones. The caller runs them; `summariseVariants` sums up. */
import { barColumns, barCount, type BarColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import { randomOf } from '#app/domain/random.ts';
import { ascending, quantile } from './quantile.ts';

/** Prices below a dollar move in hundredths of a cent, others in cents (Rule 612 of Regulation NMS). */
function toTick(price: number): number {
  const perDollar = price < 1 ? 10_000 : 100;
  return Math.max(1, Math.round(price * perDollar)) / perDollar;
}

/** `basisPoints`: standard deviation of the noise on each price, in hundredths of a percent; `variant` names one of the copies, from 0. */
export type PriceJitter = { readonly seed: number; readonly variant: number; readonly basisPoints: number };

/**
 * A copy of the bars whose opens and closes carry independent log-normal noise, on the tick; highs and lows carry their own and still enclose them. Volume and time stay.
 * A rule that lives on exact prices does not survive this; one that lives on a movement does.
 */
export function jitterBars(bars: BarColumns, { seed, variant, basisPoints }: PriceJitter): BarColumns {
  const length = barCount(bars);
  const random = randomOf(seed, 'prices', variant);
  const copy = barColumns(length);
  copy.time.set(bars.time);
  copy.volume.set(bars.volume);
  const noisy = (price: number): number => toTick(price * Math.exp((basisPoints / 10_000) * random.normal()));
  for (let n = 0; n < length; n += 1) {
    const [open, close] = [noisy(bars.open[n] ?? 0), noisy(bars.close[n] ?? 0)];
    copy.open[n] = open;
    copy.close[n] = close;
    copy.high[n] = Math.max(open, close, noisy(bars.high[n] ?? 0));
    copy.low[n] = Math.min(open, close, noisy(bars.low[n] ?? 0));
  }
  return copy;
}

/** A parameter that may be moved: its value, its least and largest, and the step that counts as beside it. */
export type MovableParameter = { readonly name: string; readonly value: number; readonly min: number; readonly max: number; readonly step: number };

/** What the variants are made of. `reach`: how many steps a value moves at most, 2 by default. */
export type ParameterJitter = { readonly seed: number; readonly variants: number; readonly reach?: number };

/**
 * Sets of values near the chosen ones: each parameter moves by a whole number of steps within its reach and its range, not all of them by none. The same set is given once, so there
 * may be fewer than asked for. Without a parameter there is none.
 */
export function jitterParameters(parameters: readonly MovableParameter[], { seed, variants, reach = 2 }: ParameterJitter): Readonly<Record<string, number>>[] {
  invariant(parameters.every(({ step, min, max }) => step > 0 && min <= max), 'A movable parameter has a step above 0 and a range');
  const random = randomOf(seed, 'parameters');
  const seen = new Set<string>([JSON.stringify(parameters.map(({ value }) => value))]);
  const sets: Readonly<Record<string, number>>[] = [];
  const TRIES_PER_VARIANT = 20;
  for (let tries = 0; parameters.length > 0 && sets.length < variants && tries < variants * TRIES_PER_VARIANT; tries += 1) {
    const values = parameters.map(({ value, min, max, step }) => {
      const moved = value + step * (Math.floor(random.next() * (2 * reach + 1)) - reach);
      return Number(Math.min(max, Math.max(min, moved)).toFixed(9));
    });
    const key = JSON.stringify(values);
    if (seen.has(key)) continue;
    seen.add(key);
    sets.push(Object.fromEntries(parameters.map(({ name }, n) => [name, values[n] ?? 0])));
  }
  return sets;
}

/** What variants came to against the run they vary: one number each (a Sharpe ratio or a return). `kept`: median of the variants / the run itself, null where that is not above 0. */
export type VariantSummary = { readonly variants: number; readonly base: number; readonly median: number; readonly p05: number; readonly worst: number; readonly shareAboveZero: number; readonly kept: number | null };

/** Sums variants up; null without one. A run of 2 with variants 1, 2, -1: median 1, two thirds above 0, half kept. */
export function summariseVariants(base: number, variants: ArrayLike<number>): VariantSummary | null {
  const sorted = ascending(variants);
  const [median, p05, worst] = [quantile(sorted, 0.5), quantile(sorted, 0.05), sorted[0]];
  if (median === null || p05 === null || worst === undefined) return null;
  return { variants: sorted.length, base, median, p05, worst, shareAboveZero: sorted.filter((value) => value > 0).length / sorted.length, kept: base > 0 ? median / base : null };
}
