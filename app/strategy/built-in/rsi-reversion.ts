/** RSI reversion: long when the index says oversold, flat when it has come back. */
import * as z from 'zod';
import { atr } from '#app/indicators/atr.ts';
import { rsi } from '#app/indicators/rsi.ts';
import { entryOptions, exitParameters } from '../exits.ts';
import { integer, real } from '../parameters.ts';
import { reasonNumber } from '../reason.ts';
import { strategy } from '../spec.ts';

/** Buys what fell, sells what came back. */
export const rsiReversion = strategy({
  kind: 'rsi_reversion',
  title: 'RSI reversion',
  description: 'Buys when the relative strength index falls below its entry level and sells when it has risen above its exit level.',
  scope: 'symbol',
  parameters: {
    period: integer(14, { min: 1, max: 500, describe: 'Bars of the index' }),
    entryBelow: real(30, { min: 0, max: 100, step: 1, unit: 'index', describe: 'Buys when the index falls below this' }),
    exitAbove: real(55, { min: 0, max: 100, step: 1, unit: 'index', describe: 'Sells when the index rises above this' }),
    ...exitParameters,
  },
  check: ({ entryBelow, exitAbove }) => (entryBelow < exitAbove ? null : 'the entry level must lie below the exit level'),
  indicators: ({ period, atrPeriod }) => ({ strength: rsi(period), range: atr(atrPeriod) }),
  state: z.object({ hasMoved: z.boolean() }),
  initialState: () => ({ hasMoved: false }),
  onBar({ on, state, parameters }) {
    const value = on.indicators.strength.now;
    const range = on.indicators.range.now;
    // A market that never moved has an index of 0 by convention; it is not oversold.
    if (value > 0 || on.close.now !== on.close.ago(1)) state.hasMoved = true;
    const { period, entryBelow, exitAbove } = parameters;
    const reasons = () => [{ name: `RSI(${period})`, value: reasonNumber(value), threshold: value < entryBelow ? `below ${reasonNumber(entryBelow)}` : `above ${reasonNumber(exitAbove)}` }];
    const isOversold = on.check('Buy: RSI below the entry level', value < entryBelow, value, entryBelow);
    const hasMoved = on.check('Buy: the price has moved since the first bar', state.hasMoved);
    const isBack = on.check('Sell: RSI above the exit level', value > exitAbove, value, exitAbove);
    if (isOversold && hasMoved) on.long(entryOptions({ side: 'long', close: on.close.now, atr: range, reasons }, parameters));
    else if (isBack) on.flat({ atr: range, reasons });
  },
});
