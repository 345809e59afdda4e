/** What is still owed: exits that did not complete, and the second step of targets of which only the first could be taken. Nothing is on its way or in the way. */
import type { Quantity } from '#app/domain/numeric.ts';
import { MINUTE_MS, SECOND_MS, timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { exchangeDay, sessionsBetween } from '#app/market/calendar.ts';
import { ordersAcross, shareKey, shareOf, type RiskBook } from './book.ts';
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

const LEAST_MS = 15 * MINUTE_MS;
const SESSION_MS = 390 * MINUTE_MS;

/** When something last happened to what is owed (its last attempt, the last word of its order), and the bars of its strategy; null: of no strategy. */
export type OwedSince = { readonly tsMarket: EpochMs; readonly timeframe: Timeframe | null };

/** Regular trading time between two instants. Friday 15:50 to Monday 09:40 = 20 minutes. */
function tradingMs(from: EpochMs, to: EpochMs): number {
  return sessionsBetween(exchangeDay(from), exchangeDay(to)).reduce((sum, { open, close }) => sum + Math.max(0, Math.min(to, close) - Math.max(from, open)), 0);
}

/**
 * Whether the entry of a target is missed: more regular trading time has passed since the last thing that happened to it than a bar of its strategy takes (a day's: a session), at least
 * 15 minutes, beside the wait of its attempt. Then only what lies on the wrong side is closed. One rule for live, replays and back-tests: a strategy over hours or days has its second
 * step judged by hours or days, and a night that nobody could trade in does not count.
 */
export function isEntryMissed({ desired, followUps: attempts, tsMarket, timeframe }: Pick<OwedTarget, 'desired' | 'followUps'> & OwedSince, now: EpochMs): boolean {
  const limit = waitMs(attempts) + Math.max(LEAST_MS, timeframe === null ? 0 : Math.min(SESSION_MS, timeframeMs(timeframe)));
  return !desired.isZero() && now - tsMarket > limit && tradingMs(tsMarket, now) > limit;
}

/** Whether a share may be closed now: there is something free, and no order of its own or across is open. */
function mayClose(book: RiskBook, { strategyId, symbol }: OwedTarget): boolean {
  // Most shares that were to be flat are: of those nothing has to be counted.
  if (book.shares.get(shareKey(strategyId, symbol))?.isZero() !== false) return false;
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
