/** Corporate actions as factors: by how much the prices before a split or a dividend are multiplied, so that they compare with those of today. */
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { newYorkDayNumber } from './nyse-zone.ts';

/** Up to and including `day` (days since 1970, New York) prices are multiplied by `price` for dividends and by `split` for splits. */
export type Factor = { readonly day: number; readonly price: number; readonly split: number };

/** A corporate action as it is stored. `exDay`: first day (days since 1970) on which the price is without it; numbers in `terms` are decimal text. */
export type CorporateAction = { readonly exDay: number; readonly kind: string; readonly terms: Readonly<Record<string, unknown>> };

/** What an action alone does to the prices before it. `problem`: why it could not be worked out (then both are 1), in words; null when it could. */
export type ResolvedAction = { readonly action: CorporateAction; readonly split: number; readonly price: number; readonly problem: string | null };

/** Raw close of the last bar before a day, in dollars; null when there is none. */
export type CloseBefore = (exDay: number) => number | null;

/** Prices stay on the grid of a millionth of a dollar, on which sums of prices are exact. */
const TICKS = 1e6;
/** A dividend of this share of the price or more is taken for a mistake in the data: the largest special dividends of large companies were near a third. */
const MAX_DIVIDEND_SHARE = 0.75;
/** Splits beyond this have not happened: the most extreme reverse splits of listed funds and shells are 1:1,000 to 1:5,000. */
const MAX_SPLIT = 10_000;
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(['name_change', 'worthless_removal', 'cash_merger', 'stock_merger', 'stock_and_cash_merger', 'redemption']);

function numberOf(terms: Readonly<Record<string, unknown>>, name: string): number {
  const value = terms[name];
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : typeof value === 'number' ? value : NaN;
}

const solved = (action: CorporateAction, split: number, price: number): ResolvedAction => ({ action, split, price, problem: null });
const unsolved = (action: CorporateAction, problem: string): ResolvedAction => ({ action, split: 1, price: 1, problem });

function splitOf(action: CorporateAction): ResolvedAction {
  const [fresh, old] = [numberOf(action.terms, 'new_rate'), numberOf(action.terms, 'old_rate')];
  if (!(fresh > 0 && old > 0 && Math.max(fresh / old, old / fresh) <= MAX_SPLIT)) return unsolved(action, 'The split is told without usable rates of new and old shares');
  return solved(action, old / fresh, 1);
}

/** The share of a price that leaves it on the ex-day. `split`: of a split on the same day, whose new shares the amount is told for. */
function payoutOf(action: CorporateAction, name: string, { closeBefore, split }: { closeBefore: CloseBefore; split: number }): ResolvedAction {
  const amount = numberOf(action.terms, name);
  if (!(amount >= 0)) return unsolved(action, 'The amount per share is not told');
  if (amount === 0) return solved(action, 1, 1);
  const close = closeBefore(action.exDay);
  if (close === null || !(close > 0)) return unsolved(action, 'There is no close before it to compare the amount with');
  const share = amount / (close * split);
  if (share >= MAX_DIVIDEND_SHARE) return unsolved(action, `${amount} dollars a share would be ${Math.round(share * 100)} % of the price: one of the two is wrong`);
  return solved(action, 1, 1 - share);
}

/** Splits alone: what happens to the number of shares. */
function sharesOf(action: CorporateAction): ResolvedAction | null {
  if (action.kind === 'forward_split' || action.kind === 'reverse_split') return splitOf(action);
  if (action.kind !== 'stock_dividend') return null;
  const rate = numberOf(action.terms, 'rate');
  return rate > 0 && rate <= MAX_SPLIT ? solved(action, 1 / (1 + rate), 1) : unsolved(action, 'The new shares per share held are not told');
}

