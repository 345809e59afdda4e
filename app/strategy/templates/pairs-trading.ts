/** Template: pairs trading, the strategy of the house as source, in two files. */
import type { Template } from './template.ts';

const FIT = `/** The line through two price paths, what is left beside it, and how fast that returns: the arithmetic of a pairs trade. */

/** left = alpha + beta x right + residual. sigma: standard deviation of the residuals (n - 2). halfLife: bars in which half of a residual is gone. */
export type PairFit = { readonly alpha: number; readonly beta: number; readonly sigma: number; readonly halfLife: number };

function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Ordinary least squares of left on right over log prices: a move of 1 % in the right symbol goes with one of beta % in the left. Null when the right price did not move. */
export function fitPair(left: readonly number[], right: readonly number[]): PairFit | null {
  const n = Math.min(left.length, right.length);
  if (n < 3) return null;
  const leftMean = mean(left);
  const rightMean = mean(right);
  let across = 0;
  let square = 0;
  for (let i = 0; i < n; i += 1) {
    const x = (right[i] ?? NaN) - rightMean;
    across += x * ((left[i] ?? NaN) - leftMean);
    square += x * x;
  }
  if (!(square > 0)) return null;
  const beta = across / square;
  const alpha = leftMean - beta * rightMean;
  const residuals = left.map((value, i) => value - alpha - beta * (right[i] ?? NaN));
  const sigma = Math.sqrt(residuals.reduce((sum, value) => sum + value * value, 0) / (n - 2));
  return { alpha, beta, sigma, halfLife: halfLife(residuals) };
}

/** What the pair is off the line at these log prices, in standard deviations. */
export function zScore(fit: { readonly alpha: number; readonly beta: number; readonly sigma: number }, left: number, right: number): number {
  return (left - fit.alpha - fit.beta * right) / fit.sigma;
}

/** Bars in which half of a departure is gone: ln(1/2) / ln(phi), phi from the regression of a value on the one before it. Infinity when it does not return. */
function halfLife(values: readonly number[]): number {
  const before = values.slice(0, -1);
  const after = values.slice(1);
  const beforeMean = mean(before);
  const afterMean = mean(after);
  let across = 0;
  let square = 0;
  for (const [i, value] of before.entries()) {
    across += (value - beforeMean) * ((after[i] ?? NaN) - afterMean);
    square += (value - beforeMean) ** 2;
  }
  const phi = square > 0 ? across / square : 1;
  if (phi >= 1) return Infinity;
  return phi <= 0 ? 0 : Math.LN2 / -Math.log(phi);
}
`;

