/** What the tests and the benchmarks of the engine share: the crossover of the golden results, written against the public interface, and the rules they are run by. */
import * as z from 'zod';
import { sma } from '#app/indicators/sma.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import type { Timeframe } from '#app/domain/time.ts';
import { integer } from '#app/strategy/parameters.ts';
import { strategy } from '#app/strategy/spec.ts';
import { CASH_ACCOUNT, NO_COMMISSION, STRICT_FILLS } from './defaults.ts';
import type { Market, RunConfig } from './types.ts';

/** Hundred shares while the fast average is above the slow one; averages that touch are no crossing back. */
export const hundredShares = strategy({
  kind: 'hundred_shares', title: 'Hundred shares', description: 'A hundred shares between two crossings of averages.', scope: 'symbol', usesOrders: true,
  parameters: { fast: integer(10, { min: 1, max: 500, describe: 'Bars of the fast average' }), slow: integer(30, { min: 2, max: 1_000, describe: 'Bars of the slow average' }) },
  indicators: ({ fast, slow }) => ({ fast: sma(fast), slow: sma(slow) }),
  state: z.object({ isLong: z.boolean() }), initialState: () => ({ isLong: false }),
  onBar({ on, state }) {
    const { fast, slow } = on.indicators;
    const now = fast.now - slow.now;
    const then = fast.ago(1) - slow.ago(1);
    if (now > 0 && then <= 0 && !state.isLong) {
      state.isLong = true;
      on.submit({ side: 'buy', qty: 100 });
    } else if (now < 0 && then >= 0 && state.isLong) {
      state.isLong = false;
      on.submit({ side: 'sell', qty: 100 });
    }
  },
});

/** A market without anything special about it. */
export function plainMarket(symbol: string, bars: BarColumns, more: Partial<Market> = {}): Market {
  return { symbol, bars, detail: null, actions: [], isShortable: false, isFractionable: false, ...more };
}

/** The rules of the golden results: ten million dollars, 0.1 % a side, next open, nothing else. */
export function goldenConfig(markets: readonly Market[], timeframe: Timeframe, more: Partial<RunConfig> = {}): RunConfig {
  return {
    strategy: hundredShares.bind({}), markets, timeframe, sizing: { method: 'fixed_notional', notional: '10000' }, account: { ...CASH_ACCOUNT, cash: 10_000_000 }, fills: STRICT_FILLS, slippage: { kind: 'none' },
    commission: { ...NO_COMMISSION, percent: 0.1 }, fees: null, desk: { kind: 'plain' }, isBrokerStrict: true, ...more,
  };
}
