/** Pairs trading: when two symbols that go together drift apart, buys the one that fell behind and sells the other short, until they meet again. */
import * as z from 'zod';
import type { Reason } from '../context.ts';
import { integer, real } from '../parameters.ts';
import { reasonNumber } from '../reason.ts';
import { strategy } from '../spec.ts';
import { fitPair, zScore, type PairFit } from './pair-fit.ts';

/**
 * `held`: the line as it stood at the entry, the side (1 = bought the left symbol and sold the right one short, -1 the other way round) and the bars since. `wait`: bars to let pass after a stop.
 */
const state = z.object({
  left: z.array(z.number()), right: z.array(z.number()), wait: z.number().int().min(0),
  held: z.object({ side: z.union([z.literal(1), z.literal(-1)]), alpha: z.number(), beta: z.number(), sigma: z.number(), bars: z.number().int() }).nullable(),
});

/** Bars after which both legs must be held, or neither. */
const LEGS_WITHIN = 3;

/**
 * The spread is what is left of the log price of the first symbol (in the order of names) beside a rolling least-squares line on that of the second (E. Gatev, W. Goetzmann and K. Rouwenhorst,
 * Review of Financial Studies 19(3), 2006, pages 797-827, trade normalised prices; the hedge ratio is Engle and Granger's). The spread that was bought is the spread that is watched:
 * line and deviation are kept from the entry to the exit, so that an exit means that prices came together, not that the line moved.
 */
export const pairsTrading = strategy({
  kind: 'pairs_trading',
  title: 'Pairs trading',
  description: 'Watches how far two symbols are off their usual relation. Buys the cheap one and sells the dear one short when it is far, closes both when it is near again, and gives up when it gets too far.',
  scope: 'portfolio',
  symbols: [2, 2],
  usesShorts: true,
  parameters: {
    window: integer(60, { min: 10, max: 500, describe: 'Bars of which the relation is made' }),
    entryZ: real(2, { min: 0.5, max: 5, step: 0.25, unit: 'standard deviations', describe: 'Enters when the spread is at least this far off' }),
    exitZ: real(0.5, { min: 0, max: 3, step: 0.25, unit: 'standard deviations', describe: 'Closes when the spread is no further off than this, or on the other side' }),
    stopZ: real(4, { min: 1, max: 10, step: 0.5, unit: 'standard deviations', describe: 'Gives up when the spread is this far off, and waits until the relation is made of later bars alone' }),
    maxHalfLife: real(30, { min: 1, max: 500, step: 5, unit: 'bars', describe: 'Enters only when half of a departure has usually been gone within so many bars' }),
    gross: real(0.9, { min: 0.05, max: 1.8, step: 0.05, unit: 'part of equity', describe: 'Both legs together; above 1 only where the account has margin' }),
  },
  check({ entryZ, exitZ, stopZ }) {
    if (exitZ >= entryZ) return 'the exit must lie nearer to the line than the entry';
    return stopZ > entryZ ? null : 'the stop must lie further off than the entry';
  },
  indicators: () => ({}),
  forgetting: ({ window }) => window,
  state,
  initialState: () => ({ left: [], right: [], wait: 0, held: null }),
  onBar({ all, state: memory, parameters }) {
    const [left, right] = all;
    // A moment at which one of them did not trade says nothing about the two.
    if (left === undefined || right === undefined || !left.check('Look: both symbols have a bar', left.hasBar && right.hasBar)) return;
    const { window, entryZ, exitZ, stopZ, maxHalfLife, gross } = parameters;
    const now = { left: Math.log(left.close.now), right: Math.log(right.close.now) };
    const { held, wait } = memory;
    // The line is drawn through the bars before this one: a departure must not bend what it is measured by.
    const fit = held === null && wait === 0 && memory.left.length === window ? fitPair(memory) : null;
    keep(memory.left, now.left, window);
    keep(memory.right, now.right, window);
    if (wait > 0) memory.wait -= 1;
    if (held !== null) {
      held.bars += 1;
      const z = zScore(held, now.left, now.right);
      const end = endOf(z, { side: held.side, exitZ, stopZ, isLame: held.bars >= LEGS_WITHIN && (left.position.qty === 0) !== (right.position.qty === 0) });
      left.check('Close: spread back at the line, standard deviations on the side of the entry', end !== null && !end.isStop, -held.side * z, exitZ);
      left.check('Give up: spread too far off, or one leg held alone', end?.isStop === true, -held.side * z, stopZ);
      if (end === null) return;
      memory.held = null;
      memory.wait = end.isStop ? window : 0;
      left.flat({ reasons: end.reasons });
      right.flat({ reasons: end.reasons });
      return;
    }
    left.check('Enter: bars to wait after a stop', wait === 0, wait, 0);
    if (!left.check('Enter: the line through the bars before is known', fit !== null && fit.sigma > 0, memory.left.length, window) || fit === null) return;
    const z = zScore(fit, now.left, now.right);
    // A pair that moves against itself is no hedge: both legs would be on one side.
    const isOff = left.check('Enter: spread at least so many standard deviations off', !(Math.abs(z) < entryZ), Math.abs(z), entryZ);
    const isWithin = left.check('Enter: spread not yet where it is given up', !(Math.abs(z) >= stopZ), Math.abs(z), stopZ);
    const returns = left.check('Enter: half of a departure is gone within bars', !(fit.halfLife > maxHalfLife), fit.halfLife, maxHalfLife);
    const isHedge = left.check('Enter: hedge ratio above zero', !(fit.beta <= 0), fit.beta, 0);
    if (!isOff || !isWithin || !returns || !isHedge) return;
    const side = z < 0 ? 1 : -1;
    memory.held = { side, alpha: fit.alpha, beta: fit.beta, sigma: fit.sigma, bars: 0 };
    const reasons = () => reasonsOf(z, fit, parameters);
    const part = gross / (1 + fit.beta);
    left.weight(side * part, { reasons });
    right.weight(-side * part * fit.beta, { reasons });
  },
});

type Held = { readonly side: 1 | -1; readonly exitZ: number; readonly stopZ: number; /** One leg is held and the other is not: denied, or closed by somebody. */ readonly isLame: boolean };

/** Why the pair ends now, null while it goes on. After a stop or a lost leg it waits. */
function endOf(z: number, { side, exitZ, stopZ, isLame }: Held): { readonly isStop: boolean; readonly reasons: () => Reason[] } | null {
  const off = -side * z;
  const why = isLame ? 'one leg is held alone: no hedge' : off >= stopZ ? `stop at ${reasonNumber(stopZ)}` : off <= exitZ ? `back within ${reasonNumber(exitZ)}` : null;
  return why === null ? null : { isStop: isLame || off >= stopZ, reasons: () => [{ name: 'Spread z-score', value: reasonNumber(z), threshold: why }] };
}

function reasonsOf(z: number, fit: PairFit, { entryZ, maxHalfLife }: { readonly entryZ: number; readonly maxHalfLife: number }): Reason[] {
  return [
    { name: 'Spread z-score', value: reasonNumber(z), threshold: `at least ${reasonNumber(entryZ)} off` },
    { name: 'Hedge ratio', value: reasonNumber(fit.beta), threshold: null },
    { name: 'Half-life', value: `${reasonNumber(fit.halfLife)} bars`, threshold: `at most ${reasonNumber(maxHalfLife)}` },
  ];
}

/** Adds a number to the newest `size`. */
function keep(values: number[], value: number, size: number): void {
  if (values.length === size) values.shift();
  values.push(value);
}
