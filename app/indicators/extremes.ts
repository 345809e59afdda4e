/** Highest and lowest of a window in amortised O(1) a bar: candidates in falling (rising) order, the front is the extreme. */
import * as z from 'zod';
import { outputColumn } from './period.ts';

/** Running state, plain JSON. `items` are the candidates, `places` the numbers of their bars, `count` bars so far. */
export const extremeSchema = z.object({ size: z.number().int().min(1), count: z.number().int().min(0), items: z.array(z.number()), places: z.array(z.number().int()) });
export type Extreme = z.infer<typeof extremeSchema>;

/** An empty window of `size` bars. */
export function extreme(size: number): Extreme {
  return { size, count: 0, items: [], places: [] };
}

function next(state: Extreme, value: number, sign: 1 | -1): number {
  const { items, places } = state;
  if (places.length > 0 && (places[0] as number) <= state.count - state.size) {
    items.shift();
    places.shift();
  }
  while (items.length > 0 && sign * (items[items.length - 1] as number) <= sign * value) {
    items.pop();
    places.pop();
  }
  items.push(value);
  places.push(state.count);
  state.count += 1;
  return state.count < state.size ? NaN : (items[0] as number);
}

/** Adds a number; the highest of the last `size`, NaN while there are fewer. Of equal ones the newest counts. */
export function highestNext(state: Extreme, value: number): number {
  return next(state, value, 1);
}

/** Adds a number; the lowest of the last `size`, NaN while there are fewer. Of equal ones the newest counts. */
export function lowestNext(state: Extreme, value: number): number {
  return next(state, value, -1);
}

/** Bars since the extreme, 0 = now. */
export function barsSince(state: Extreme): number {
  return state.count - 1 - (state.places[0] ?? state.count - 1);
}

/** The candidates of a window as a ring of places in whole columns. */
function extremeColumn(values: Float64Array, size: number, sign: 1 | -1, out: Float64Array | undefined): Float64Array {
  const result = outputColumn(values.length, out);
  let capacity = 1;
  while (capacity <= size) capacity *= 2;
  const mask = capacity - 1;
  const places = new Int32Array(capacity);
  const items = new Float64Array(capacity);
  let head = 0;
  let tail = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number;
    const key = sign * value;
    if (tail !== head && (places[head & mask] as number) <= i - size) head += 1;
    while (tail !== head && (items[(tail - 1) & mask] as number) <= key) tail -= 1;
    items[tail & mask] = key;
    places[tail & mask] = i;
    tail += 1;
    result[i] = i < size - 1 ? NaN : sign * (items[head & mask] as number);
  }
  return result;
}

/** The highest of the last `size` numbers at each index, NaN before index `size` - 1. highestColumn of 1, 3, 2, 1 over 2 is NaN, 3, 3, 2. */
export function highestColumn(values: Float64Array, size: number, out?: Float64Array): Float64Array {
  return extremeColumn(values, size, 1, out);
}

/** The lowest of the last `size` numbers at each index, NaN before index `size` - 1. lowestColumn of 1, 3, 2, 1 over 2 is NaN, 1, 2, 1. */
export function lowestColumn(values: Float64Array, size: number, out?: Float64Array): Float64Array {
  return extremeColumn(values, size, -1, out);
}
