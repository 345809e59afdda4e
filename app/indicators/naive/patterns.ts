/** Candle patterns from TA-Lib's definitions, in whole cents and by index. For tests alone. */
import { column, mean, type PlainBars, type Row, type Rows, type Worked } from './row.ts';

type Candles = { readonly o: readonly number[]; readonly h: readonly number[]; readonly l: readonly number[]; readonly c: readonly number[] };
/** What a pattern asks about the bars, by index. */
type View = ReturnType<typeof viewOf>;

const at = (values: readonly number[], i: number): number => values[i] ?? NaN;

function viewOf({ o, h, l, c }: Candles) {
  const real = (i: number): number => Math.abs(at(c, i) - at(o, i));
  const before = (length: (j: number) => number, i: number, n: number): number => mean(Array.from({ length: n }, (_, back) => length(i - 1 - back)));
  const range = (i: number): number => at(h, i) - at(l, i);
  const hi = (i: number): number => Math.max(at(o, i), at(c, i));
  const lo = (i: number): number => Math.min(at(o, i), at(c, i));
  return {
    o: (i: number) => at(o, i), h: (i: number) => at(h, i), l: (i: number) => at(l, i), c: (i: number) => at(c, i), real, hi, lo,
    up: (i: number): number => at(h, i) - hi(i), down: (i: number): number => lo(i) - at(l, i),
    side: (i: number): number => (at(c, i) >= at(o, i) ? 1 : -1),
    /** Thresholds in hundredths of a cent, rounded, so that equal means equal. */
    bodies: (i: number): number => Math.round(100 * before(real, i, 10)) / 100,
    tiny: (i: number): number => Math.round(1_000 * 0.1 * before(range, i, 10)) / 1_000,
    near: (i: number): number => Math.round(1_000 * 0.2 * before(range, i, 5)) / 1_000,
    far: (i: number): number => Math.round(1_000 * 0.6 * before(range, i, 5)) / 1_000,
  };
}

const star = (v: View, i: number, side: number, middle: boolean): boolean => {
  const [first, last] = [i - 2, i];
  const reaches = side === 1 ? 10 * v.c(last) > 10 * v.c(first) + 3 * v.real(first) : 10 * v.c(last) < 10 * v.c(first) - 3 * v.real(first);
  return v.side(first) === -side && v.side(last) === side && v.real(first) > v.bodies(first) && v.real(last) > v.bodies(last) && reaches && middle;
};
const bodyGap = (v: View, i: number, side: number): boolean => (side === 1 ? v.lo(i) > v.hi(i - 1) : v.hi(i) < v.lo(i - 1));
const within = (v: View, i: number): boolean => v.hi(i) < v.hi(i - 1) && v.lo(i) > v.lo(i - 1);
/** 1 strictly inside, 0.8 with an end in common. */
const withinOrTouching = (v: View, i: number): number => {
  if (within(v, i)) return 1;
  return v.hi(i) <= v.hi(i - 1) && v.lo(i) >= v.lo(i - 1) ? 0.8 : 0;
};
const swallows = (v: View, i: number): boolean => v.side(i) !== v.side(i - 1) && v.hi(i) > v.hi(i - 1) && v.lo(i) < v.lo(i - 1);
const bare = (v: View, i: number): boolean => v.real(i) > v.bodies(i) && v.up(i) < v.tiny(i) && v.down(i) < v.tiny(i);
const crow = (v: View, i: number): boolean => v.side(i) === -1 && v.down(i) < v.tiny(i);
const soldier = (v: View, i: number): boolean => v.side(i) === 1 && v.up(i) < v.tiny(i);
const doji = (v: View, i: number): boolean => v.real(i) <= v.tiny(i);
const small = (v: View, i: number): boolean => v.real(i) < v.bodies(i);

