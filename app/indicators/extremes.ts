/** Highest and lowest of a window as whole columns, in amortised O(1) a bar: candidates in falling (rising) order, the front is the extreme. */
import { outputColumn } from './period.ts';

/** The candidates of a window as a ring of places. `sign` -1 looks for the lowest. */
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
    const key = sign * (values[i] as number);
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
