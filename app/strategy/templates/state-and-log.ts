/** Template: counting the days down, an example of memory and of lines that a strategy writes. */
import { oneFile, type Template } from './template.ts';

const SOURCE = `// Memory and words: counts how often in a row the price fell, and writes down what it thinks.
import { integer, log, real, strategy } from 'mainspring';

type Memory = {
  /** Bars in a row that closed below the one before. */
  falls: number;
  /** Entries so far, for the log. */
  entries: number;
};

export default strategy({
  kind: 'falls_in_a_row',
  title: 'Falls in a row',
  description: 'Buys after some falls in a row and sells after a rise that is large enough.',
  scope: 'symbol',
  parameters: {
    falls: integer(3, { min: 1, max: 10, unit: 'bars', describe: 'Falls in a row before it buys' }),
    rise: real(1, { min: 0.1, max: 10, step: 0.1, unit: 'percent', describe: 'Sells after a bar that rose by more than this' }),
  },
  indicators: () => ({}),

  // It remembers a count of its own: after so many bars it no longer matters where it began.
  forgetting: ({ falls }) => falls + 20,
  // Plain JSON: numbers, texts, flags, lists. A variable of the file would be gone after a restart, and shared by all symbols; the editor refuses it.
  initialState: (): Memory => ({ falls: 0, entries: 0 }),

  onBar({ on, state, parameters }) {
    const change = 100 * (on.close.now / on.close.ago(1) - 1);
    // Bounded: a count that grows for ever would show where it began for ever.
    state.falls = change < 0 ? Math.min(state.falls + 1, 20) : 0;

    const isLow = on.check('Buy: falls in a row', state.falls >= parameters.falls, state.falls, parameters.falls);
    const isHigh = on.check('Sell: a rise that is large enough, percent', change > parameters.rise, change, parameters.rise);

    if (isLow && on.wish.side !== 'long') {
      state.entries = Math.min(state.entries + 1, 1_000);
      // Lines stand beside the run and beside the bar that they were written at. They cost a little: write where something happens.
      log('entry ' + state.entries + ' of ' + on.symbol + ' after ' + state.falls + ' falls at ' + on.close.now.toFixed(2));
      on.long();
    } else if (isHigh && on.wish.side === 'long') {
      log('out of ' + on.symbol + ' at ' + on.close.now.toFixed(2) + ' after a rise of ' + change.toFixed(2) + ' %');
      on.flat();
    }
  },
});
`;

/** Falls in a row. */
export const STATE_AND_LOG: Template = {
  templateId: 'state_and_log', title: 'Falls in a row', description: 'Counts falls in a row, buys after some of them and writes down what it does. Explains memory, forgetting and log lines.', level: 'first', isExample: true, scope: 'symbol',
  teaches: ['Memory that survives a restart', 'Lines of your own with log', 'Why counts are bounded'], suggested: { symbols: ['AAPL', 'SPY'], timeframe: '1Day' }, files: oneFile(SOURCE),
};
