/** Template: buy a dip, the first example. */
import { oneFile, type Template } from './template.ts';

const SOURCE = `// A strategy is one file with one default export. This one buys what fell too fast while the long trend is up.
// Everything comes from 'mainspring': the indicators, the kinds of parameters, and the function 'strategy'.
import { integer, real, rsi, sma, strategy } from 'mainspring';

export default strategy({
  // The name in the book: small letters, digits and _. Title and description are for people.
  kind: 'first_dip',
  title: 'Buy a dip',
  description: 'Buys when the price is above its long average and the RSI is low. Sells when the RSI has come back.',

  // 'symbol': it runs for each of its symbols apart, and knows nothing of the others.
  scope: 'symbol',

  // Numbers that can be changed without changing the code. A search tries them from min to max.
  parameters: {
    trend: integer(100, { min: 20, max: 300, step: 20, unit: 'bars', describe: 'Bars of the long average that says whether the trend is up' }),
    strength: integer(5, { min: 2, max: 30, unit: 'bars', describe: 'Bars of the RSI' }),
    entryBelow: real(35, { min: 5, max: 50, step: 5, unit: 'index', describe: 'Buys when the RSI falls below this' }),
    exitAbove: real(60, { min: 40, max: 90, step: 5, unit: 'index', describe: 'Sells when the RSI rises above this' }),
  },

  // Values that make no sense together are refused here, before anything runs.
  check: ({ entryBelow, exitAbove }) => (entryBelow < exitAbove ? null : 'the entry level must lie below the exit level'),

  // Indicators are asked for by name; they are kept up to date for you, bar by bar.
  indicators: ({ trend, strength }) => ({ trend: sma(trend), strength: rsi(strength) }),

  // Called at the close of each bar. What you say here is what you wish to hold; the order is made for you, and fills at the next bar.
  onBar({ on, parameters }) {
    const { trend, strength } = on.indicators;
    const close = on.close.now;

    // check() names a condition and gives the answer back: "Why did it (not) trade here" shows it for every bar.
    const isUp = on.check('Buy: close above the long average', close > trend.now, close, trend.now);
    const isDip = on.check('Buy: RSI below the entry level', strength.now < parameters.entryBelow, strength.now, parameters.entryBelow);
    const isBack = on.check('Sell: RSI above the exit level', strength.now > parameters.exitAbove, strength.now, parameters.exitAbove);

    // long() = hold it; how much is decided where the strategy is deployed. flat() = hold nothing.
    // Said again while it is held already, long() changes nothing.
    if (isUp && isDip) on.long();
    else if (isBack) on.flat();
  },
});

// Try this: change 35 to 25, run it again, and compare the two runs. Then write 'on.close.ago(-1)' somewhere and read what the editor says.
`;

/** Buy a dip. */
export const FIRST_DIP: Template = {
  templateId: 'first_dip', title: 'Buy a dip', description: 'Buys what fell too fast while the long trend is up, and sells when it has come back. Every line explains itself: begin here.', level: 'first', isExample: true, scope: 'symbol',
  teaches: ['What a strategy is made of', 'Parameters, indicators, onBar', 'Conditions with names'], suggested: { symbols: ['AAPL', 'MSFT', 'SPY'], timeframe: '1Day' }, files: oneFile(SOURCE),
};
