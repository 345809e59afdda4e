/** Strategies as users write them, for tests and benchmarks. */

/** The parameters of SMA_CROSS where none are named. */
export const SMA_CROSS_DEFAULTS = { fast: 10, slow: 30, stopAtr: 0 };
/** The built-in moving-average crossover, written by a user. */
export const SMA_CROSS = `import { atr, integer, real, sma, strategy } from 'mainspring';

type Side = 1 | -1 | 0;
const sideOf = (fast: number, slow: number): Side => (fast > slow ? 1 : fast < slow ? -1 : 0);

export default strategy({
  kind: 'my_cross', title: 'My crossover', description: 'The built-in one, written by a user', scope: 'symbol',
  parameters: { fast: integer(10, { min: 1, max: 500, describe: 'Bars' }), slow: integer(30, { min: 2, max: 1000, describe: 'Bars' }), stopAtr: real(0, { min: 0, max: 10, describe: 'Stop' }) },
  check: ({ fast, slow }) => (fast < slow ? null : 'the fast average must be shorter than the slow one'),
  indicators: ({ fast, slow }) => ({ fast: sma(fast), slow: sma(slow), range: atr(14) }),
  initialState: () => ({ side: 0 as Side }),
  onBar({ on, state, parameters }) {
    const { fast, slow, range } = on.indicators;
    if (state.side === 0) state.side = sideOf(fast.ago(1), slow.ago(1));
    const before = state.side;
    const side = sideOf(fast.now, slow.now);
    if (side === 0 || side === before) return;
    state.side = side;
    if (before === 0) return;
    if (side === 1) on.long({ atr: range.now, ...(parameters.stopAtr > 0 ? { stopPrice: on.close.now - parameters.stopAtr * range.now } : {}), reasons: () => [{ name: 'SMA', value: String(fast.now), threshold: String(slow.now) }] });
    else on.flat({ atr: range.now });
  },
});
`;

/** The same idea as a project of three files, with named conditions and a log. */
export const CROSS_PROJECT = [
  { path: 'strategy.ts', text: `import { atr, integer, log, sma, strategy } from 'mainspring';
import { QUICK, type Side } from './lib/lengths';
import sideOf, * as rules from './rules.ts';

export default strategy({
  kind: 'cross_project', title: 'Crossover of files', description: 'A project', scope: 'symbol',
  parameters: { fast: integer(QUICK, { min: 1, max: 500, describe: 'Bars' }), slow: integer(rules.SLOW, { min: 2, max: 1000, describe: 'Bars' }) },
  check: ({ fast, slow }) => (fast < slow ? null : 'the fast average must be shorter than the slow one'),
  indicators: ({ fast, slow }) => ({ fast: sma(fast), slow: sma(slow), range: atr(14) }),
  initialState: () => ({ side: 0 as Side }),
  onBar({ on, state }) {
    const { fast, slow } = on.indicators;
    const side = sideOf(fast.now, slow.now);
    const isUp = on.check('Buy: fast average above the slow one', fast.now > slow.now, fast.now, slow.now);
    if (side === state.side || side === 0) return;
    state.side = side;
    log({ side, fast: fast.now }, side > 0 ? 'info' : 'warn');
    if (isUp) on.long({ reasons: () => [{ name: 'Side', value: rules.word(side), threshold: null }] });
    else on.flat();
  },
});
` },
  { path: 'lib/lengths.ts', text: 'export type Side = 1 | -1 | 0;\nexport const QUICK = 10;\nexport const STEPS = [1, 2, 3];\n' },
  {
    path: 'rules.ts',
    text: [
      "import { QUICK } from './lib/lengths';",
      "import type { Side } from './lib/lengths';",
      'export const SLOW = 30;',
      "export const NAMES = { up: 'above', down: 'below' };",
      'export default function sideOf(fast: number, slow: number): Side {',
      '  return fast > slow ? 1 : fast < slow ? -1 : 0;',
      '}',
      'export function word(side: Side): string {',
      '  return QUICK > 0 && side > 0 ? NAMES.up : NAMES.down;',
      '}',
      '',
    ].join('\n'),
  },
] as const;
