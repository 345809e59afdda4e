/** A price that is none: what is made of sums and averages says so from then on, in both forms, and never gives a wrong number. */
import { describe, expect, it } from 'vitest';
import type { BarField } from '#app/domain/bar-columns.ts';
import type { AnyIndicator } from './indicator.ts';
import { CHANNELS } from './lists/channels.ts';
import { PATTERNS } from './lists/patterns.ts';
import { STATISTICS } from './lists/statistics.ts';
import { VOLATILITY } from './lists/volatility.ts';
import { VOLUME } from './lists/volume.ts';
import { asColumns, walk } from './naive/markets.ts';

const LENGTH = 420;
const MISSING = 300;
const clean = asColumns(walk(7, LENGTH, { cents: 10_000, move: 60, still: 4 }));

/** Columns of the running form. */
function streamed(indicator: AnyIndicator, values: readonly number[], bars: typeof clean): Float64Array[] {
  const [state, row] = [indicator.start(values), new Float64Array(indicator.outputs.length)];
  const columns = indicator.outputs.map(() => new Float64Array(LENGTH));
  for (let i = 0; i < LENGTH; i += 1) {
    const at = (field: BarField | 'time'): number => bars[field][i] ?? NaN;
    indicator.next(state, { time: at('time'), open: at('open'), high: at('high'), low: at('low'), close: at('close'), volume: at('volume') }, row);
    columns.forEach((column, output) => (column[i] = row[output] ?? NaN));
  }
  return columns;
}

/** Indices at which there is a number that is not the one of the clean bars. */
function wrong(found: Float64Array, right: Float64Array): number[] {
  return Array.from(found, (value, i) => (Number.isNaN(value) || Math.abs(value - (right[i] ?? NaN)) <= 1e-9 * (1 + Math.abs(value)) ? -1 : i)).filter((i) => i >= 0);
}

describe.each([...VOLATILITY, ...VOLUME, ...STATISTICS, ...PATTERNS, ...CHANNELS].map((indicator) => [indicator.id, indicator] as const))('%s', (_id, indicator) => {
  const values = indicator.parameters.map((parameter) => parameter.default);
  it.each(indicator.inputs)('gives no wrong number after a missing %s', (field) => {
    const bars = { ...clean, [field]: Float64Array.from(clean[field], (value, i) => (i === MISSING ? NaN : value)) };
    const right = indicator.columns(clean, values);
    for (const columns of [indicator.columns(bars, values), streamed(indicator, values, bars)]) {
      columns.forEach((column, output) => expect(wrong(column, right[output] ?? column), indicator.outputs[output]).toEqual([]));
    }
  });
});
