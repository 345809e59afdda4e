/** Template: RSI reversion, the strategy of the house as source. */
import { oneFile, type Template } from './template.ts';

const SOURCE = `import { atr, integer, real, rsi, strategy } from 'mainspring';

/** A number as people read it. */
const shown = (value: number): string => String(Number(value.toFixed(6)));

/** Buys what fell, sells what came back. */
export default strategy({
  kind: 'my_rsi_reversion',
  title: 'RSI reversion',
  description: 'Buys when the relative strength index falls below its entry level and sells when it has risen above its exit level.',
  scope: 'symbol',
  parameters: {
    period: integer(14, { min: 1, max: 500, unit: 'bars', describe: 'Bars of the index' }),
    entryBelow: real(30, { min: 0, max: 100, step: 1, unit: 'index', describe: 'Buys when the index falls below this' }),
    exitAbove: real(55, { min: 0, max: 100, step: 1, unit: 'index', describe: 'Sells when the index rises above this' }),
    atrPeriod: integer(14, { min: 1, max: 500, unit: 'bars', describe: 'Bars of the average true range that sizing and exits use' }),
    stopAtr: real(0, { min: 0, max: 100, step: 0.5, unit: 'average true ranges', describe: 'Stop-loss at the broker below the entry; 0 = none' }),
    takeProfitAtr: real(0, { min: 0, max: 100, step: 0.5, unit: 'average true ranges', describe: 'Take-profit at the broker above the entry; 0 = none' }),
  },
  check: ({ entryBelow, exitAbove }) => (entryBelow < exitAbove ? null : 'the entry level must lie below the exit level'),
  indicators: ({ period, atrPeriod }) => ({ strength: rsi(period), range: atr(atrPeriod) }),
  initialState: () => ({ hasMoved: false }),
  onBar({ on, state, parameters }) {
    const value = on.indicators.strength.now;
    const range = on.indicators.range.now;
    const close = on.close.now;
    // A market that never moved has an index of 0 by convention; it is not oversold.
    if (value > 0 || close !== on.close.ago(1)) state.hasMoved = true;
    const { period, entryBelow, exitAbove, stopAtr, takeProfitAtr } = parameters;
    const isOversold = on.check('Buy: RSI below the entry level', value < entryBelow, value, entryBelow);
    const hasMoved = on.check('Buy: the price has moved since the first bar', state.hasMoved);
    const isBack = on.check('Sell: RSI above the exit level', value > exitAbove, value, exitAbove);
    const reasons = () => [{ name: 'RSI(' + period + ')', value: shown(value), threshold: value < entryBelow ? 'below ' + shown(entryBelow) : 'above ' + shown(exitAbove) }];
    if (isOversold && hasMoved) {
      // In a market that does not move at all there is no range to measure exits in.
      const hasRange = range > 0;
      const stopPrice = close - stopAtr * range;
      on.long({
        ...(hasRange ? { atr: range } : {}),
        ...(hasRange && stopAtr > 0 && stopPrice > 0 ? { stopPrice } : {}),
        ...(hasRange && takeProfitAtr > 0 ? { takeProfitPrice: close + takeProfitAtr * range } : {}),
        reasons,
      });
    } else if (isBack) on.flat({ atr: range, reasons });
  },
});
`;

/** RSI reversion. */
export const RSI_REVERSION: Template = {
  templateId: 'rsi_reversion', title: 'RSI reversion', description: 'Buys when the relative strength index falls below its entry level and sells when it has risen above its exit level.', level: 'common', isExample: false, scope: 'symbol',
  teaches: ['Two levels, so that it does not flicker', 'A memory of one word', 'What to do where nothing moves'], suggested: { symbols: ['AAPL', 'NVDA'], timeframe: '1Day' }, files: oneFile(SOURCE),
};
