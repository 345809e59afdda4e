/** The strategies of the sweep: the crossover of the golden results, and a bare loop on a thread. */
import * as z from 'zod';
import { sma } from '#app/indicators/sma.ts';
import { integer } from '#app/strategy/parameters.ts';
import { strategy } from '#app/strategy/spec.ts';
import { bareSmaCross } from './bare.ts';
import { synthetic } from './synth.ts';

const SHARES = 100;
const CALIBRATION_BARS = 100_000;

/** Long 100 shares while the fast average is above the slow one; an equality is no crossing back and none forth (the rule of the golden results). */
export const goldenCross = strategy({
  kind: 'golden_cross', title: 'Golden crossover', description: 'One hundred shares between two crossings.', scope: 'symbol', usesOrders: true,
  parameters: { fast: integer(10, { min: 2, max: 500, describe: 'bars' }), slow: integer(30, { min: 3, max: 1_000, describe: 'bars' }) },
  check: ({ fast, slow }) => (fast < slow ? null : 'fast must be below slow'),
  indicators: ({ fast, slow }) => ({ fast: sma(fast), slow: sma(slow) }),
  state: z.object({ isLong: z.boolean() }), initialState: () => ({ isLong: false }),
  onBar({ on, state }) {
    const { fast, slow } = on.indicators;
    const gap = fast.now - slow.now;
    const before = fast.ago(1) - slow.ago(1);
    if (gap > 0 && before <= 0 && !state.isLong) {
      state.isLong = true;
      on.submit({ side: 'buy', qty: SHARES });
    } else if (gap < 0 && before >= 0 && state.isLong) {
      state.isLong = false;
      on.submit({ side: 'sell', qty: SHARES });
    }
  },
});

/** Bare loops over bars of its own, as many as `turns` says: what two threads of this computer can do at best. */
export const bareOnThread = strategy({
  kind: 'bare_on_thread', title: 'Bare loop', description: 'For calibration alone.', scope: 'symbol',
  parameters: { turns: integer(20, { min: 1, max: 10_000, unit: 'loops', describe: 'loops' }) },
  indicators: () => ({}), history: () => 0, state: z.object({ isDone: z.boolean() }), initialState: () => ({ isDone: false }),
  onBar({ state, parameters: { turns } }) {
    if (state.isDone) return;
    state.isDone = true;
    calibration ??= synthetic({ length: CALIBRATION_BARS, seed: 9 });
    for (let n = 0; n < turns; n += 1) bareSmaCross(calibration, { fast: 10, slow: 30, qty: SHARES, cash: 1e7, percent: 0.1 });
  },
});
let calibration: ReturnType<typeof synthetic> | null = null;
