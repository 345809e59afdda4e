/** Template: with the day, an example of wider bars. */
import { oneFile, type Template } from './template.ts';

const SOURCE = `// Two widths of bars: the days say whether to buy at all, the hours say when.
import { integer, real, rsi, sma, strategy } from 'mainspring';

export default strategy({
  kind: 'with_the_days',
  title: 'With the days',
  description: 'Buys dips of hours while the days rise.',
  scope: 'symbol',
  parameters: {
    days: integer(10, { min: 2, max: 100, unit: 'days', describe: 'Days of the average' }),
    entryBelow: real(35, { min: 5, max: 50, step: 5, unit: 'index', describe: 'Buys when the RSI of the hours is below this' }),
    exitAbove: real(70, { min: 50, max: 95, step: 5, unit: 'index', describe: 'Sells when it is above this' }),
  },
  // { timeframe: '1Day' } makes an indicator of days, whatever the bars of the strategy are. Only days that are over count:
  // during a day you see the number of the day before. Nothing of this evening is known at noon.
  indicators: ({ days }) => ({ day: sma(days, { timeframe: '1Day' }), strength: rsi(5) }),

  onBar({ on, parameters }) {
    const { day, strength } = on.indicators;
    const isRising = on.check('Buy: close above the average of the days', on.close.now > day.now, on.close.now, day.now);
    const isDip = on.check('Buy: RSI of the hours is low', strength.now < parameters.entryBelow, strength.now, parameters.entryBelow);
    const hasTurned = on.check('Sell: close below the average of the days', on.close.now < day.now, on.close.now, day.now);
    const isDone = strength.now > parameters.exitAbove;
    if (isRising && isDip) on.long();
    else if (hasTurned || isDone) on.flat();
  },
});

// Run it with bars of an hour. With days it works as well, and the average is then one day late: compare.
`;

/** With the days. */
export const WIDER_BARS: Template = {
  templateId: 'wider_bars', title: 'With the days', description: 'Buys dips of hours while the days rise. Explains indicators of wider bars, and why they show the day before.', level: 'common', isExample: true, scope: 'symbol',
  teaches: ['Indicators of wider bars', 'Only closed bars count'], suggested: { symbols: ['AAPL', 'SPY'], timeframe: '1Hour' }, files: oneFile(SOURCE),
};
