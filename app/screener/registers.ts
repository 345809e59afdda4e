/** Where the numbers of a step lie, and the loops over them. Nothing here allocates once the registers are large enough. */
import type { OneSign, TwoSign } from './plan.ts';

/** Numbers of some bars in a row: that of bar i lies at `i - offset`. What lies before `offset` is not known. */
export type Register = { buffer: Float64Array; offset: number };

/** Bars [from, to] that a step must have. */
export type Stretch = { readonly from: number; readonly to: number };

/** An empty register with room for `length` numbers. */
export const registerOf = (length: number): Register => ({ buffer: new Float64Array(length), offset: 0 });

/** Makes a register ready to hold a stretch. */
export function prepare(register: Register, { from, to }: Stretch): void {
  const length = to - from + 1;
  if (register.buffer.length < length) register.buffer = new Float64Array(length);
  register.offset = from;
}

/** The number of a bar; NaN before the first that is known. */
export function valueAt({ buffer, offset }: Register, i: number): number {
  return i < offset ? NaN : (buffer[i - offset] ?? NaN);
}

/** Powers of ten, by which a number is shifted to be rounded. */
const TENS = Array.from({ length: 16 }, (_none, n) => 10 ** n);
const known = (value: number): number => (Number.isFinite(value) ? value : NaN);

const ONES: Readonly<Record<OneSign, (value: number, scale: number) => number>> = {
  minus: (value) => -value,
  // Not known stays not known.
  not: (value) => 1 - value,
  abs: (value) => Math.abs(value),
  sqrt: (value) => known(Math.sqrt(value)),
  log: (value) => (value > 0 ? Math.log(value) : NaN),
  exp: (value) => known(Math.exp(value)),
  round: (value, scale) => known(Math.floor(value * scale + 0.5) / scale),
  sign: (value) => Math.sign(value),
};

const truth = (isTrue: boolean, a: number, b: number): number => (Number.isNaN(a) || Number.isNaN(b) ? NaN : isTrue ? 1 : 0);

/** Truth is 1, untruth 0, not known NaN: what is not known is not decided, unless the other side decides alone (S. C. Kleene, Introduction to Metamathematics, 1952, section 64). */
const TWOS: Readonly<Record<TwoSign, (a: number, b: number) => number>> = {
  '+': (a, b) => known(a + b),
  '-': (a, b) => known(a - b),
  '*': (a, b) => known(a * b),
  '/': (a, b) => known(a / b),
  '<': (a, b) => truth(a < b, a, b),
  '<=': (a, b) => truth(a <= b, a, b),
  '>': (a, b) => truth(a > b, a, b),
  '>=': (a, b) => truth(a >= b, a, b),
  '=': (a, b) => truth(a === b, a, b),
  '!=': (a, b) => truth(a !== b, a, b),
  and: (a, b) => (a === 0 || b === 0 ? 0 : a * b),
  or: (a, b) => (a === 1 || b === 1 ? 1 : a + b),
  min: (a, b) => (a < b ? a : a >= b ? b : NaN),
  max: (a, b) => (a > b ? a : a <= b ? b : NaN),
};

/** An operation on one series. `digits`: of `round`. */
export function oneLoop(sign: OneSign, digits: number): (out: Register, of: Register, stretch: Stretch) => void {
  const apply = ONES[sign];
  const scale = TENS[digits] ?? 1;
  return (out, of, { from, to }) => {
    const { buffer } = out;
    for (let i = from; i <= to; i += 1) buffer[i - from] = apply(valueAt(of, i), scale);
  };
}

/** An operation on two series. */
export function twoLoop(sign: TwoSign): (out: Register, left: Register, right: Register, stretch: Stretch) => void {
  const apply = TWOS[sign];
  return (out, left, right, { from, to }) => {
    const { buffer } = out;
    for (let i = from; i <= to; i += 1) buffer[i - from] = apply(valueAt(left, i), valueAt(right, i));
  };
}
