/** Exits that did not complete: a strategy (or a person's flatten) wants to be flat, shares are left, and nothing is on its way or in the way. */
import { MINUTE_MS, SECOND_MS } from '#app/domain/time.ts';
import { ordersAcross, shareOf, type RiskBook } from './book.ts';

const DELAYS_MS: readonly number[] = [0, 30 * SECOND_MS, 2 * MINUTE_MS];
/** Attempts after the first exit; then a person is told. */
export const MAX_FOLLOW_UPS = DELAYS_MS.length;

/** Market time between the last attempt and the next: an exit that was refused outright is not tried again at once. `followUps`: attempts after the first. */
export function waitMs(followUps: number): number {
  return DELAYS_MS[followUps] ?? 0;
}

/** A wish to be flat. `strategyId` null = the manual share; `originId` names the signal or flatten; `followUps` counts attempts after the first. */
export type FlatTarget = { readonly strategyId: string | null; readonly symbol: string; readonly originId: string; readonly followUps: number };

/** What to do about the targets: exits to try again, and those that used up their attempts. Both in the order given. */
export type FollowUps<T extends FlatTarget> = { readonly due: readonly T[]; readonly exhausted: readonly T[] };

/**
 * A pure function of the book, not of the event that made us look: whatever order events arrive in, the same book gives the same exits.
 * While trading is halted nothing is due and no attempt is used up. When its time has come is for the caller to ask (`waitMs`).
 */
export function followUps<T extends FlatTarget>(book: RiskBook, targets: readonly T[]): FollowUps<T> {
  if (book.tradingState === 'HALTED') return { due: [], exhausted: [] };
  const left = targets.filter((target) => {
    const share = shareOf(book, target.strategyId, target.symbol);
    if (share.closingSide === null || share.free.lte(0) || share.exiting.gt(0) || share.entering.gt(0)) return false;
    return ordersAcross(book, { symbol: target.symbol, side: share.closingSide, type: 'market', orderClass: 'simple', limitPrice: null }).length === 0;
  });
  return { due: left.filter((target) => target.followUps < MAX_FOLLOW_UPS), exhausted: left.filter((target) => target.followUps >= MAX_FOLLOW_UPS) };
}
