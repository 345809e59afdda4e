/** Template: Donchian breakout, the strategy of the house as source. */
import { oneFile, type Template } from './template.ts';

const SOURCE = `import { atr, donchian, flag, integer, real, strategy } from 'mainspring';

/** A number as people read it. */
const shown = (value: number): string => String(Number(value.toFixed(6)));

/** The rule of R. Donchian as the Turtles traded it, on closes. The channel is that of the bars before: with the current bar in it, no close could ever leave it. */
export default strategy({
  kind: 'my_donchian_breakout',
  title: 'Donchian breakout',
  description: 'Buys when a close rises above the highest high of the bars before it and sells when a close falls below the lowest low of a shorter stretch. May go short the other way round.',
  scope: 'symbol',
  usesShorts: true,
  parameters: {
    entryPeriod: integer(20, { min: 2, max: 500, unit: 'bars', describe: 'Bars before the current one whose highest high must be broken' }),
    exitPeriod: integer(10, { min: 1, max: 500, unit: 'bars', describe: 'Bars before the current one whose lowest low ends the position, fewer than for the entry' }),
    goesShort: flag(false, 'Also sells short when a close falls below the lowest low; only where the account may short'),
    atrPeriod: integer(14, { min: 1, max: 500, unit: 'bars', describe: 'Bars of the average true range that sizing and exits use' }),
    stopAtr: real(0, { min: 0, max: 100, step: 0.5, unit: 'average true ranges', describe: 'Stop-loss at the broker, on the losing side of the entry; 0 = none' }),
    takeProfitAtr: real(0, { min: 0, max: 100, step: 0.5, unit: 'average true ranges', describe: 'Take-profit at the broker, on the winning side of the entry; 0 = none' }),
  },
  check: ({ entryPeriod, exitPeriod }) => (exitPeriod < entryPeriod ? null : 'the exit must look back on fewer bars than the entry'),
  indicators: ({ entryPeriod, exitPeriod, atrPeriod }) => ({ entry: donchian(entryPeriod), exit: donchian(exitPeriod), range: atr(atrPeriod) }),
  onBar({ on, parameters }) {
    const { entry, exit, range } = on.indicators;
    const { entryPeriod, exitPeriod, goesShort, stopAtr, takeProfitAtr } = parameters;
    const close = on.close.now;
    // upperBefore and lowerBefore: the channels as they stood before this bar.
    const [high, low] = [entry.upperBefore.now, entry.lowerBefore.now];
    const [exitHigh, exitLow] = [exit.upperBefore.now, exit.lowerBefore.now];
    const { side } = on.wish;
    const breaksUp = on.check('Buy: close above the highest high before', close > high, close, high);
    const breaksDown = goesShort && on.check('Short: close below the lowest low before', close < low, close, low);
    const leaves = side !== 'short' && on.check('Sell: close below the lowest low of the shorter channel', close < exitLow, close, exitLow);
    const covers = side === 'short' && on.check('Cover: close above the highest high of the shorter channel', close > exitHigh, close, exitHigh);
    const because = (words: string, level: number, bars: number) => () => [{ name: 'Close', value: shown(close), threshold: words + ' of ' + bars + ' bars, ' + shown(level) }];
    // Exits lie on the other side of a short: its stop above, its target below.
    const exits = (up: 1 | -1) => {
      if (!(range.now > 0)) return {};
      const stopPrice = close - up * stopAtr * range.now;
      const takeProfitPrice = close + up * takeProfitAtr * range.now;
      return { atr: range.now, ...(stopAtr > 0 && stopPrice > 0 ? { stopPrice } : {}), ...(takeProfitAtr > 0 && takeProfitPrice > 0 ? { takeProfitPrice } : {}) };
    };
    if (breaksUp) on.long({ ...exits(1), reasons: because('above the highest high', high, entryPeriod) });
    else if (breaksDown) on.short({ ...exits(-1), reasons: because('below the lowest low', low, entryPeriod) });
    else if (leaves) on.flat({ reasons: because('below the lowest low', exitLow, exitPeriod) });
    else if (covers) on.flat({ reasons: because('above the highest high', exitHigh, exitPeriod) });
  },
});
`;

/** Donchian breakout. */
export const DONCHIAN_BREAKOUT: Template = {
  templateId: 'donchian_breakout', title: 'Donchian breakout', description: 'Buys when a close rises above the highest high of the bars before it and sells when a close falls below the lowest low of a shorter stretch. May go short the other way round.', level: 'common', isExample: false, scope: 'symbol',
  teaches: ['Channels without the present bar', 'Long and short in one strategy', 'What was wished last: on.wish'], suggested: { symbols: ['SPY', 'NVDA'], timeframe: '1Day' }, files: oneFile(SOURCE),
};