/** Dividends and spin-offs: what leaves the company. */
function payout(action: CorporateAction, given: { closeBefore: CloseBefore; split: number }): ResolvedAction {
  if (WITHOUT_EFFECT.has(action.kind)) return solved(action, 1, 1);
  if (action.kind === 'cash_dividend') return payoutOf(action, 'rate', given);
  if (action.kind !== 'spin_off') return unsolved(action, `What "${action.kind}" does to prices is not known`);
  const ratio = numberOf(action.terms, 'price_factor');
  if (ratio > 0 && ratio <= 1) return solved(action, 1, ratio);
  if (Number.isFinite(numberOf(action.terms, 'value'))) return payoutOf(action, 'value', given);
  return unsolved(action, 'What the shares that were handed out were worth is not told: prices before it are not freed of it');
}

/**
 * What each action does by itself, oldest first. A cash dividend of D after a close of C: 1 - D / C (CRSP, "Data Descriptions Guide", adjustment for distributions).
 * $0.24 after 119.03: 0.99798370. A split 4:1: 0.25. A stock dividend of 5 %: 1 / 1.05. Actions that could not be worked out are given back with the problem.
 */
export function resolveActions(actions: readonly CorporateAction[], closeBefore: CloseBefore): ResolvedAction[] {
  const inOrder = [...actions].sort((a, b) => a.exDay - b.exDay);
  const splits = new Map<number, number>();
  const shares = inOrder.map((action) => {
    const found = sharesOf(action);
    if (found !== null) splits.set(action.exDay, (splits.get(action.exDay) ?? 1) * found.split);
    return found;
  });
  return inOrder.map((action, n) => shares[n] ?? payout(action, { closeBefore, split: splits.get(action.exDay) ?? 1 }));
}

/** The factors of resolved actions, oldest first, one per day before an ex-day. Without any that changes prices: none. */
export function chainFactors(resolved: readonly ResolvedAction[]): Factor[] {
  const factors: Factor[] = [];
  let [price, split] = [1, 1];
  for (const one of [...resolved].sort((a, b) => b.action.exDay - a.action.exDay)) {
    if (one.price === 1 && one.split === 1) continue;
    // Dividends of one day are few cents each: their product and their sum agree to a millionth.
    price *= one.price;
    split *= one.split;
    const day = one.action.exDay - 1;
    if (factors.at(-1)?.day === day) factors.pop();
    factors.push({ day, price, split });
  }
  return factors.reverse();
}

/**
 * Factors from stored actions. Those that cannot be worked out count for nothing; `resolveActions` tells which they are.
 * Splits 7:1 (ex 2014-06-09) and 4:1 (ex 2020-08-31): up to 2014-06-08 1/28, up to 2020-08-30 1/4.
 */
export function factorsOf(actions: readonly CorporateAction[], closeBefore: CloseBefore): Factor[] {
  return chainFactors(resolveActions(actions, closeBefore));
}

/** The factor that applies on a day; 1 and 1 after the last. */
export function factorOn(factors: readonly Factor[], day: number): { readonly price: number; readonly split: number } {
  return factors.find((factor) => factor.day >= day) ?? { price: 1, split: 1 };
}

/**
 * Prices freed of splits (`split`) or of splits and dividends (`all`), rounded to a millionth of a dollar; volumes in shares of today. Bars after the last factor stay as they are.
 * AAPL on 2014-06-06 closed at 645.57; with the factors 1/7 and 1/4 of its splits since, 23.056071. Factors oldest first.
 */
export function adjustColumns(bars: BarColumns, factors: readonly Factor[], kind: 'split' | 'all'): BarColumns {
  const adjusted = barColumns(bars.time.length, bars.time.buffer instanceof SharedArrayBuffer);
  adjusted.time.set(bars.time);
  let at = 0;
  for (let n = 0; n < bars.time.length; n += 1) {
    const day = newYorkDayNumber(bars.time[n] as EpochMs);
    while (at < factors.length && (factors[at]?.day ?? Infinity) < day) at += 1;
    const { price, split } = factors[at] ?? { price: 1, split: 1 };
    const factor = kind === 'all' ? price * split : split;
    for (const field of ['open', 'high', 'low', 'close'] as const) adjusted[field][n] = Math.round((bars[field][n] as number) * factor * TICKS) / TICKS;
    adjusted.volume[n] = Math.round((bars.volume[n] as number) / split);
  }
  return adjusted;
}
