/** Rules about the house: may any order go out now? */
import { maySendLive } from '#app/domain/arming.ts';
import type { Rule } from './rule.ts';

/** Master switch, arming of the real account, and the switch of the strategy. */
export const STATE_RULES: readonly Rule[] = [
  {
    name: 'trading_not_halted', code: 'TRADING_HALTED', unit: 'state',
    ask: ({ book }) => ({ passed: book.tradingState !== 'HALTED', words: () => ({ threshold: 'not HALTED', observed: book.tradingState, because: 'Trading is halted. Resume it to send orders.', wouldPass: 'the same order after trading was resumed' }) }),
  },
  {
    name: 'trading_allows_entries', code: 'TRADING_REDUCING_ONLY', unit: 'state',
    ask: ({ book, proposal }) => ({
      passed: book.tradingState === 'ACTIVE' || proposal.isReducing,
      words: () => ({
        threshold: 'ACTIVE, or the order reduces a position', observed: book.tradingState,
        because: 'Only orders that reduce a position may go out now.', wouldPass: 'an order that reduces a position, or the same order after trading was resumed',
      }),
    }),
  },
  {
    name: 'live_armed', code: 'LIVE_DISARMED', unit: 'state',
    ask: ({ book, proposal }) => {
      if (book.arming === 'not_needed') return null;
      return {
        passed: maySendLive(book.arming, proposal.isReducing),
        words: () => ({
          threshold: 'armed, or the order reduces a position', observed: book.arming,
          because: 'The real account is not armed: only orders that reduce a position may go out. Arm live trading to open or enlarge positions.', wouldPass: 'the same order while live trading is armed',
        }),
      };
    },
  },
  {
    name: 'strategy_runs', code: 'STRATEGY_STOPPED', unit: 'state',
    ask: ({ book, proposal: { strategyId, isReducing } }) => {
      const terms = strategyId === null ? undefined : book.strategies.get(strategyId);
      if (terms === undefined) return null;
      const { stoppedWhy } = terms;
      return {
        passed: stoppedWhy === null || isReducing,
        words: () => ({
          threshold: 'running, or the order reduces a position', observed: stoppedWhy === null ? 'running' : 'stopped',
          because: `The strategy may open nothing: ${stoppedWhy ?? ''}`, wouldPass: 'an order that reduces a position, or the same order after the strategy was started',
        }),
      };
    },
  },
];
