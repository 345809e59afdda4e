/** The kill switch, from memory: no POST after it was pulled, whatever the book says. */
import type { DenialCode } from '#app/domain/limits.ts';
import { mayTrade, type TradingState } from '#app/domain/trading-state.ts';
import type { KillLatch } from '#chassis/latch.ts';

/** Counts the pulls, so that one that came and was released between two questions is not overlooked. */
export type KillGuard = {
  /** Remember this before the transaction that makes an order `submitted`. */
  mark(): number;
  /** Why an order must not be posted, null when it may: a pull that forbids it holds, or came since the mark. */
  forbids(mark: number, isReducing: boolean): { readonly code: DenialCode; readonly message: string } | null;
};

/** Watches the latch. */
export function createKillGuard(latch: KillLatch): KillGuard {
  const pulls: TradingState[] = [];
  latch.onLatch((pull) => pulls.push(pull.state));
  return {
    mark: () => pulls.length,
    forbids(mark, isReducing) {
      const states: TradingState[] = [...pulls.slice(mark), latch.now()?.state ?? 'ACTIVE'];
      if (states.every((state) => mayTrade(state, isReducing))) return null;
      return states.includes('HALTED')
        ? { code: 'TRADING_HALTED', message: 'The kill switch was pulled before the order left' }
        : { code: 'TRADING_REDUCING_ONLY', message: 'The kill switch was pulled before the order left: only orders that shrink a position may go out' };
    },
  };
}
