/** Template: buy and hold, the strategy of the house as source. */
import { oneFile, type Template } from './template.ts';

const SOURCE = `import { strategy } from 'mainspring';

/** Buys at the first close and keeps it: what every other strategy has to beat after its costs. */
export default strategy({
  kind: 'my_buy_and_hold',
  title: 'Buy and hold',
  description: 'Buys at the first bar and never sells.',
  scope: 'symbol',
  parameters: {},
  indicators: () => ({}),
  history: () => 0,
  onBar({ on }) {
    if (on.check('Buy: always', true)) on.long({ reasons: () => [{ name: 'Held', value: 'always', threshold: null }] });
  },
});
`;

/** Buy and hold. */
export const BUY_AND_HOLD: Template = {
  templateId: 'buy_and_hold', title: 'Buy and hold', description: 'Buys at the first bar and never sells. What every other strategy has to beat after its costs.', level: 'first', isExample: false, scope: 'symbol',
  teaches: ['The smallest strategy there is', 'A benchmark for all others'], suggested: { symbols: ['SPY'], timeframe: '1Day' }, files: oneFile(SOURCE),
};
