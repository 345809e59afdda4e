/** Indicators inside of a program: over whole columns, or over the last bars that make a difference, copied into memory that is used again for each symbol. */
import { type BarColumns, type BarField, sliceColumns } from '#app/domain/bar-columns.ts';
import type { PriceSource } from '#app/indicators/indicator.ts';
import type { Frame } from './frame.ts';
import { OF_THE_DAY, settledBars, type Step } from './plan.ts';
import type { Register } from './registers.ts';

/** The last bars of one column, and for which question they were copied. */
export type Copy = { readonly column: Float64Array; epoch: number };
/** Where a step is at home. `outputs`: the registers of the outputs that somebody asks for, by their places; `copies`: those that steps share, by length and column. */
export type StepHome = { readonly depth: number; readonly outputs: ReadonlyMap<number, Register>; readonly copies: Map<string, Copy> };

type IndicatorStep = Extract<Step, { kind: 'indicator' }>;
type Column = PriceSource | 'time';

/** Numbers of bars [from, from + length of `out`): a column, or the mean of some. The same arithmetic as the indicators' own price sources. */
function fill(out: Float64Array, bars: BarColumns, column: Column, from: number): void {
  const { open, high, low, close } = bars;
  const { length } = out;
  if (column === 'hl2') for (let n = 0; n < length; n += 1) out[n] = ((high[from + n] ?? NaN) + (low[from + n] ?? NaN)) / 2;
  else if (column === 'hlc3') for (let n = 0; n < length; n += 1) out[n] = ((high[from + n] ?? NaN) + (low[from + n] ?? NaN) + (close[from + n] ?? NaN)) / 3;
  else if (column === 'ohlc4') for (let n = 0; n < length; n += 1) out[n] = ((open[from + n] ?? NaN) + (high[from + n] ?? NaN) + (low[from + n] ?? NaN) + (close[from + n] ?? NaN)) / 4;
  else {
    const kept = bars[column];
    for (let n = 0; n < length; n += 1) out[n] = kept[from + n] ?? NaN;
  }
}

/** The last `length` bars as an indicator wants them: a column that it does not look at is another one. */
function windowOf({ indicator, source }: IndicatorStep, length: number, copies: Map<string, Copy>): { readonly bars: BarColumns; load(frame: Frame, from: number): void } {
  const used = new Map<Column, Copy>();
  const copyOf = (column: Column): Float64Array => {
    const key = `${length} ${column}`;
    const copy = copies.get(key) ?? { column: new Float64Array(length), epoch: 0 };
    copies.set(key, copy);
    used.set(column, copy);
    return copy.column;
  };
  const price = (name: BarField): Column => (name === 'close' ? source : name);
  const [main = 'close'] = indicator.inputs;
  // Each column that is read is one more miss of the cache: the time is read by few.
  const time = OF_THE_DAY.has(indicator.id) ? copyOf('time') : copyOf(price(main));
  const field = (name: BarField): Float64Array => copyOf(price(indicator.inputs.includes(name) ? name : main));
  const bars: BarColumns = { time, open: field('open'), high: field('high'), low: field('low'), close: field('close'), volume: field('volume') };
  return {
    bars,
    load(frame, from) {
      for (const [column, copy] of used) {
        if (copy.epoch === frame.epoch) continue;
        copy.epoch = frame.epoch;
        fill(copy.column, frame.bars, column, from);
      }
    },
  };
}

/** Makes an indicator ready. */
export function indicatorStep(step: IndicatorStep, { depth, outputs, copies }: StepHome): (frame: Frame) => void {
  const { indicator, values, source } = step;
  const need = depth + settledBars(indicator, values);
  const window = indicator.isCumulative === true ? null : windowOf(step, need, copies);
  const spare = indicator.outputs.map((_output, n) => outputs.get(n) ?? { buffer: new Float64Array(need), offset: 0 });
  let columns: readonly Float64Array[] = [];
  let room = 0;
  let price = new Float64Array(0);

  /** All bars up to the one that is asked about. */
  const fromStart = (frame: Frame, count: number): BarColumns => {
    const bars = frame.bars.time.length === count ? frame.bars : sliceColumns(frame.bars, 0, count);
    if (source === 'close') return bars;
    if (price.length !== count) price = new Float64Array(count);
    fill(price, bars, source, 0);
    return { ...bars, close: price };
  };
  const makeRoom = (length: number): void => {
    if (length <= room) return;
    room = length;
    for (const register of spare) register.buffer = new Float64Array(length);
    columns = spare.map((register) => register.buffer);
  };

  return (frame) => {
    const count = frame.at + 1;
    const isWindow = window !== null && !frame.isWhole && count > need;
    const offset = isWindow ? count - need : 0;
    makeRoom(isWindow ? need : count);
    for (let n = 0; n < spare.length; n += 1) (spare[n] as Register).offset = offset;
    if (isWindow) window.load(frame, offset);
    indicator.columns(isWindow ? window.bars : fromStart(frame, count), values, columns);
  };
}
