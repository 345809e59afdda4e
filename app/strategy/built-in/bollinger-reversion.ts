/** Bollinger reversion: long when the close falls below the lower band, flat when it is back at the middle. */
import * as z from 'zod';
import { atr } from '#app/indicators/atr.ts';
import { bbands } from '#app/indicators/bbands.ts';
import { entryOptions, exitParameters } from '../exits.ts';
import { integer, real } from '../parameters.ts';
import { reasonNumber } from '../reason.ts';
import { strategy } from '../spec.ts';

/** Reversion to the middle of J. Bollinger's bands (Bollinger on Bollinger Bands, 2001). */
export const bollingerReversion = strategy({
  kind: 'bollinger_reversion',
  title: 'Bollinger reversion',
  description: 'Buys when a close falls below the lower Bollinger band and sells when a close is back at the middle or above it.',
  scope: 'symbol',
  parameters: {
    period: integer(20, { min: 2, max: 500, describe: 'Bars of the average and of the standard deviation' }),
    width: real(2, { min: 0.5, max: 5, step: 0.25, unit: 'standard deviations', describe: 'Distance of the bands from the middle' }),
    ...exitParameters,
  },
  indicators: ({ period, width, atrPeriod }) => ({ bands: bbands(period, width), range: atr(atrPeriod) }),
  state: z.object({}),
  initialState: () => ({}),
  onBar({ on, parameters }) {
    const { bands, range } = on.indicators;
    const close = on.close.now;
    const [lower, middle] = [bands.lower.now, bands.middle.now];
    const isCheap = on.check('Buy: close below the lower band', close < lower, close, lower);
    const isBack = on.check('Sell: close at the middle band or above it', close >= middle, close, middle);
    if (isCheap) {
      const reasons = () => [{ name: 'Close', value: reasonNumber(close), threshold: `below the lower band (${parameters.period} bars, ${reasonNumber(parameters.width)} deviations) ${reasonNumber(lower)}` }];
      on.long(entryOptions({ side: 'long', close, atr: range.now, reasons }, parameters));
    } else if (isBack) on.flat({ reasons: () => [{ name: 'Close', value: reasonNumber(close), threshold: `back at the middle band ${reasonNumber(middle)}` }] });
  },
});
