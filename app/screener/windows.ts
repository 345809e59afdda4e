/** What is told of the last n values of a series. Each window is read anew, oldest first: so the number does not depend on where the reading began. */
import type { WindowSign } from './plan.ts';
import { type Register, valueAt } from './registers.ts';

/** Works out one window that ends with bar `at`. `scratch`: room for n numbers. */
type Window = (of: Register, at: number, n: number, scratch: Float64Array) => number;

const known = (value: number): number => (Number.isFinite(value) ? value : NaN);

function sumOf(of: Register, at: number, n: number): number {
  let sum = 0;
  for (let i = at - n + 1; i <= at; i += 1) sum += valueAt(of, i);
  return known(sum);
}

/** Two passes: the second one over distances from the mean loses nothing at high prices. */
function deviation(of: Register, at: number, n: number): number {
  const mean = sumOf(of, at, n) / n;
  let squares = 0;
  for (let i = at - n + 1; i <= at; i += 1) {
    const distance = valueAt(of, i) - mean;
    squares += distance * distance;
  }
  return known(Math.sqrt(squares / (n - 1)));
}

function extreme(of: Register, at: number, n: number, side: 1 | -1): number {
  let best = -Infinity;
  for (let i = at - n + 1; i <= at; i += 1) {
    const value = side * valueAt(of, i);
    if (Number.isNaN(value)) return NaN;
    if (value > best) best = value;
  }
  return side * best;
}

function medianOf(of: Register, at: number, n: number, scratch: Float64Array): number {
  for (let i = 0; i < n; i += 1) {
    const value = valueAt(of, at - n + 1 + i);
    if (Number.isNaN(value)) return NaN;
    scratch[i] = value;
  }
  scratch.sort();
  return ((scratch[(n - 1) >> 1] ?? NaN) + (scratch[n >> 1] ?? NaN)) / 2;
}

/** Whether a condition was true somewhere (`wanted` 1), or untrue somewhere (0): what decides alone; else not known when one is not known. */
function decides(of: Register, at: number, n: number, wanted: 0 | 1): number {
  let isKnown = true;
  for (let i = at - n + 1; i <= at; i += 1) {
    const value = valueAt(of, i);
    if (value === wanted) return wanted;
    if (Number.isNaN(value)) isKnown = false;
  }
  return isKnown ? 1 - wanted : NaN;
}

function sinceTrue(of: Register, at: number, n: number): number {
  for (let age = 0; age < n; age += 1) {
    const value = valueAt(of, at - age);
    if (value === 1) return age;
    if (Number.isNaN(value)) return NaN;
  }
  return n;
}

function steps(of: Register, at: number, n: number, side: 1 | -1): number {
  let isKnown = true;
  for (let i = at - n + 1; i <= at; i += 1) {
    const step = side * (valueAt(of, i) - valueAt(of, i - 1));
    if (step <= 0) return 0;
    if (Number.isNaN(step)) isKnown = false;
  }
  return isKnown ? 1 : NaN;
}

/** All of them. */
export const WINDOWS: Readonly<Record<WindowSign, Window>> = {
  highest: (of, at, n) => extreme(of, at, n, 1),
  lowest: (of, at, n) => extreme(of, at, n, -1),
  avg: (of, at, n) => sumOf(of, at, n) / n,
  sum: sumOf,
  stdev: deviation,
  median: medianOf,
  count: sumOf,
  any: (of, at, n) => decides(of, at, n, 1),
  all: (of, at, n) => decides(of, at, n, 0),
  since: sinceTrue,
  rising: (of, at, n) => steps(of, at, n, 1),
  falling: (of, at, n) => steps(of, at, n, -1),
};
