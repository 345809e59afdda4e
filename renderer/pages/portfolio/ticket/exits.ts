/** Entry, stop and target of a ticket in dollars and R, and the shortcuts that fill them in. Pure; for display, hence in floating point. */
import { fromFloat, roundToTick, toText } from '#app/domain/numeric.ts';
import { eachOf, exact, sharesOf } from './draft.ts';
import type { Draft } from './draft.ts';

/** Levels per share and what they mean for the whole order; null = not given. `r`: reward per dollar at risk. */
export type Exits = { readonly entry: number; readonly stop: number | null; readonly target: number | null; readonly riskUsd: number | null; readonly rewardUsd: number | null; readonly r: number | null };

/** Is the position that the exits belong to a long one? */
function isLong(draft: Draft): boolean {
  return draft.plan === 'protect' ? draft.side === 'sell' : draft.side === 'buy';
}

/** What the exits are measured from: an entry's expected price, or for a protection what the position has cost (`cost`), else the price now. */
export function entryOf(draft: Draft, last: string | null, cost: string | null): number | null {
  const from = draft.plan === 'protect' ? (cost ?? last) : (eachOf(draft, last)?.toFixed() ?? null);
  return from === null ? null : Number(from);
}

/** Risk, reward and R of the ticket's exits; null without a price to measure from. */
export function exitsOf(draft: Draft, last: string | null, cost: string | null): Exits | null {
  const entry = entryOf(draft, last, cost);
  if (entry === null) return null;
  const shares = Number(sharesOf(draft, last) ?? Number.NaN);
  const sign = isLong(draft) ? 1 : -1;
  const level = (text: string): number | null => exact(text)?.toNumber() ?? null;
  const [stop, target] = [level(draft.stopLoss), level(draft.takeProfit)];
  const dollars = (value: number | null): number | null => (value === null || !Number.isFinite(shares) ? null : value * shares);
  const risk = stop === null ? null : (entry - stop) * sign;
  const reward = target === null ? null : (target - entry) * sign;
  return { entry, stop, target, riskUsd: dollars(risk), rewardUsd: dollars(reward), r: risk === null || reward === null || risk <= 0 || reward <= 0 ? null : reward / risk };
}

function tick(value: number): string {
  return value <= 0 ? '' : toText(roundToTick(fromFloat(value, 9)));
}

/** A stop that lies a fraction away from the entry, on its losing side. stopAt(long at 100, 0.02) = '98' */
export function stopAt(draft: Draft, entry: number, fraction: number): string {
  return tick(entry * (1 - (isLong(draft) ? 1 : -1) * fraction));
}

/** A target that lies `r` times the stop's distance on the winning side; '' without a stop. */
export function targetAt(draft: Draft, entry: number, r: number): string {
  const stop = exact(draft.stopLoss)?.toNumber();
  return stop === undefined || stop === entry ? '' : tick(entry + (entry - stop) * r);
}

/** Where levels stand on a line from 0 to 1, with a tenth of room at both ends; all in the middle when they do not differ. */
export function placeOnLine(levels: readonly number[]): (level: number) => number {
  const [low, high] = [Math.min(...levels), Math.max(...levels)];
  const span = high - low;
  return (level) => (span <= 0 ? 0.5 : 0.1 + ((level - low) / span) * 0.8);
}
