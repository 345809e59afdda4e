/** The last question before an order leaves: may it go now, must it wait, or is it denied? */
import { maySendLive, type Arming } from '#app/domain/arming.ts';
import type { DenialCode } from '#app/domain/limits.ts';
import { toText, ZERO_QUANTITY, type Quantity } from '#app/domain/numeric.ts';
import type { Side } from '#app/domain/order.ts';
import { SECOND_MS, type EpochMs } from '#app/domain/time.ts';
import { mayTrade, TRADING_STATES, type TradingState } from '#app/domain/trading-state.ts';

/** The approval of an order that opens or adds is good for this long of market time, and of a person's order also of real time; the wish to get out does not age. */
export const APPROVAL_VALID_MS = 120 * SECOND_MS;

/**
 * What the gate sees, read in the transaction that makes the order `submitted`. `marketNow` is the latest market time known, null before the first bar.
 * `waitedMs`: real time since a person's order was decided: where bars of hours come in seconds (history that is being filled, a fast tape), the market's clock alone
 * would call it old at once; null for orders that bars decide. `strictestSince`: the strictest state that trading was in after the order was approved; ACTIVE when it was never stopped.
 */
export type GateView = {
  readonly tradingState: TradingState;
  readonly strictestSince: TradingState;
  readonly arming: Arming;
  readonly isLeaseFresh: boolean;
  readonly isReducing: boolean;
  /** What an order that reduces would close and does not find any more, in words; null = the position is there, or the order is no exit. */
  readonly uncovered: string | null;
  readonly approvedAt: EpochMs;
  readonly marketNow: EpochMs | null;
  readonly waitedMs: number | null;
};

/** send: submit it now. hold: leave it as it is and ask again. deny: it will never go. */
export type GateAnswer =
  | { readonly kind: 'send' }
  | { readonly kind: 'hold'; readonly why: string }
  | { readonly kind: 'deny'; readonly code: DenialCode; readonly message: string };

/** The stricter of two states: what the book says, and what the kill switch says that the book may not hold yet. */
export function stricterState(a: TradingState, b: TradingState | null): TradingState {
  return b !== null && TRADING_STATES.indexOf(b) > TRADING_STATES.indexOf(a) ? b : a;
}

/**
 * The wish to get out does not age, but the position may have gone meanwhile (its stop filled, somebody sold at the broker): what is left of the order would then
 * open one on the other side. Sell 10 with 4 held = a sentence; `held` is the account's position, signed.
 */
export function uncoveredExit(exit: { readonly symbol: string; readonly side: Side; readonly qty: Quantity }, held: Quantity): string | null {
  const { symbol, side, qty } = exit;
  const closable = (side === 'sell') === held.gt(0) ? held.abs() : ZERO_QUANTITY;
  if (qty.lte(closable)) return null;
  return `${closable.isZero() ? `No position is held any more that the order could close` : `Only ${toText(closable)} ${symbol} are held now`}: to ${side} ${toText(qty)} ${symbol} would open one on the other side`;
}

/**
 * Stopping trading ends what was approved before it, also where nobody could look at the order meanwhile (the broker's stream was down, execution did not run): to resume is not to
 * ask for it again. The wish to get out outlives a stop.
 */
function stoppedMeanwhile({ strictestSince, isReducing }: GateView): GateAnswer | null {
  if (isReducing || strictestSince === 'ACTIVE') return null;
  const after = 'after this order had been approved: it does not go out after the resume; place the order again if you still want it';
  return strictestSince === 'HALTED'
    ? { kind: 'deny', code: 'TRADING_HALTED', message: `Trading was halted ${after}` }
    : { kind: 'deny', code: 'TRADING_REDUCING_ONLY', message: `Only orders that shrink a position could go out for a while ${after}` };
}

/** Decides. The master switch comes first, as it is and as it was since the approval, then the arming of the real account, then the position that an exit is to close, then age, then the dead-man's lease of risk: a stale lease only delays. */
export function decideGate(view: GateView): GateAnswer {
  if (!mayTrade(view.tradingState, view.isReducing)) {
    return view.tradingState === 'HALTED'
      ? { kind: 'deny', code: 'TRADING_HALTED', message: 'Trading is halted' }
      : { kind: 'deny', code: 'TRADING_REDUCING_ONLY', message: 'Only orders that shrink a position may go out now' };
  }
  const stopped = stoppedMeanwhile(view);
  if (stopped !== null) return stopped;
  if (!maySendLive(view.arming, view.isReducing)) {
    return { kind: 'deny', code: 'LIVE_DISARMED', message: 'The real account is not armed: only orders that shrink a position may go out' };
  }
  if (view.uncovered !== null) return { kind: 'deny', code: 'NOTHING_TO_EXIT', message: view.uncovered };
  if (!view.isReducing && view.marketNow !== null && view.marketNow - view.approvedAt > APPROVAL_VALID_MS && (view.waitedMs === null || view.waitedMs > APPROVAL_VALID_MS)) {
    return { kind: 'deny', code: 'APPROVAL_EXPIRED', message: `The approval is older than ${APPROVAL_VALID_MS / SECOND_MS} s of market time; prices have moved on, place the order again if you still want it` };
  }
  if (!view.isLeaseFresh) return { kind: 'hold', why: 'Risk has not renewed its lease' };
  return { kind: 'send' };
}
