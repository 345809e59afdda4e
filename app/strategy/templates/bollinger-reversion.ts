/** Template: Bollinger reversion, the strategy of the house as source. */
import { oneFile, type Template } from './template.ts';

const SOURCE = `import { atr, bbands, integer, real, strategy } from 'mainspring';

/** A number as people read it. */
const shown = (value: number): string => String(Number(value.toFixed(6)));

/** Reversion to the middle of J. Bollinger's bands (Bollinger on Bollinger Bands, 2001). */
export default strategy({
  kind: 'my_bollinger_reversion',
  title: 'Bollinger reversion',
  description: 'Buys when a close falls below the lower Bollinger band and sells when a close is back at the middle or above it.',
  scope: 'symbol',
  parameters: {
    period: integer(20, { min: 2, max: 500, unit: 'bars', describe: 'Bars of the average and of the standard deviation' }),
    width: real(2, { min: 0.5, max: 5, step: 0.25, unit: 'standard deviations', describe: 'Distance of the bands from the middle' }),
    atrPeriod: integer(14, { min: 1, max: 500, unit: 'bars', describe: 'Bars of the average true range that sizing and exits use' }),
    stopAtr: real(0, { min: 0, max: 100, step: 0.5, unit: 'average true ranges', describe: 'Stop-loss at the broker below the entry; 0 = none' }),
    takeProfitAtr: real(0, { min: 0, max: 100, step: 0.5, unit: 'average true ranges', describe: 'Take-profit at the broker above the entry; 0 = none' }),
  },
  indicators: ({ period, width, atrPeriod }) => ({ bands: bbands(period, width), range: atr(atrPeriod) }),
  onBar({ on, parameters }) {
    const { bands, range } = on.indicators;
    const { period, width, stopAtr, takeProfitAtr } = parameters;
    const close = on.close.now;
    const [lower, middle] = [bands.lower.now, bands.middle.now];
    const isCheap = on.check('Buy: close below the lower band', close < lower, close, lower);
    const isBack = on.check('Sell: close at the middle band or above it', close >= middle, close, middle);
    if (isCheap) {
      const hasRange = range.now > 0;
      const stopPrice = close - stopAtr * range.now;
      on.long({
        ...(hasRange ? { atr: range.now } : {}),
        ...(hasRange && stopAtr > 0 && stopPrice > 0 ? { stopPrice } : {}),
        ...(hasRange && takeProfitAtr > 0 ? { takeProfitPrice: close + takeProfitAtr * range.now } : {}),
        reasons: () => [{ name: 'Close', value: shown(close), threshold: 'below the lower band (' + period + ' bars, ' + shown(width) + ' deviations) ' + shown(lower) }],
      });
    } else if (isBack) on.flat({ reasons: () => [{ name: 'Close', value: shown(close), threshold: 'back at the middle band ' + shown(middle) }] });
  },
});
`;

/** Bollinger reversion. */
export const BOLLINGER_REVERSION: Template = {
  templateId: 'bollinger_reversion', title: 'Bollinger reversion', description: 'Buys when a close falls below the lower Bollinger band and sells when a close is back at the middle or above it.', level: 'common', isExample: false, scope: 'symbol',
  teaches: ['An indicator with several outputs', 'Entry and exit at different lines'], suggested: { symbols: ['MSFT', 'AMZN'], timeframe: '1Day' }, files: oneFile(SOURCE),
};
