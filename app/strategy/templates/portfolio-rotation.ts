/** Template: the strongest two, an example of a portfolio. */
import { oneFile, type Template } from './template.ts';

const SOURCE = `// A portfolio strategy sees all of its symbols at one moment and says what part of the money goes where.
import { integer, real, roc, sma, strategy } from 'mainspring';

export default strategy({
  kind: 'strongest_two',
  title: 'The strongest two',
  description: 'Every few weeks it holds the symbols that rose most, in equal parts, and cash in place of what is below its own average.',

  // 'portfolio': onBar is called once per moment, with all symbols in 'all'. It takes 2 to 50 of them.
  scope: 'portfolio',
  symbols: [2, 50],

  parameters: {
    period: integer(40, { min: 5, max: 250, step: 5, unit: 'bars', describe: 'Bars over which the rise is measured' }),
    hold: integer(2, { min: 1, max: 20, unit: 'symbols', describe: 'Symbols to hold' }),
    weeks: integer(2, { min: 1, max: 12, unit: 'weeks', describe: 'Weeks between two choices' }),
    invested: real(0.9, { min: 0.1, max: 1, step: 0.1, unit: 'part of equity', describe: 'Part of the equity to spread; the rest stays cash' }),
  },
  indicators: ({ period }) => ({ rise: roc(period), average: sma(period) }),

  // Memory lives in 'state', and nowhere else: it is written into the book after every bar, so that a restart changes nothing.
  initialState: () => ({ period: -1 }),
  // Bars of a day after which that memory is the same wherever it began.
  forgetting: ({ weeks }) => 5 * weeks + 5,

  onBar({ on, all, time, state, parameters }) {
    // Decided by the calendar, not by counting bars: one that was started on another day would count to other days, and trade on them.
    // 'time' is the close of the bar in milliseconds since 1970, a Thursday; 345,600,000 later came the first Monday.
    const week = Math.floor((time - 345_600_000) / 604_800_000);
    const period = Math.floor(week / parameters.weeks);
    if (!on.check('Choose: a new period has begun', period !== state.period, period, state.period)) return;
    state.period = period;

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
  templateId: 'portfolio_rotation', title: 'The strongest two', description: 'Holds the symbols that rose most, in equal parts, and chooses anew every few weeks. Explains portfolios, weights and memory.', level: 'common', isExample: true, scope: 'portfolio',
  teaches: ['All symbols at one moment', 'Weights of the equity', 'Memory in state', 'Deciding by the calendar'], suggested: { symbols: ['AAPL', 'AMZN', 'GOOGL', 'META', 'MSFT'], timeframe: '1Day' }, files: oneFile(SOURCE),
};
