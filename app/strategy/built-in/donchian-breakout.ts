/** Donchian breakout: long when the close leaves the channel of the bars before it upwards, out when it leaves a shorter one downwards. */
import * as z from 'zod';
import { atr } from '#app/indicators/atr.ts';
import { donchian } from '#app/indicators/donchian.ts';
import { entryOptions, exitParameters } from '../exits.ts';
import { flag, integer } from '../parameters.ts';
import { reasonNumber } from '../reason.ts';
import { strategy } from '../spec.ts';

/** The rule of R. Donchian as the Turtles traded it (C. Faith, Way of the Turtle, 2007), on closes. The channel is that of the bars before: with the current bar in it, no close could ever leave it. */
export const donchianBreakout = strategy({
  kind: 'donchian_breakout',
  title: 'Donchian breakout',
  description: 'Buys when a close rises above the highest high of the bars before it and sells when a close falls below the lowest low of a shorter stretch. May go short the other way round.',
  scope: 'symbol',
  usesShorts: ({ goesShort }) => goesShort,
  parameters: {
    entryPeriod: integer(20, { min: 2, max: 500, describe: 'Bars before the current one whose highest high must be broken' }),
    exitPeriod: integer(10, { min: 1, max: 500, describe: 'Bars before the current one whose lowest low ends the position, fewer than for the entry' }),
    goesShort: flag(false, 'Also sells short when a close falls below the lowest low; only where the account may short'),
    ...exitParameters,
  },
  check: ({ entryPeriod, exitPeriod }) => (exitPeriod < entryPeriod ? null : 'the exit must look back on fewer bars than the entry'),
  indicators: ({ entryPeriod, exitPeriod, atrPeriod }) => ({ entry: donchian(entryPeriod), exit: donchian(exitPeriod), range: atr(atrPeriod) }),
  state: z.object({}),
  initialState: () => ({}),
  onBar({ on, parameters }) {
    const { entry, exit, range } = on.indicators;
    const close = on.close.now;
    // The channels as they stood before this bar.
    const [high, low] = [entry.upperBefore.now, entry.lowerBefore.now];
    const [exitHigh, exitLow] = [exit.upperBefore.now, exit.lowerBefore.now];
    const because = (side: 'above' | 'below', level: number, bars: number) => () => [{ name: 'Close', value: reasonNumber(close), threshold: `${side} the ${side === 'above' ? 'highest high' : 'lowest low'} of ${bars} bars, ${reasonNumber(level)}` }];
    const { side } = on.wish;
    const breaksUp = on.check('Buy: close above the highest high before', close > high, close, high);
    const breaksDown = parameters.goesShort && on.check('Short: close below the lowest low before', close < low, close, low);
    const leaves = side !== 'short' && on.check('Sell: close below the lowest low of the shorter channel', close < exitLow, close, exitLow);
    const covers = side === 'short' && on.check('Cover: close above the highest high of the shorter channel', close > exitHigh, close, exitHigh);
    if (breaksUp) on.long(entryOptions({ side: 'long', close, atr: range.now, reasons: because('above', high, parameters.entryPeriod) }, parameters));
    else if (breaksDown) on.short(entryOptions({ side: 'short', close, atr: range.now, reasons: because('below', low, parameters.entryPeriod) }, parameters));
    else if (leaves) on.flat({ reasons: because('below', exitLow, parameters.exitPeriod) });
    else if (covers) on.flat({ reasons: because('above', exitHigh, parameters.exitPeriod) });
  },
});
