/** What is still owed: exits that did not complete, and the second step of targets of which only the first could be taken. Nothing is on its way or in the way. */
import type { Quantity } from '#app/domain/numeric.ts';
import { MINUTE_MS, SECOND_MS } from '#app/domain/time.ts';
import { ordersAcross, shareOf, type RiskBook } from './book.ts';
import { ordersOfShare } from './target.ts';

const DELAYS_MS: readonly number[] = [0, 30 * SECOND_MS, 2 * MINUTE_MS];
/** Attempts after the first exit; then a person is told. */
export const MAX_FOLLOW_UPS = DELAYS_MS.length;

/** Market time between the last attempt and the next: an exit that was refused outright is not tried again at once. `followUps`: attempts after the first. */
export function waitMs(followUps: number): number {
  return DELAYS_MS[followUps] ?? 0;
}

/**
 * What a share owes. `desired`: signed shares, 0 = to be flat. `strategyId` null = the manual share; `originId` names the signal or flatten; `followUps` counts attempts after
 * the first.
 */
export type OwedTarget = { readonly strategyId: string | null; readonly symbol: string; readonly originId: string; readonly followUps: number; readonly desired: Quantity };

/** What to do about the targets: steps to take now, and those that used up their attempts. Both in the order given. */
export type FollowUps<T extends OwedTarget> = { readonly due: readonly T[]; readonly exhausted: readonly T[] };

/** How long after the last thing that happened to it an entry may still follow, market time: a target that is older is missed, and only what is too much is closed. */
export const OWED_ENTRY_MS = 15 * MINUTE_MS;

/** Whether a share may be closed now: there is something free, and no order of its own or across is open. */
function mayClose(book: RiskBook, { strategyId, symbol }: OwedTarget): boolean {
  const share = shareOf(book, strategyId, symbol);
  if (share.closingSide === null || share.free.lte(0) || share.exiting.gt(0) || share.entering.gt(0)) return false;
  return ordersAcross(book, { symbol, side: share.closingSide, type: 'market', orderClass: 'simple', limitPrice: null }).length === 0;
}

/** Whether the next step towards the desired shares may be taken now: it is not reached, no order of the share is open, and none lies across. */
function mayStep(book: RiskBook, { strategyId, symbol, desired }: OwedTarget): boolean {
  const { held } = shareOf(book, strategyId, symbol);
  if (held.eq(desired) || ordersOfShare(book, strategyId, symbol).length > 0) return false;
  return ordersAcross(book, { symbol, side: desired.gt(held) ? 'buy' : 'sell', type: 'market', orderClass: 'simple', limitPrice: null }).length === 0;
}

/**
 * A pure function of the book, not of the event that made us look: whatever order events arrive in, the same book gives the same steps.
 * While trading is halted nothing is due and no attempt is used up. When its time has come is for the caller to ask (`waitMs`).
 */
export function followUps<T extends OwedTarget>(book: RiskBook, targets: readonly T[]): FollowUps<T> {
  if (book.tradingState === 'HALTED') return { due: [], exhausted: [] };
  const left = targets.filter((target) => (target.desired.isZero() ? mayClose(book, target) : mayStep(book, target)));
  return { due: left.filter((target) => target.followUps < MAX_FOLLOW_UPS), exhausted: left.filter((target) => target.followUps >= MAX_FOLLOW_UPS) };
}
