/** Figures out of a list of measurements, and how a benchmark hands its results over. */
import { cpus, loadavg } from 'node:os';

/** One line of the report. `isMet` is null when the figure has no target; `isOverFloor` when it has no floor: below that the product must not be released. */
export type Figure = { readonly name: string; readonly value: number; readonly unit: string; readonly target: string; readonly isMet: boolean | null; readonly floor: string; readonly isOverFloor: boolean | null; readonly all: readonly number[] };

/** The value below which the share `p` (0 to 1) of the values lies; NaN of an empty list. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))] ?? NaN;
}

/** What a benchmark measures. `limit`: at most this (or at least, with `isFloor`); without it the figure is told without a verdict. `floor`: what is not good enough for a release, on the same side. `p`: which quantile counts, 0.5 unless told. */
export type Measured = { readonly name: string; readonly unit: string; readonly values: readonly number[]; readonly limit?: number; readonly floor?: number; readonly isFloor?: boolean; readonly p?: number };

/** Judges measurements. */
export function figureOf({ name, unit, values, limit, floor, isFloor = false, p = 0.5 }: Measured): Figure {
  const value = quantile(values, p);
  const words = (bound: number | undefined): string => (bound === undefined ? '' : `${isFloor ? '>=' : '<='} ${bound} ${unit}`);
  const keeps = (bound: number | undefined): boolean | null => (bound === undefined ? null : isFloor ? value >= bound : value <= bound);
  return { name, value, unit, all: values, target: words(limit), isMet: keeps(limit), floor: words(floor), isOverFloor: keeps(floor) };
}

/** The computer and how busy it is: no figure means anything without. */
export function machine(): { readonly cores: number; readonly model: string; readonly load: number; readonly node: string } {
  return { cores: cpus().length, model: cpus()[0]?.model.trim() ?? 'unknown', load: Math.round((loadavg()[0] ?? 0) * 100) / 100, node: process.version };
}
