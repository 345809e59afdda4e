/** Template: volatility target, the strategy of the house as source. */
import { oneFile, type Template } from './template.ts';

const SOURCE = `import { integer, real, strategy, type Series } from 'mainspring';

/** A number as people read it. */
const shown = (value: number): string => String(Number(value.toFixed(6)));

/** Standard deviation (n - 1) of the last so many simple returns, percent a year. */
function realised(close: Series, period: number, barsPerYear: number): number {
  let sum = 0;
  for (let bars = 0; bars < period; bars += 1) sum += close.ago(bars) / close.ago(bars + 1) - 1;
  const mean = sum / period;
  let squares = 0;
  for (let bars = 0; bars < period; bars += 1) squares += (close.ago(bars) / close.ago(bars + 1) - 1 - mean) ** 2;
  return 100 * Math.sqrt((squares / (period - 1)) * barsPerYear);
}

/** Weight = target / realised volatility, capped (the milder form of A. Moreira and T. Muir, Journal of Finance 72(4), 2017, who scale by variance). */
export default strategy({
  kind: 'my_volatility_target',
  title: 'Volatility target',
  description: 'Holds its symbol with the weight that gives the position the wished volatility: less when the market is wild, more when it is calm, never more than the cap.',
  scope: 'symbol',
  parameters: {
    period: integer(20, { min: 2, max: 500, unit: 'bars', describe: 'Returns of which the volatility is made' }),
    target: real(15, { min: 1, max: 100, step: 1, unit: 'percent a year', describe: 'Volatility that the position shall have' }),
    cap: real(1, { min: 0.1, max: 4, step: 0.1, unit: 'part of equity', describe: 'Largest weight; above 1 only where the account has margin' }),
    band: real(0.1, { min: 0, max: 1, step: 0.05, unit: 'part of equity', describe: 'The weight is left alone while it is off by no more than this' }),
    barsPerYear: integer(252, { min: 1, max: 100_000, unit: 'bars', describe: 'Bars in a year: 252 days, 1,764 hours, 98,280 minutes' }),
  },
  indicators: () => ({}),
  // It looks back with ago(period): say so, or live there are no bars that far back.
  history: ({ period }) => period,
  onBar({ on, parameters }) {
    const { target, cap, band, period, barsPerYear } = parameters;
    const volatility = realised(on.close, period, barsPerYear);
    const wanted = volatility > 0 ? Math.min(cap, target / volatility) : cap;
    const held = on.wish.weight ?? 0;
    const isNew = on.check('Trade: no weight was wished so far', !(held > 0), held);
    // A weight that changes a little at every bar would be an order at every bar.
    const isOff = on.check('Trade: the weight is off by more than the band', !(Math.abs(wanted - held) <= band), Math.abs(wanted - held), band);
    if (!isNew && !isOff) return;
    on.weight(wanted, { reasons: () => [{ name: 'Volatility of ' + period + ' returns', value: shown(volatility) + ' % a year', threshold: 'target ' + shown(target) + ' %: weight ' + shown(wanted) + ', before ' + shown(held) }] });
  },
});
`;

/** Volatility target. */
export const VOLATILITY_TARGET: Template = {
  templateId: 'volatility_target', title: 'Volatility target', description: 'Holds its symbol with the weight that gives the position the wished volatility: less when the market is wild, more when it is calm, never more than the cap.', level: 'advanced', isExample: false, scope: 'symbol',
  teaches: ['Weights in place of long and flat', 'Looking back over many bars', 'Leaving small differences alone'], suggested: { symbols: ['SPY'], timeframe: '1Day' }, files: oneFile(SOURCE),
};
