/** Template: two averages, an example of a crossing. */
import { oneFile, type Template } from './template.ts';

const SOURCE = `// Two averages of the price: while the fast one is above the slow one, hold the symbol.
import { integer, sma, strategy } from 'mainspring';

export default strategy({
  kind: 'first_cross',
  title: 'Two averages',
  description: 'Buys when the fast average crosses above the slow one, sells when it crosses below.',
  scope: 'symbol',
  parameters: {
    fast: integer(10, { min: 2, max: 100, unit: 'bars', describe: 'Bars of the fast average' }),
    slow: integer(40, { min: 5, max: 300, unit: 'bars', describe: 'Bars of the slow average' }),
  },
  check: ({ fast, slow }) => (fast < slow ? null : 'the fast average must have fewer bars than the slow one'),
  indicators: ({ fast, slow }) => ({ fast: sma(fast), slow: sma(slow) }),

  onBar({ on }) {
    const { fast, slow } = on.indicators;

    // 'now' is the number at the close of this bar, 'ago(1)' that of the bar before. There is no bar after this one.
    // A crossing is an event: it was on one side, now it is on the other. A level ("fast above slow") is true for many bars.
    const crossesUp = on.check('Buy: fast average crossed above the slow one', fast.ago(1) <= slow.ago(1) && fast.now > slow.now, fast.now, slow.now);
    const crossesDown = on.check('Sell: fast average crossed below the slow one', fast.ago(1) >= slow.ago(1) && fast.now < slow.now, fast.now, slow.now);

    // 'reasons' are written beside the order, so that you can read months later why it was there. They are only asked for when a signal comes of it.
    if (crossesUp) on.long({ reasons: () => [{ name: 'Fast average', value: fast.now.toFixed(2), threshold: 'above ' + slow.now.toFixed(2) }] });
    else if (crossesDown) on.flat({ reasons: () => [{ name: 'Fast average', value: fast.now.toFixed(2), threshold: 'below ' + slow.now.toFixed(2) }] });
  },
});

// What happens when both averages are exactly equal for a few bars? The strategy of the house ("Moving-average crossover") has an answer; compare the two.
`;

/** Two averages. */
export const FIRST_CROSS: Template = {
  templateId: 'first_cross', title: 'Two averages', description: 'Buys when a fast average crosses above a slow one. Explains the difference between an event and a level, and how to leave reasons behind.', level: 'first', isExample: true, scope: 'symbol',
  teaches: ['now and ago(1)', 'A crossing is an event', 'Reasons beside an order'], suggested: { symbols: ['AAPL', 'SPY'], timeframe: '1Day' }, files: oneFile(SOURCE),
};
