/** RSI reversion: long when the index says oversold, flat when it has come back. */
import * as z from 'zod';
import { atrNext, atrStart, atrStateSchema, atrValue } from '#app/indicators/atr.ts';
import { periodSchema } from '#app/indicators/period.ts';
import { rsiHasMoved, rsiNext, rsiStart, rsiStateSchema } from '#app/indicators/rsi.ts';
import { defineStrategy, exitParameters, exitsOf, reasonNumber, type StrategyDefinition } from './strategy.ts';

const level = z.number().min(0).max(100);
const parameters = z
  .strictObject({
    period: periodSchema.default(14).describe('Bars of the index'),
    entryBelow: level.default(30).describe('Buys when the index falls below this'),
    exitAbove: level.default(55).describe('Sells when the index rises above this'),
    atrPeriod: periodSchema.default(14).describe('Bars of the average true range that sizing and exits may use'),
    ...exitParameters,
  })
  .refine((given) => given.entryBelow < given.exitAbove, { message: 'the entry level must lie below the exit level', path: ['entryBelow'] });
type Parameters = z.output<typeof parameters>;

const state = z.object({ rsi: rsiStateSchema, atr: atrStateSchema, /** Index after the last bar, 0..100; null until there are enough bars. */ value: z.number().nullable() });
type State = z.infer<typeof state>;

/** The definition, open for tests; run it through `rsiReversion`. */
export const rsiReversionDefinition: StrategyDefinition<Parameters, State> = {
  kind: 'rsi_reversion',
  title: 'RSI reversion',
  description: 'Buys when the relative strength index falls below its entry level and sells when it has risen above its exit level.',
  parameters,
  state,
  warmUpBars: (given) => Math.max(given.period, given.atrPeriod) + 1,
  initialState: (given) => ({ rsi: rsiStart(given.period), atr: atrStart(given.atrPeriod), value: null }),
  onBar(now, bar, given) {
    const value = rsiNext(now.rsi, bar.close);
    atrNext(now.atr, bar);
    // A market that never moved has an index of 0 by convention; it is not oversold.
    if (Number.isNaN(value) || !rsiHasMoved(now.rsi)) return null;
    now.value = value;
    if (value < given.entryBelow) return 'long';
    return value > given.exitAbove ? 'flat' : null;
  },
  explain(now, given) {
    const value = now.value ?? NaN;
    const threshold = value < given.entryBelow ? `below ${reasonNumber(given.entryBelow)}` : `above ${reasonNumber(given.exitAbove)}`;
    return [{ name: `RSI(${given.period})`, value: reasonNumber(value), threshold }];
  },
  averageTrueRange: (now) => atrValue(now.atr),
  exits: exitsOf,
  indicators: (given) => [`RSI_${given.period}`, `ATR_${given.atrPeriod}`],
};

/** RSI reversion. */
export const rsiReversion = defineStrategy(rsiReversionDefinition);
