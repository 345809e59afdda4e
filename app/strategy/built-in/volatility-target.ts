/** Volatility target: always invested, with a weight that keeps the swings of the position at one size. */
import * as z from 'zod';
import { integer, real } from '../parameters.ts';
import { reasonNumber } from '../reason.ts';
import { strategy } from '../spec.ts';
import type { Series } from '../series.ts';

/** Weight = target / realised volatility, capped (A. Moreira and T. Muir, Journal of Finance 72(4), 2017, pages 1611-1644, scale by variance; this is the milder form by volatility). */
export const volatilityTarget = strategy({
  kind: 'volatility_target',
  title: 'Volatility target',
  description: 'Holds its symbol with the weight that gives the position the wished volatility: less when the market is wild, more when it is calm, never more than the cap.',
  scope: 'symbol',
  parameters: {
    period: integer(20, { min: 2, max: 500, describe: 'Returns of which the volatility is made' }),
    target: real(15, { min: 1, max: 100, step: 1, unit: 'percent a year', describe: 'Volatility that the position shall have' }),
    cap: real(1, { min: 0.1, max: 4, step: 0.1, unit: 'part of equity', describe: 'Largest weight; above 1 only where the account has margin' }),
    band: real(0.1, { min: 0, max: 1, step: 0.05, unit: 'part of equity', describe: 'The weight is left alone while it is off by no more than this' }),
    barsPerYear: integer(252, { min: 1, max: 100_000, describe: 'Bars in a year: 252 days, 1,764 hours, 98,280 minutes' }),
  },
  indicators: () => ({}),
  history: ({ period }) => period,
  state: z.object({}),
  initialState: () => ({}),
  onBar({ on, parameters }) {
    const { target, cap, band, period } = parameters;
    const volatility = realised(on.close, parameters);
    const wanted = volatility > 0 ? Math.min(cap, target / volatility) : cap;
    const held = on.wish.weight ?? 0;
    const isNew = on.check('Trade: no weight was wished so far', !(held > 0), held);
    const isOff = on.check('Trade: the weight is off by more than the band', !(Math.abs(wanted - held) <= band), Math.abs(wanted - held), band);
    if (!isNew && !isOff) return;
    on.weight(wanted, { reasons: () => [{ name: `Volatility of ${period} returns`, value: `${reasonNumber(volatility)} % a year`, threshold: `target ${reasonNumber(target)} %: weight ${reasonNumber(wanted)}, before ${reasonNumber(held)}` }] });
  },
});

/**
 * Standard deviation (n - 1) of the last `period` simple returns, percent a year. Closes 100, 101, 99.99 have returns of +1 % and -1 %: deviation 1.414214 % a bar, 22.449944 % over 252 bars.
 */
export function realised(close: Pick<Series, 'ago'>, { period, barsPerYear }: { readonly period: number; readonly barsPerYear: number }): number {
  let sum = 0;
  for (let bars = 0; bars < period; bars += 1) sum += close.ago(bars) / close.ago(bars + 1) - 1;
  const mean = sum / period;
  let squares = 0;
  for (let bars = 0; bars < period; bars += 1) squares += (close.ago(bars) / close.ago(bars + 1) - 1 - mean) ** 2;
  return 100 * Math.sqrt((squares / (period - 1)) * barsPerYear);
}