function tasuki(v: View, i: number): number {
  const side = v.side(i - 1);
  if (!bodyGap(v, i - 1, side) || v.side(i) !== -side || !(Math.abs(v.real(i - 1) - v.real(i)) < v.near(i - 1))) return 0;
  const opens = v.o(i) < v.hi(i - 1) && v.o(i) > v.lo(i - 1);
  const closes = side === 1 ? v.c(i) < v.o(i - 1) && v.c(i) > v.hi(i - 2) : v.c(i) > v.o(i - 1) && v.c(i) < v.lo(i - 2);
  return opens && closes ? side : 0;
}

/** By id: index of the first bar, and the answer -1..1 (or true for 1). */
const TESTS: Readonly<Record<string, readonly [first: number, test: (v: View, i: number) => number | boolean]>> = {
  CDLDOJI: [10, doji],
  CDLDRAGONFLYDOJI: [10, (v, i) => doji(v, i) && v.up(i) < v.tiny(i) && v.down(i) > v.tiny(i)],
  CDLGRAVESTONEDOJI: [10, (v, i) => doji(v, i) && v.down(i) < v.tiny(i) && v.up(i) > v.tiny(i)],
  CDLLONGLEGGEDDOJI: [10, (v, i) => doji(v, i) && Math.max(v.up(i), v.down(i)) > v.real(i)],
  CDLHAMMER: [11, (v, i) => small(v, i) && v.down(i) > v.real(i) && v.up(i) < v.tiny(i) && v.lo(i) <= v.l(i - 1) + v.near(i - 1)],
  CDLHANGINGMAN: [11, (v, i) => (small(v, i) && v.down(i) > v.real(i) && v.up(i) < v.tiny(i) && v.lo(i) >= v.h(i - 1) - v.near(i - 1) ? -1 : 0)],
  CDLINVERTEDHAMMER: [11, (v, i) => small(v, i) && v.up(i) > v.real(i) && v.down(i) < v.tiny(i) && bodyGap(v, i, -1)],
  CDLSHOOTINGSTAR: [11, (v, i) => (small(v, i) && v.up(i) > v.real(i) && v.down(i) < v.tiny(i) && bodyGap(v, i, 1) ? -1 : 0)],
  CDLMARUBOZU: [10, (v, i) => (bare(v, i) ? v.side(i) : 0)],
  CDLCLOSINGMARUBOZU: [10, (v, i) => (v.real(i) > v.bodies(i) && (v.side(i) === 1 ? v.up(i) : v.down(i)) < v.tiny(i) ? v.side(i) : 0)],
  CDLBELTHOLD: [10, (v, i) => (v.real(i) > v.bodies(i) && (v.side(i) === 1 ? v.down(i) : v.up(i)) < v.tiny(i) ? v.side(i) : 0)],
  CDLSPINNINGTOP: [10, (v, i) => (small(v, i) && Math.min(v.up(i), v.down(i)) > v.real(i) ? v.side(i) : 0)],
  CDLENGULFING: [2, (v, i) => {
    if (swallows(v, i)) return v.side(i);
    const isTouching = (v.hi(i) > v.hi(i - 1) && v.lo(i) === v.lo(i - 1)) || (v.hi(i) === v.hi(i - 1) && v.lo(i) < v.lo(i - 1));
    return isTouching && v.side(i) !== v.side(i - 1) ? 0.8 * v.side(i) : 0;
  }],
  CDLHARAMI: [11, (v, i) => (v.real(i - 1) > v.bodies(i - 1) && v.real(i) <= v.bodies(i) ? -v.side(i - 1) * withinOrTouching(v, i) : 0)],
  CDLHARAMICROSS: [11, (v, i) => (v.real(i - 1) > v.bodies(i - 1) && doji(v, i) ? -v.side(i - 1) * withinOrTouching(v, i) : 0)],
  CDLPIERCING: [11, (v, i) => v.side(i - 1) === -1 && v.side(i) === 1 && v.real(i - 1) > v.bodies(i - 1) && v.real(i) > v.bodies(i) && v.o(i) < v.l(i - 1) && v.c(i) < v.o(i - 1) && 2 * v.c(i) > v.o(i - 1) + v.c(i - 1)],
  CDLDARKCLOUDCOVER: [11, (v, i) => (v.side(i - 1) === 1 && v.side(i) === -1 && v.real(i - 1) > v.bodies(i - 1) && v.o(i) > v.h(i - 1) && v.c(i) > v.o(i - 1) && 2 * v.c(i) < v.o(i - 1) + v.c(i - 1) ? -1 : 0)],
  CDLKICKING: [11, (v, i) => (bare(v, i - 1) && bare(v, i) && v.side(i) === -v.side(i - 1) && (v.side(i) === 1 ? v.l(i) > v.h(i - 1) : v.h(i) < v.l(i - 1)) ? v.side(i) : 0)],
  INSIDEBAR: [1, (v, i) => v.h(i) < v.h(i - 1) && v.l(i) > v.l(i - 1)],
  OUTSIDEBAR: [1, (v, i) => (v.h(i) > v.h(i - 1) && v.l(i) < v.l(i - 1) ? v.side(i) : 0)],
  CDLMORNINGSTAR: [12, (v, i) => star(v, i, 1, v.real(i - 1) <= v.bodies(i - 1) && bodyGap(v, i - 1, -1))],
  CDLEVENINGSTAR: [12, (v, i) => (star(v, i, -1, v.real(i - 1) <= v.bodies(i - 1) && bodyGap(v, i - 1, 1)) ? -1 : 0)],
  CDLMORNINGDOJISTAR: [12, (v, i) => star(v, i, 1, doji(v, i - 1) && bodyGap(v, i - 1, -1))],
  CDLEVENINGDOJISTAR: [12, (v, i) => (star(v, i, -1, doji(v, i - 1) && bodyGap(v, i - 1, 1)) ? -1 : 0)],
  CDLABANDONEDBABY: [12, (v, i) => {
    if (star(v, i, 1, doji(v, i - 1) && v.h(i - 1) < Math.min(v.l(i - 2), v.l(i)))) return 1;
    return star(v, i, -1, doji(v, i - 1) && v.l(i - 1) > Math.max(v.h(i - 2), v.h(i))) ? -1 : 0;
  }],
  CDL3WHITESOLDIERS: [12, (v, i) => [i - 2, i - 1, i].every((j) => soldier(v, j)) && [i - 1, i].every((j) => v.c(j) > v.c(j - 1) && v.o(j) > v.o(j - 1) && v.o(j) <= v.c(j - 1) + v.near(j - 1) && v.real(j) > v.real(j - 1) - v.far(j - 1)) && v.real(i) > v.bodies(i)],
  CDL3BLACKCROWS: [13, (v, i) => (v.side(i - 3) === 1 && [i - 2, i - 1, i].every((j) => crow(v, j)) && [i - 1, i].every((j) => v.o(j) < v.o(j - 1) && v.o(j) > v.c(j - 1) && v.c(j) < v.c(j - 1)) && v.h(i - 3) > v.c(i - 2) ? -1 : 0)],
  CDL3INSIDE: [12, (v, i) => {
    const side = v.side(i - 2);
    const isFirst = v.real(i - 2) > v.bodies(i - 2) && v.real(i - 1) <= v.bodies(i - 1) && within(v, i - 1);
    return isFirst && v.side(i) === -side && side * (v.c(i) - v.o(i - 2)) < 0 ? -side : 0;
  }],
  CDL3OUTSIDE: [3, (v, i) => (swallows(v, i - 1) && v.side(i - 1) * (v.c(i) - v.c(i - 1)) > 0 ? v.side(i - 1) : 0)],
  CDLTASUKIGAP: [7, tasuki],
};

