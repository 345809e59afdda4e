/** Template: moving-average crossover, the strategy of the house as source. */
import { oneFile, type Template } from './template.ts';

const SOURCE = `import { atr, integer, real, sma, strategy } from 'mainspring';

type Side = 1 | -1 | 0;

/** 1 above, -1 below, 0 equal. */
const sideOf = (fast: number, slow: number): Side => (fast > slow ? 1 : fast < slow ? -1 : 0);
/** A number as people read it. */
const shown = (value: number): string => String(Number(value.toFixed(6)));

/** Averages that merely touch are no crossing: what counts is the side on which they last differed. */
export default strategy({
  kind: 'my_sma_cross',
  title: 'Moving-average crossover',
  description: 'Buys when the fast simple average of closes crosses above the slow one and sells when it crosses below.',
  scope: 'symbol',
  parameters: {
    fast: integer(10, { min: 1, max: 500, unit: 'bars', describe: 'Bars of the fast average' }),
    slow: integer(30, { min: 2, max: 1_000, unit: 'bars', describe: 'Bars of the slow average, more than the fast one' }),
    atrPeriod: integer(14, { min: 1, max: 500, unit: 'bars', describe: 'Bars of the average true range that sizing and exits use' }),
    stopAtr: real(0, { min: 0, max: 100, step: 0.5, unit: 'average true ranges', describe: 'Stop-loss at the broker below the entry; 0 = none' }),
    takeProfitAtr: real(0, { min: 0, max: 100, step: 0.5, unit: 'average true ranges', describe: 'Take-profit at the broker above the entry; 0 = none' }),
  },
  check: ({ fast, slow }) => (fast < slow ? null : 'the fast average must be shorter than the slow one'),
  indicators: ({ fast, slow, atrPeriod }) => ({ fast: sma(fast), slow: sma(slow), range: atr(atrPeriod) }),
  initialState: (): { side: Side } => ({ side: 0 }),
  onBar({ on, state, parameters }) {
    const { fast, slow, range } = on.indicators;
    if (state.side === 0) state.side = sideOf(fast.ago(1), slow.ago(1));
    const before = state.side;
    const side = sideOf(fast.now, slow.now);
    // Ask all conditions before the first 'if': those that are not asked are not shown.
    const isAbove = on.check('Buy: fast average above the slow one', side === 1, fast.now, slow.now);
    const wasBelow = on.check('Buy: it was below when they last differed', before === -1);
    const isBelow = on.check('Sell: fast average below the slow one', side === -1, fast.now, slow.now);
    const wasAbove = on.check('Sell: it was above when they last differed', before === 1);
    if (side !== 0) state.side = side;
    const reasons = (words: string) => () => [{ name: 'SMA(' + parameters.fast + ')', value: shown(fast.now), threshold: words + ' SMA(' + parameters.slow + ') ' + shown(slow.now) }];
    if (isAbove && wasBelow) {
      const close = on.close.now;
      const stopPrice = close - parameters.stopAtr * range.now;
      const takeProfitPrice = close + parameters.takeProfitAtr * range.now;
      on.long({
        atr: range.now,
        ...(parameters.stopAtr > 0 && stopPrice > 0 ? { stopPrice } : {}),
        ...(parameters.takeProfitAtr > 0 ? { takeProfitPrice } : {}),
        reasons: reasons('crossed above'),
      });
    } else if (isBelow && wasAbove) on.flat({ atr: range.now, reasons: reasons('crossed below') });
  },
});
`;

/** Moving-average crossover. */
export const SMA_CROSS: Template = {
  templateId: 'sma_cross', title: 'Moving-average crossover', description: 'Buys when the fast simple average of closes crosses above the slow one and sells when it crosses below. Averages that merely touch are no crossing.', level: 'common', isExample: false, scope: 'symbol',
  teaches: ['A crossing that counts once', 'Exits in average true ranges, watched by the broker', 'Conditions by name'], suggested: { symbols: ['AAPL', 'MSFT'], timeframe: '1Day' }, files: oneFile(SOURCE),
};
