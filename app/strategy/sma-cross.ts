/** Moving-average crossover: long when the fast average crosses above the slow one, flat when it crosses below. */
import * as z from 'zod';
import { atrNext, atrStart, atrStateSchema, atrValue } from '#app/indicators/atr.ts';
import { periodSchema } from '#app/indicators/period.ts';
import { smaNext, smaStart, smaStateSchema } from '#app/indicators/sma.ts';
import { defineStrategy, exitParameters, exitsOf, reasonNumber, type StrategyDefinition } from './strategy.ts';

const parameters = z
  .strictObject({
    fast: periodSchema.default(10).describe('Bars of the fast average'),
    slow: periodSchema.default(30).describe('Bars of the slow average, more than the fast one'),
    atrPeriod: periodSchema.default(14).describe('Bars of the average true range that sizing and exits may use'),
    ...exitParameters,
  })
  .refine((given) => given.fast < given.slow, { message: 'the fast average must be shorter than the slow one', path: ['fast'] });
type Parameters = z.output<typeof parameters>;

/** `side`: 1 when the fast average was last above the slow one, -1 below, 0 before they ever differed. */
const state = z.object({
  fast: smaStateSchema, slow: smaStateSchema, atr: atrStateSchema, side: z.union([z.literal(1), z.literal(-1), z.literal(0)]),
  /** The averages after the last bar, dollars; null until there are enough bars. */
  fastValue: z.number().nullable(), slowValue: z.number().nullable(),
});
type State = z.infer<typeof state>;

/** The definition, open for tests; run it through `smaCross`. */
export const smaCrossDefinition: StrategyDefinition<Parameters, State> = {
  kind: 'sma_cross',
  title: 'Moving-average crossover',
  description: 'Buys when the fast simple average of closes crosses above the slow one and sells when it crosses below. Averages that merely touch are no crossing.',
  parameters,
  state,
  warmUpBars: (given) => Math.max(given.slow, given.atrPeriod + 1),
  initialState: (given) => ({ fast: smaStart(given.fast), slow: smaStart(given.slow), atr: atrStart(given.atrPeriod), side: 0, fastValue: null, slowValue: null }),
  onBar(now, bar) {
    const fast = smaNext(now.fast, bar.close);
    const slow = smaNext(now.slow, bar.close);
    atrNext(now.atr, bar);
    if (Number.isNaN(slow)) return null;
    now.fastValue = fast;
    now.slowValue = slow;
    const before = now.side;
    if (fast > slow) now.side = 1;
    else if (fast < slow) now.side = -1;
    if (before === 0 || before === now.side) return null;
    return now.side === 1 ? 'long' : 'flat';
  },
  explain: (now, given) => [
    { name: `SMA(${given.fast})`, value: reasonNumber(now.fastValue ?? NaN), threshold: `${now.side === 1 ? 'crossed above' : 'crossed below'} SMA(${given.slow}) ${reasonNumber(now.slowValue ?? NaN)}` },
  ],
  averageTrueRange: (now) => atrValue(now.atr),
  exits: exitsOf,
  indicators: (given) => [`SMA_${given.fast}`, `SMA_${given.slow}`, `ATR_${given.atrPeriod}`],
};

/** Moving-average crossover. */
export const smaCross = defineStrategy(smaCrossDefinition);
