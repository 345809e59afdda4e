/** Buy and hold: the benchmark that every other strategy has to beat. */
import * as z from 'zod';
import { strategy } from '../spec.ts';

/** Buys at the first close and keeps it. */
export const buyAndHold = strategy({
  kind: 'buy_and_hold',
  title: 'Buy and hold',
  description: 'Buys at the first bar and never sells. What every other strategy has to beat after its costs.',
  scope: 'symbol',
  parameters: {},
  indicators: () => ({}),
  history: () => 0,
  state: z.object({}),
  initialState: () => ({}),
  onBar({ on }) {
    if (on.check('Buy: always', true)) on.long({ reasons: () => [{ name: 'Held', value: 'always', threshold: null }] });
  },
});
