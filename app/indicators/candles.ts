/** Candles in whole ticks with what counts as long, short, near and doji among the bars before: the yardsticks of TA-Lib's candle patterns. */
import * as z from 'zod';
import { slidingSum, slidingSumSchema, sumPush } from './cells.ts';
import { type AnyIndicator, defineIndicator, type NumericBar } from './indicator.ts';
import { ticksOf } from './period.ts';

const candleSchema = z.object({
  open: z.number(), high: z.number(), low: z.number(), close: z.number(),
  /** Sums over the bars before this one: of bodies, ranges (10 and 5 bars). */
  bodies: z.number(), ranges: z.number(), ranges5: z.number(),
});
/** One candle, prices in ticks. */
export type Candle = z.infer<typeof candleSchema>;

const candlesSchema = z.object({ count: z.number().int(), bodies: slidingSumSchema, ranges: slidingSumSchema, ranges5: slidingSumSchema, candles: z.array(candleSchema).length(4) });
type Candles = z.infer<typeof candlesSchema>;
type Four = [Candle, Candle, Candle, Candle];

/** Bars over which a body or a range is compared (BodyLong, BodyShort, BodyDoji, ShadowVeryShort). */
export const LONG_MEMORY = 10;
/** Bars over which a distance is called near (Near). */
export const NEAR_MEMORY = 5;

/** Length of the real body. */
export const body = ({ open, close }: Candle): number => Math.abs(close - open);
/** Upper end of the real body. */
export const top = ({ open, close }: Candle): number => Math.max(open, close);
/** Lower end of the real body. */
export const bottom = ({ open, close }: Candle): number => Math.min(open, close);
/** Length of the upper shadow. */
export const upperShadow = (candle: Candle): number => candle.high - top(candle);
/** Length of the lower shadow. */
export const lowerShadow = (candle: Candle): number => bottom(candle) - candle.low;
/** Closed at or above its open. */
export const isWhite = ({ open, close }: Candle): boolean => close >= open;
/** 1 for a white candle, -1 for a black one. */
export const colour = (candle: Candle): 1 | -1 => (isWhite(candle) ? 1 : -1);
/** Mean body of the ten bars before. */
export const usualBody = ({ bodies }: Candle): number => bodies / LONG_MEMORY;
/** A body above the mean of the ten bars before (BodyLong; also "not short"). */
export const isLong = (candle: Candle): boolean => body(candle) > usualBody(candle);
/** A body of at most the mean of the ten bars before (BodyShort). */
export const isShort = (candle: Candle): boolean => body(candle) <= usualBody(candle);
/** A body of at most a tenth of the mean range of the ten bars before (BodyDoji). */
export const isDoji = (candle: Candle): boolean => body(candle) <= slight(candle);
/** A tenth of the mean range of the ten bars before: a shadow below it is very short (ShadowVeryShort). */
export const slight = ({ ranges }: Candle): number => ranges / (10 * LONG_MEMORY);
/** A fifth of the mean range of the five bars before: prices that close are near (Near). */
export const near = ({ ranges5 }: Candle): number => ranges5 / (5 * NEAR_MEMORY);
/** Three fifths of the mean range of the five bars before (Far). */
export const far = ({ ranges5 }: Candle): number => (3 * ranges5) / (5 * NEAR_MEMORY);
/** The body of `now` lies above that of `before`. */
export const gapsUp = (now: Candle, before: Candle): boolean => bottom(now) > top(before);
/** The body of `now` lies below that of `before`. */
export const gapsDown = (now: Candle, before: Candle): boolean => top(now) < bottom(before);
/** The body of `now` lies strictly inside that of `before`. */
export const isInside = (now: Candle, before: Candle): boolean => top(now) < top(before) && bottom(now) > bottom(before);
/** 100 when the body of `now` lies strictly inside that of `before`, 80 when an end touches, else 0. */
export function insideness(now: Candle, before: Candle): number {
  if (isInside(now, before)) return 100;
  return top(now) <= top(before) && bottom(now) >= bottom(before) ? 80 : 0;
}
/** The body of `now` reaches beyond both ends of that of `before`, and has the other colour. */
export const engulfs = (now: Candle, before: Candle): boolean => colour(now) !== colour(before) && top(now) > top(before) && bottom(now) < bottom(before);

const blank = (): Candle => ({ open: 0, high: 0, low: 0, close: 0, bodies: 0, ranges: 0, ranges5: 0 });

/** Brings in a bar: the oldest candle's record becomes the newest one's. */
function push(state: Candles, bar: NumericBar): void {
  const { candles, bodies, ranges, ranges5 } = state;
  const [one, two, three, now] = candles as Four;
  candles[0] = now;
  candles[1] = one;
  candles[2] = two;
  candles[3] = three;
  now.open = ticksOf(bar.open);
  now.high = ticksOf(bar.high);
  now.low = ticksOf(bar.low);
  now.close = ticksOf(bar.close);
  now.bodies = bodies.sum;
  now.ranges = ranges.sum;
  now.ranges5 = ranges5.sum;
  sumPush(bodies, body(now));
  sumPush(ranges, now.high - now.low);
  sumPush(ranges5, now.high - now.low);
}

/** What a pattern looks for. `bars`: index of the first bar at which it can be told. */
export type PatternSpec = { readonly id: string; readonly title: string; readonly formula: string; readonly bars: number };
/** Answers 100 (bullish), -100 (bearish) or 0, 80 for 100 where TA-Lib says so; candles newest first. */
export type PatternTest = (now: Candle, one: Candle, two: Candle, three: Candle) => number;

/** A flag -100..100 per bar. Prices are compared in whole ticks, so equal prices are equal, where sums in floating point (TA-Lib) fall on either side. */
export function pattern({ bars, ...what }: PatternSpec, test: PatternTest): AnyIndicator<'value'> {
  return defineIndicator<'value', Candles>({
    ...what, group: 'pattern', unit: 'flag', source: what.id.startsWith('CDL') ? `TA-Lib 0.4 ${what.id}, default candle settings` : 'definition',
    parameters: [], inputs: ['open', 'high', 'low', 'close'], outputs: ['value'], lookback: () => bars, forgetting: () => Math.max(bars, LONG_MEMORY + 3) + 1, state: candlesSchema,
    start: () => ({ count: 0, bodies: slidingSum(LONG_MEMORY), ranges: slidingSum(LONG_MEMORY), ranges5: slidingSum(NEAR_MEMORY), candles: [blank(), blank(), blank(), blank()] }),
    next(state, bar, out) {
      push(state, bar);
      const [now, one, two, three] = state.candles as Four;
      // A price that is none stays in the sums: nothing can be told any more, least of all that there is no pattern.
      const isKnown = !Number.isNaN(now.bodies + now.ranges + now.open + now.high + now.low + now.close);
      out[0] = state.count < bars || !isKnown ? NaN : test(now, one, two, three);
      if (state.count < bars) state.count += 1;
    },
  });
}
