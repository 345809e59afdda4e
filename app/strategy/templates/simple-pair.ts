/** Template: two that belong together, an example of a pair in two files. */
import type { Template } from './template.ts';

const LEVELS = `// A second file. What it exports is imported by './levels'; only files of the project and 'mainspring' can be imported.

/** Mean and standard deviation (n - 1) of numbers; NaN for fewer than two. */
export function levelsOf(values: readonly number[]): { readonly mean: number; readonly deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}
`;

const SOURCE = `// Two symbols that usually go together: when their ratio is far from its mean, buy the cheap one and sell the dear one short.
import { integer, real, strategy } from 'mainspring';
import { levelsOf } from './levels';

type Memory = { ratios: number[] };

export default strategy({
  kind: 'simple_pair',
  title: 'Two that belong together',
  description: 'Buys the cheap one of two and sells the dear one short when their ratio is far from its mean; closes both when it is back.',
  scope: 'portfolio',
  symbols: [2, 2],
  // Short sales are said aloud: an account that may not short refuses the strategy before it runs.
  usesShorts: true,
  parameters: {
    window: integer(40, { min: 10, max: 250, step: 10, unit: 'bars', describe: 'Bars of which mean and deviation are made' }),
    entry: real(2, { min: 1, max: 4, step: 0.25, unit: 'standard deviations', describe: 'Enters when the ratio is at least this far off' }),
    exit: real(0.5, { min: 0, max: 2, step: 0.25, unit: 'standard deviations', describe: 'Closes when it is nearer than this' }),
    leg: real(0.4, { min: 0.05, max: 0.9, step: 0.05, unit: 'part of equity', describe: 'Size of each leg' }),
  },
  check: ({ entry, exit }) => (exit < entry ? null : 'the exit must lie nearer to the mean than the entry'),
  indicators: () => ({}),
  forgetting: ({ window }) => window,
  initialState: (): Memory => ({ ratios: [] }),

  onBar({ all, state, parameters }) {
    // Symbols come in the order of their names.
    const [left, right] = all;
    if (left === undefined || right === undefined) return;
    // A moment at which one of them did not trade says nothing about the two. Bars are compared moment by moment, so the ratios are kept in 'state'.
    if (!left.check('Look: both have a bar', left.hasBar && right.hasBar)) return;

    const ratio = left.close.now / right.close.now;
    // Measured by the bars before this one: a departure must not bend what it is measured by.
    const isKnown = left.check('Look: enough bars are known', state.ratios.length === parameters.window, state.ratios.length, parameters.window);
    const { mean, deviation } = levelsOf(state.ratios);
    if (state.ratios.length === parameters.window) state.ratios.shift();
    state.ratios.push(ratio);
    if (!isKnown || !(deviation > 0)) return;

    const off = (ratio - mean) / deviation;
    const isDear = left.check('Enter: left is dear, deviations', off >= parameters.entry, off, parameters.entry);
    const isCheap = left.check('Open: left is cheap, deviations', off <= -parameters.entry, off, -parameters.entry);
    const isBack = left.check('Close: the ratio is back, deviations', Math.abs(off) <= parameters.exit, Math.abs(off), parameters.exit);

    if (isDear) {
      left.weight(-parameters.leg);
      right.weight(parameters.leg);
    } else if (isCheap) {
      left.weight(parameters.leg);
      right.weight(-parameters.leg);
    } else if (isBack) {
      left.flat();
      right.flat();
    }
  },
});

// "Pairs trading" of the house goes further: a hedge ratio by least squares, a stop, and a look at how fast departures return.
`;

/** Two that belong together. */
export const SIMPLE_PAIR: Template = {
  templateId: 'simple_pair', title: 'Two that belong together', description: 'Buys the cheap one of two and sells the dear one short. Explains portfolios of two, short sales, and a project of two files.', level: 'advanced', isExample: true, scope: 'portfolio',
  teaches: ['Two files in one project', 'Short sales and weights below zero', 'Comparing symbols moment by moment'], suggested: { symbols: ['GOOGL', 'META'], timeframe: '1Day' },
  files: [{ path: 'levels.ts', text: LEVELS }, { path: 'strategy.ts', text: SOURCE }],
};
