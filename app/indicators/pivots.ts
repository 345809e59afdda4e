/** Pivot points: levels of the day, made of the high, the low and the close of the session before. */
import * as z from 'zod';
import { type AnyIndicator, defineIndicator, type IndicatorUse, type NumericBar, use } from './indicator.ts';
import { sessionDay } from './session.ts';

const rangeSchema = z.object({ high: z.number(), low: z.number(), close: z.number() });
type Session = z.infer<typeof rangeSchema>;
const pivotSchema = z.object({ day: z.number().int().nullable(), now: rangeSchema, before: rangeSchema.nullable() });

/** Keeps the session that is going on and the one before; a session is a New York day (`sessionDay`), so of day bars it is the bar before. */
function follow(state: z.infer<typeof pivotSchema>, bar: NumericBar): Session | null {
  const day = sessionDay(bar.time);
  if (day !== state.day) {
    if (state.day !== null) state.before = state.now;
    state.day = day;
    state.now = { high: bar.high, low: bar.low, close: bar.close };
  } else {
    const { now } = state;
    if (bar.high > now.high) now.high = bar.high;
    if (bar.low < now.low) now.low = bar.low;
    now.close = bar.close;
  }
  return state.before;
}

type What<O extends string> = { readonly id: string; readonly title: string; readonly formula: string; readonly source: string; readonly outputs: readonly O[] };

/** NaN during the first session: `lookback` is that of day bars, of shorter bars it takes a session. */
function pivots<O extends string>(what: What<O>, levels: (session: Session, out: Float64Array) => void): AnyIndicator<O> {
  return defineIndicator<O, z.infer<typeof pivotSchema>>({
    ...what, group: 'channel', unit: 'price', parameters: [], inputs: ['high', 'low', 'close'], lookback: () => 1, forgetting: () => 1_920, state: pivotSchema,
    start: () => ({ day: null, now: { high: 0, low: 0, close: 0 }, before: null }),
    next(state, bar, out) {
      const before = follow(state, bar);
      if (before === null) out.fill(NaN);
      else levels(before, out);
    },
  });
}

const SEVEN = ['pivot', 'r1', 's1', 'r2', 's2', 'r3', 's3'] as const;
type Seven = (typeof SEVEN)[number];

/** Classic pivot points, dollars: P = (high + low + close) / 3 of the session before, r1 = 2P - low, r2 = P + range, r3 = high + 2 (P - low), s1..s3 mirrored. High 12, low 9, close 12: P 11, r1 13, s1 10, r2 14, s2 8, r3 16, s3 7. */
export const PIVOT = pivots<Seven>({ id: 'PIVOT', title: 'Pivot points', formula: 'P = (H + L + C) / 3; R1 = 2P - L, S1 = 2P - H; R2, S2 = P ± (H - L); R3 = H + 2 (P - L), S3 = L - 2 (H - P)', source: 'J. L. Person, A Complete Guide to Technical Trading Tactics (2004), chapter 6', outputs: SEVEN }, ({ high, low, close }, out) => {
  const pivot = (high + low + close) / 3;
  out.set([pivot, 2 * pivot - low, 2 * pivot - high, pivot + (high - low), pivot - (high - low), high + 2 * (pivot - low), low - 2 * (high - pivot)]);
});
/** Classic pivot points of the session before. */
export const pivotPoints = (): IndicatorUse<Seven> => use(PIVOT);

/** Fibonacci pivot points, dollars: P as above, and 0.382, 0.618 and 1 of the range above and below. High 12, low 9, close 12: P 11, r1 12.146, r3 14. */
export const PIVOTFIB = pivots<Seven>({ id: 'PIVOTFIB', title: 'Fibonacci pivot points', formula: 'P = (H + L + C) / 3; R, S = P ± 0.382, 0.618, 1 × (H - L)', source: 'R. Fischer, Fibonacci Applications and Strategies for Traders (1993)', outputs: SEVEN }, ({ high, low, close }, out) => {
  const pivot = (high + low + close) / 3;
  const range = high - low;
  out.set([pivot, pivot + 0.382 * range, pivot - 0.382 * range, pivot + 0.618 * range, pivot - 0.618 * range, pivot + range, pivot - range]);
});
/** Fibonacci pivot points of the session before. */
export const fibonacciPivots = (): IndicatorUse<Seven> => use(PIVOTFIB);

const EIGHT = ['r1', 's1', 'r2', 's2', 'r3', 's3', 'r4', 's4'] as const;
type Eight = (typeof EIGHT)[number];

/** Camarilla levels, dollars: close of the session before, and 1.1 x range / 12, 6, 4, 2 above and below. High 12, low 9, close 12: r1 12.275, r4 13.65. */
export const PIVOTCAM = pivots<Eight>({ id: 'PIVOTCAM', title: 'Camarilla pivot points', formula: 'R, S = C ± 1.1 × (H - L) / 12, 6, 4, 2', source: 'N. Scott, Camarilla equation (1989)', outputs: EIGHT }, ({ high, low, close }, out) => {
  const unit = 1.1 * (high - low);
  [12, 6, 4, 2].forEach((part, at) => {
    out[2 * at] = close + unit / part;
    out[2 * at + 1] = close - unit / part;
  });
});
/** Camarilla levels of the session before. */
export const camarillaPivots = (): IndicatorUse<Eight> => use(PIVOTCAM);
