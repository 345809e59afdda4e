/** What the harness asks of each indicator: an independent implementation straight from the definition, and the numbers of its comment. For tests alone. */
import type { BarField } from '#app/domain/bar-columns.ts';

/** Bars as plain lists: implementations here share nothing with the indicators, not even their columns. */
export type PlainBars = Readonly<Record<BarField | 'time', readonly number[]>>;
/** A column for each output; NaN where there is no value. */
export type PlainOutputs = Readonly<Record<string, readonly number[]>>;

/** A worked number. Fields left out are the closes; volume 1; a bar a day. `gives`: the last numbers of each output, NaN for none; to 4 digits after the point, or as many as `digits` says. */
export type Worked = { readonly values: readonly number[]; readonly bars: Partial<Record<BarField, readonly number[]>> & { readonly close: readonly number[] }; readonly gives: Readonly<Record<string, readonly number[]>>; readonly digits?: number };

/** One indicator's proofs. */
export type Row = {
  /** Parameters to try beside the defaults. */
  readonly values?: readonly (readonly number[])[];
  /** The definition, in the plainest way. Only what follows `lookback` is compared. */
  readonly naive: (bars: PlainBars, values: readonly number[]) => PlainOutputs;
  readonly worked: readonly Worked[];
  /** How far both may lie apart, in parts of the largest value seen; 1e-9 when left out. Say why beside it. */
  readonly tolerance?: number;
};

/** Rows by id. */
export type Rows = Readonly<Record<string, Row>>;

/** One number for each index: `at(i)` for those from `first` on, NaN before. */
export function column(length: number, first: number, at: (i: number) => number): number[] {
  return Array.from({ length }, (_, i) => (i < first ? NaN : at(i)));
}

/** The last `size` numbers up to and with index `i`, oldest first. */
export function windowOf(values: readonly number[], i: number, size: number): readonly number[] {
  return values.slice(i - size + 1, i + 1);
}

/** Sum, mean, largest and smallest of a list. */
export const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
export const mean = (values: readonly number[]): number => total(values) / values.length;
export const largest = (values: readonly number[]): number => values.reduce((best, value) => Math.max(best, value), -Infinity);
export const smallest = (values: readonly number[]): number => values.reduce((best, value) => Math.min(best, value), Infinity);

/** Exponential average of what is there, seeded with the mean of the first `n` numbers that are no NaN. */
export function plainEma(values: readonly number[], n: number): number[] {
  const first = values.findIndex((value) => !Number.isNaN(value));
  const out: number[] = values.map(() => NaN);
  if (first < 0) return out;
  for (let i = first + n - 1; i < values.length; i += 1) {
    out[i] = i === first + n - 1 ? mean(values.slice(first, i + 1)) : (2 * (values[i] ?? NaN) + (n - 1) * (out[i - 1] ?? NaN)) / (n + 1);
  }
  return out;
}

/** Wilder's average of what is there, seeded with the mean of the first `n` numbers that are no NaN. */
export function plainWilder(values: readonly number[], n: number): number[] {
  const first = values.findIndex((value) => !Number.isNaN(value));
  const out: number[] = values.map(() => NaN);
  if (first < 0) return out;
  for (let i = first + n - 1; i < values.length; i += 1) {
    out[i] = i === first + n - 1 ? mean(values.slice(first, i + 1)) : ((n - 1) * (out[i - 1] ?? NaN) + (values[i] ?? NaN)) / n;
  }
  return out;
}

/** Simple average of what is there. */
export function plainSma(values: readonly number[], n: number): number[] {
  const first = values.findIndex((value) => !Number.isNaN(value));
  return column(values.length, first < 0 ? values.length : first + n - 1, (i) => mean(windowOf(values, i, n)));
}

/** True ranges, NaN at the first bar. */
export function plainRanges({ high, low, close }: PlainBars): number[] {
  return column(close.length, 1, (i) => {
    const before = close[i - 1] ?? NaN;
    return Math.max(high[i] ?? NaN, before) - Math.min(low[i] ?? NaN, before);
  });
}