/** Candles as open/high/low/close in the comments of the patterns; they come after thirteen of 100/102/99/101. */
const EXAMPLES: Readonly<Record<string, readonly [candles: string, flag: number]>> = {
  CDLDOJI: ['101/102/100/101', 100],
  CDLDRAGONFLYDOJI: ['101/101/98/101', 100],
  CDLGRAVESTONEDOJI: ['101/104/101/101', 100],
  CDLLONGLEGGEDDOJI: ['101/103/99/101', 100],
  CDLHAMMER: ['99/99.5/96/99.4', 100],
  CDLHANGINGMAN: ['101.6/102.1/98/102', -100],
  CDLINVERTEDHAMMER: ['99/102/98.9/99.4', 100],
  CDLSHOOTINGSTAR: ['101.5/104/101.4/101.9', -100],
  CDLMARUBOZU: ['100/103.1/99.9/103', 100],
  CDLCLOSINGMARUBOZU: ['100/103.1/98/103', 100],
  CDLBELTHOLD: ['100/105/99.9/103', 100],
  CDLSPINNINGTOP: ['100/101.5/99/100.5', 100],
  CDLENGULFING: ['102/102.5/98/99', -100],
  CDLHARAMI: ['103/103.5/99.5/100, 101/102/100.5/101.5', 100],
  CDLHARAMICROSS: ['103/103.5/99.5/100, 101/102/100.5/101', 100],
  CDLPIERCING: ['103/103.5/99.5/100, 99/102.5/98.5/102', 100],
  CDLDARKCLOUDCOVER: ['100/103.5/99.5/103, 104/104.5/100.5/101', -100],
  CDLKICKING: ['103/103.1/99.9/100, 104/107.1/103.9/107', 100],
  INSIDEBAR: ['100/101.5/99.5/101', 100],
  OUTSIDEBAR: ['101/103/98/99', -100],
  CDLMORNINGSTAR: ['103/103.5/99.5/100, 99/99.5/98/98.5, 99/102.5/98.8/102', 100],
  CDLEVENINGSTAR: ['100/103.5/99.5/103, 104/105/103.8/104.5, 104/104.2/100.5/101', -100],
  CDLMORNINGDOJISTAR: ['103/103.5/99.5/100, 99/99.5/98/99, 99/102.5/98.8/102', 100],
  CDLEVENINGDOJISTAR: ['100/103.5/99.5/103, 104/105/103.8/104, 104/104.2/100.5/101', -100],
  CDLABANDONEDBABY: ['103/103.5/99.5/100, 98.5/99/98/98.5, 99.2/102.5/99.1/102', 100],
  CDL3WHITESOLDIERS: ['100/102.1/99.5/102, 101/103.1/100.8/103, 102/104.1/101.8/104', 100],
  CDL3BLACKCROWS: ['101/101.5/98.9/99, 100/100.2/97.9/98, 99/99.2/96.9/97', -100],
  CDL3INSIDE: ['103/103.5/99.5/100, 101/102/100.5/101.5, 102/104/101.5/103.5', 100],
  CDL3OUTSIDE: ['102/102.5/98/99, 99/99.5/97/98', -100],
  CDLTASUKIGAP: ['102/103.2/101.8/103, 102.8/103/101.3/101.6', 100],
};

function naive(id: string): Row['naive'] {
  return ({ open, high, low, close }: PlainBars) => {
    const cents = (values: readonly number[]): number[] => values.map((value) => Math.round(value * 100));
    const view = viewOf({ o: cents(open), h: cents(high), l: cents(low), c: cents(close) });
    const [first, test] = TESTS[id] ?? [0, () => NaN];
    return { value: column(close.length, first, (i) => 100 * Number(test(view, i))) };
  };
}

function worked([candles, value]: readonly [string, number]): Worked {
  const bars = [...Array.from({ length: 13 }, () => '100/102/99/101'), ...candles.split(', ')].map((candle) => candle.split('/').map(Number));
  const field = (place: number): number[] => bars.map((bar) => bar[place] ?? NaN);
  return { values: [], bars: { open: field(0), high: field(1), low: field(2), close: field(3) }, gives: { value: [value] } };
}

/** Rows by id. */
export const NAIVE_PATTERNS: Rows = Object.fromEntries(Object.keys(TESTS).map((id) => [id, { naive: naive(id), worked: [worked(EXAMPLES[id] ?? ['', NaN])] }]));
