/** Template: the strongest two, an example of a portfolio. */
import { oneFile, type Template } from './template.ts';

const SOURCE = `// A portfolio strategy sees all of its symbols at one moment and says what part of the money goes where.
import { integer, real, roc, sma, strategy } from 'mainspring';

export default strategy({
  kind: 'strongest_two',
  title: 'The strongest two',
  description: 'Every few bars it holds the symbols that rose most, in equal parts, and cash in place of what is below its own average.',

  // 'portfolio': onBar is called once per moment, with all symbols in 'all'. It takes 2 to 50 of them.
  scope: 'portfolio',
  symbols: [2, 50],

  parameters: {
    period: integer(40, { min: 5, max: 250, step: 5, unit: 'bars', describe: 'Bars over which the rise is measured' }),
    hold: integer(2, { min: 1, max: 20, unit: 'symbols', describe: 'Symbols to hold' }),
    every: integer(10, { min: 1, max: 60, unit: 'bars', describe: 'Bars between two choices' }),
    invested: real(0.9, { min: 0.1, max: 1, step: 0.1, unit: 'part of equity', describe: 'Part of the equity to spread; the rest stays cash' }),
  },
  indicators: ({ period }) => ({ rise: roc(period), average: sma(period) }),

  // Memory lives in 'state', and nowhere else: it is written into the book after every bar, so that a restart changes nothing.
  initialState: () => ({ wait: 0 }),

  onBar({ on, all, state, parameters }) {
    if (state.wait > 0) state.wait -= 1;
    if (!on.check('Choose: bars to wait', state.wait === 0, state.wait, 0)) return;
    state.wait = parameters.every;

    // A symbol with too few bars has NaN for an indicator, and NaN > anything is false: it is left out by itself.
    const strong = all
      .filter((view) => view.close.now > view.indicators.average.now)
      .sort((a, b) => b.indicators.rise.now - a.indicators.rise.now)
      .slice(0, parameters.hold);

    for (const view of all) {
      const isChosen = view.check('Hold: among the strongest above their average', strong.includes(view), view.indicators.rise.now);
      // weight(0.45) = 45 % of the equity. 'again' trades back what has drifted from it since the last choice.
      if (isChosen) view.weight(parameters.invested / parameters.hold, { again: true });
      else view.flat();
    }
  },
});
`;

/** The strongest two. */
export const PORTFOLIO_ROTATION: Template = {
  templateId: 'portfolio_rotation', title: 'The strongest two', description: 'Holds the symbols that rose most, in equal parts, and chooses anew every few bars. Explains portfolios, weights and memory.', level: 'common', isExample: true, scope: 'portfolio',
  teaches: ['All symbols at one moment', 'Weights of the equity', 'Memory in state'], suggested: { symbols: ['AAPL', 'AMZN', 'GOOGL', 'META', 'MSFT'], timeframe: '1Day' }, files: oneFile(SOURCE),
};
