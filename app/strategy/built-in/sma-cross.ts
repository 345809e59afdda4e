/** Moving-average crossover: long when the fast average crosses above the slow one, flat when it crosses below. */
import * as z from 'zod';
import { atr } from '#app/indicators/atr.ts';
import { sma } from '#app/indicators/sma.ts';
import { entryOptions, exitParameters } from '../exits.ts';
import { integer } from '../parameters.ts';
import { reasonNumber } from '../reason.ts';
import { strategy } from '../spec.ts';

/** Moving-average crossover. Averages that merely touch are no crossing: what counts is the side on which they last differed. */
export const smaCross = strategy({
  kind: 'sma_cross',
  title: 'Moving-average crossover',
  description: 'Buys when the fast simple average of closes crosses above the slow one and sells when it crosses below. Averages that merely touch are no crossing.',
  scope: 'symbol',
  parameters: {
    fast: integer(10, { min: 1, max: 500, describe: 'Bars of the fast average' }),
    slow: integer(30, { min: 2, max: 1_000, describe: 'Bars of the slow average, more than the fast one' }),
    ...exitParameters,
  },
  check: ({ fast, slow }) => (fast < slow ? null : 'the fast average must be shorter than the slow one'),
  indicators: ({ fast, slow, atrPeriod }) => ({ fast: sma(fast), slow: sma(slow), range: atr(atrPeriod) }),
  // 1 when the fast average was last above the slow one, -1 below, 0 before they ever differed.
  state: z.object({ side: z.union([z.literal(1), z.literal(-1), z.literal(0)]) }),
  initialState: () => ({ side: 0 }),
  onBar({ on, state, parameters }) {
    const { fast, slow, range } = on.indicators;
    if (state.side === 0) state.side = sideOf(fast.ago(1), slow.ago(1));
    const before = state.side;
    const side = sideOf(fast.now, slow.now);
    const isAbove = on.check('Buy: fast average above the slow one', side === 1, fast.now, slow.now);
    const wasBelow = on.check('Buy: it was below when they last differed', before === -1);
    const isBelow = on.check('Sell: fast average below the slow one', side === -1, fast.now, slow.now);
    const wasAbove = on.check('Sell: it was above when they last differed', before === 1);
    if (side !== 0) state.side = side;
    const crossesUp = isAbove && wasBelow;
    if (!crossesUp && !(isBelow && wasAbove)) return;
    const reasons = () => [{ name: `SMA(${parameters.fast})`, value: reasonNumber(fast.now), threshold: `${crossesUp ? 'crossed above' : 'crossed below'} SMA(${parameters.slow}) ${reasonNumber(slow.now)}` }];
    if (crossesUp) on.long(entryOptions({ side: 'long', close: on.close.now, atr: range.now, reasons }, parameters));
    else on.flat({ atr: range.now, reasons });
  },
});

/** 1 above, -1 below, 0 equal. */
function sideOf(fast: number, slow: number): 1 | -1 | 0 {
  if (fast > slow) return 1;
  return fast < slow ? -1 : 0;
}
