/** G. Hosoda's Ichimoku: lines of half-way prices, and a cloud that was drawn ahead. */
import * as z from 'zod';
import { barCount } from '#app/domain/bar-columns.ts';
import { extreme, extremeSchema, highestPush, lowestPush, ring, ringPush, ringSchema } from './cells.ts';
import { defineIndicator, type IndicatorUse, period, use } from './indicator.ts';
import { outputColumns } from './period.ts';
import { rangeColumns } from './range-extremes.ts';

const spanSchema = z.object({ high: extremeSchema, low: extremeSchema });
const ichimokuSchema = z.object({ conversion: spanSchema, base: spanSchema, wide: spanSchema, cloudA: ringSchema.nullable(), cloudB: ringSchema.nullable() });
type Outputs = 'conversion' | 'base' | 'spanA' | 'spanB';

const firstBar = ([conversion = 0, base = 0, wide = 0, displacement = 0]: readonly number[]): number => Math.max(conversion, base, wide) + displacement - 2;
const span = (length: number): z.infer<typeof spanSchema> => ({ high: extreme(length), low: extreme(length) });
const halfWay = (state: z.infer<typeof spanSchema>, high: number, low: number): number => (highestPush(state.high, high) + lowestPush(state.low, low)) / 2;

function delayed(delay: z.infer<typeof ringSchema> | null, value: number): number {
  return delay === null || Number.isNaN(value) ? value : ringPush(delay, value);
}

/**
 * Ichimoku, dollars: half-way price (highest + lowest) / 2 of 9 bars (conversion, tenkan) and 26 (base, kijun); the cloud of the current bar:
 * spanA = half-way of both lines and spanB = half-way price of 52 bars, both as they stood `displacement` - 1 bars ago (a displacement of 26 shifts by
 * 25, as it is drawn). The lagging span (chikou) is today's close drawn back 26 bars: to read it at a past bar is to look into the future, so there is
 * no such output; compare the close with that of 25 bars ago instead. Highs 10..18, lows 9..17 over 9 bars: conversion (18 + 9) / 2 = 13.5.
 */
export const ICHIMOKU = defineIndicator<Outputs, z.infer<typeof ichimokuSchema>>({
  id: 'ICHIMOKU', title: 'Ichimoku cloud', group: 'channel', unit: 'price', formula: '(highest + lowest) / 2 of 9 and 26 bars; spans: their mean, and that of 52 bars, 25 bars ago', source: 'G. Hosoda (Ichimoku Sanjin), Ichimoku Kinko Hyo (1969)',
  parameters: [period('conversion', 'Conversion line', 9), period('base', 'Base line', 26), period('span', 'Span B', 52), period('displacement', 'Displacement', 26, [1, 500])],
  inputs: ['high', 'low'], outputs: ['conversion', 'base', 'spanA', 'spanB'], state: ichimokuSchema,
  lookback: firstBar,
  columns(bars, values, out) {
    const [conversion = 0, base = 0, wide = 0, displacement = 0] = values;
    const length = barCount(bars);
    const columns = outputColumns(length, 4, out);
    const [fast, slow, spanA, spanB] = columns as readonly [Float64Array, Float64Array, Float64Array, Float64Array];
    const lines = { top: new Float64Array(length), bottom: new Float64Array(length) };
    for (const [n, column] of [[conversion, fast], [base, slow], [wide, spanB]] as const) {
      rangeColumns(bars, n, lines);
      for (let i = 0; i < length; i += 1) column[i] = ((lines.top[i] as number) + (lines.bottom[i] as number)) / 2;
    }
    const [back, first] = [displacement - 1, Math.min(length, firstBar(values))];
    // From the newest on: what is read lies before what is written.
    for (let i = length - 1; i >= first; i -= 1) {
      spanA[i] = ((fast[i - back] as number) + (slow[i - back] as number)) / 2;
      spanB[i] = spanB[i - back] as number;
    }
    for (const column of [fast, slow, spanA, spanB]) column.fill(NaN, 0, first);
    return columns;
  },
  start: ([conversion = 0, base = 0, wide = 0, displacement = 0]) => {
    const delay = () => (displacement > 1 ? ring(displacement - 1) : null);
    return { conversion: span(conversion), base: span(base), wide: span(wide), cloudA: delay(), cloudB: delay() };
  },
  next(state, bar, out) {
    const conversion = halfWay(state.conversion, bar.high, bar.low);
    const base = halfWay(state.base, bar.high, bar.low);
    const spanA = delayed(state.cloudA, (conversion + base) / 2);
    const spanB = delayed(state.cloudB, halfWay(state.wide, bar.high, bar.low));
    const isReady = !Number.isNaN(spanA + spanB);
    out[0] = isReady ? conversion : NaN;
    out[1] = isReady ? base : NaN;
    out[2] = isReady ? spanA : NaN;
    out[3] = isReady ? spanB : NaN;
  },
});
/** Ichimoku of `conversion`, `base` and `wide` bars; its cloud is drawn 26 bars ahead. */
export const ichimoku = (conversion = 9, base = 26, wide = 52): IndicatorUse<Outputs> => use(ICHIMOKU, [conversion, base, wide]);
