/** A bare loop on a thread of the pool: what two threads of this computer can do at best. */
import * as z from 'zod';
import { integer } from '#app/strategy/parameters.ts';
import { strategy } from '#app/strategy/spec.ts';
import { bareSmaCross } from './bare.ts';
import { synthetic } from './synth.ts';

const SHARES = 100;
const CALIBRATION_BARS = 100_000;

/** Bare loops over bars of its own, as many as `turns` says. */
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
