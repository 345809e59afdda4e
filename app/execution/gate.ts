/** The last question before an order leaves: may it go now, must it wait, or is it denied? */
import { maySendLive, type Arming } from '#app/domain/arming.ts';
import type { DenialCode } from '#app/domain/limits.ts';
import { SECOND_MS, type EpochMs } from '#app/domain/time.ts';
import { mayTrade, TRADING_STATES, type TradingState } from '#app/domain/trading-state.ts';

/** The approval of an order that opens or adds is good for this long of market time; the wish to get out does not age. */
export const APPROVAL_VALID_MS = 120 * SECOND_MS;

/** What the gate sees, read in the transaction that makes the order `submitted`. `marketNow` is the latest market time known, null before the first bar. */
export type GateView = {
  readonly tradingState: TradingState;
  readonly arming: Arming;
  readonly isLeaseFresh: boolean;
  readonly isReducing: boolean;
  readonly approvedAt: EpochMs;
  readonly marketNow: EpochMs | null;
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

/** Decides. The master switch comes first, then the arming of the real account, then age, then the dead-man's lease of risk: a stale lease only delays. */
export function decideGate(view: GateView): GateAnswer {
  if (!mayTrade(view.tradingState, view.isReducing)) {
    return view.tradingState === 'HALTED'
      ? { kind: 'deny', code: 'TRADING_HALTED', message: 'Trading is halted' }
      : { kind: 'deny', code: 'TRADING_REDUCING_ONLY', message: 'Only orders that shrink a position may go out now' };
  }
  if (!maySendLive(view.arming, view.isReducing)) {
    return { kind: 'deny', code: 'LIVE_DISARMED', message: 'The real account is not armed: only orders that shrink a position may go out' };
  }
  if (!view.isReducing && view.marketNow !== null && view.marketNow - view.approvedAt > APPROVAL_VALID_MS) {
    return { kind: 'deny', code: 'APPROVAL_EXPIRED', message: `The approval is older than ${APPROVAL_VALID_MS / SECOND_MS} s of market time` };
  }
  if (!view.isLeaseFresh) return { kind: 'hold', why: 'Risk has not renewed its lease' };
  return { kind: 'send' };
}