const SOURCE = `import { integer, real, strategy } from 'mainspring';
import { fitPair, zScore } from './pair-fit';

/** Bars after which both legs must be held, or neither. */
const LEGS_WITHIN = 3;

type Memory = {
  left: number[];
  right: number[];
  /** Bars to let pass after a stop. */
  wait: number;
  /** The line as it stood at the entry, and the side: 1 = bought the left symbol and sold the right one short. */
  held: { side: 1 | -1; alpha: number; beta: number; sigma: number; bars: number } | null;
};

/** A number as people read it. */
const shown = (value: number): string => (Number.isFinite(value) ? String(Number(value.toFixed(6))) : 'unknown');

/** Adds a number to the newest so many. */
function keep(values: number[], value: number, size: number): void {
  if (values.length === size) values.shift();
  values.push(value);
}

/** The spread that was bought is the spread that is watched: line and deviation are kept from the entry to the exit, so that an exit means that prices came together, not that the line moved. */
export default strategy({
  kind: 'my_pairs_trading',
  title: 'Pairs trading',
  description: 'Watches how far two symbols are off their usual relation. Buys the cheap one and sells the dear one short when it is far, closes both when it is near again, and gives up when it gets too far.',
  scope: 'portfolio',
  symbols: [2, 2],
  usesShorts: true,
  parameters: {
    window: integer(60, { min: 10, max: 500, unit: 'bars', describe: 'Bars of which the relation is made' }),
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
  // It remembers a window of prices itself: after so many bars its beginning no longer shows.
  forgetting: ({ window }) => window,
  initialState: (): Memory => ({ left: [], right: [], wait: 0, held: null }),
  onBar({ all, state, parameters }) {
    const [left, right] = all;
    // A moment at which one of them did not trade says nothing about the two.
    if (left === undefined || right === undefined || !left.check('Look: both symbols have a bar', left.hasBar && right.hasBar)) return;
    const { window, entryZ, exitZ, stopZ, maxHalfLife, gross } = parameters;
    const leftNow = Math.log(left.close.now);
    const rightNow = Math.log(right.close.now);
    const { held, wait } = state;
    // The line is drawn through the bars before this one: a departure must not bend what it is measured by.
    const fit = held === null && wait === 0 && state.left.length === window ? fitPair(state.left, state.right) : null;
    keep(state.left, leftNow, window);
    keep(state.right, rightNow, window);
    if (wait > 0) state.wait -= 1;
    if (held !== null) {
      held.bars += 1;
      const z = zScore(held, leftNow, rightNow);
      const off = -held.side * z;
      // One leg is held and the other is not: denied, or closed by somebody.
      const isLame = held.bars >= LEGS_WITHIN && (left.position.qty === 0) !== (right.position.qty === 0);
      const isStop = isLame || off >= stopZ;
      const isBack = !isStop && off <= exitZ;
      left.check('Close: spread back at the line, standard deviations on the side of the entry', isBack, off, exitZ);
      left.check('Give up: spread too far off, or one leg held alone', isStop, off, stopZ);
      if (!isStop && !isBack) return;
      state.held = null;
      state.wait = isStop ? window : 0;
      const why = isLame ? 'one leg is held alone: no hedge' : isStop ? 'stop at ' + shown(stopZ) : 'back within ' + shown(exitZ);
      const reasons = () => [{ name: 'Spread z-score', value: shown(z), threshold: why }];
      left.flat({ reasons });
      right.flat({ reasons });
      return;
    }
    left.check('Enter: bars to wait after a stop', wait === 0, wait, 0);
    if (!left.check('Enter: the line through the bars before is known', fit !== null && fit.sigma > 0, state.left.length, window) || fit === null) return;
    const z = zScore(fit, leftNow, rightNow);
    const isOff = left.check('Enter: spread at least so many standard deviations off', Math.abs(z) >= entryZ, Math.abs(z), entryZ);
    const isWithin = left.check('Enter: spread not yet where it is given up', Math.abs(z) < stopZ, Math.abs(z), stopZ);
    const returns = left.check('Enter: half of a departure is gone within bars', fit.halfLife <= maxHalfLife, fit.halfLife, maxHalfLife);
    // A pair that moves against itself is no hedge: both legs would be on one side.
    const isHedge = left.check('Enter: hedge ratio above zero', fit.beta > 0, fit.beta, 0);
    if (!isOff || !isWithin || !returns || !isHedge) return;
    const side = z < 0 ? 1 : -1;
    state.held = { side, alpha: fit.alpha, beta: fit.beta, sigma: fit.sigma, bars: 0 };
    const reasons = () => [
      { name: 'Spread z-score', value: shown(z), threshold: 'at least ' + shown(entryZ) + ' off' },
      { name: 'Hedge ratio', value: shown(fit.beta), threshold: null },
      { name: 'Half-life', value: shown(fit.halfLife) + ' bars', threshold: 'at most ' + shown(maxHalfLife) },
    ];
    const part = gross / (1 + fit.beta);
    left.weight(side * part, { reasons });
    right.weight(-side * part * fit.beta, { reasons });
  },
});
`;

/** Pairs trading. */
export const PAIRS_TRADING: Template = {
  templateId: 'pairs_trading', title: 'Pairs trading', description: 'Watches how far two symbols are off their usual relation. Buys the cheap one and sells the dear one short when it is far, closes both when it is near again, and gives up when it gets too far.', level: 'advanced', isExample: false, scope: 'portfolio',
  teaches: ['Two files that import each other', 'Long and short legs by weight', 'A memory of many numbers, and forgetting'], suggested: { symbols: ['GOOGL', 'META'], timeframe: '1Day' },
  files: [{ path: 'pair-fit.ts', text: FIT }, { path: 'strategy.ts', text: SOURCE }],
};
