/** Indicators by name (`SMA_20`): how a stored series of values is named, continued bar by bar, and warmed up. */
import type * as z from 'zod';
import { AppError, invariant } from '#app/domain/errors.ts';
import { atrNext, atrStart, atrStateSchema, type RangeBar } from './atr.ts';
import { emaNext, emaStart, emaStateSchema } from './ema.ts';
import { MAX_PERIOD } from './period.ts';
import { rsiNext, rsiStart, rsiStateSchema } from './rsi.ts';
import { smaNext, smaStart, smaStateSchema } from './sma.ts';

/** An indicator that runs over the closed bars of one series. */
export type NamedIndicator = {
  readonly name: string;
  /** Bars after which what it began with no longer shows: exact for averages of a window, within a part in ten thousand for Wilder's and exponential ones. */
  readonly warmUpBars: number;
  start(): unknown;
  /** @throws AppError INVARIANT_BROKEN when the stored state is not one of this indicator. */
  readState(raw: unknown): unknown;
  /** Advances `state`, in place, by one bar; NaN while there are too few bars. */
  next(state: unknown, bar: RangeBar): number;
};

/** What is kept of every watched symbol, whatever the strategies use. */
export const STANDARD_INDICATORS = ['SMA_20', 'SMA_50', 'SMA_200', 'EMA_20', 'RSI_14', 'ATR_14'] as const;

/** Wilder's averages forget slowly: (1 - 1/n)^(10 n) is less than a part in twenty thousand. */
const FORGETTING = 10;

type Family<S> = { readonly schema: z.ZodType<S>; readonly warmUpFactor: number; start(period: number): S; next(state: S, bar: RangeBar): number };

const FAMILIES = {
  SMA: { schema: smaStateSchema, warmUpFactor: 1, start: smaStart, next: (state, bar) => smaNext(state, bar.close) } satisfies Family<z.infer<typeof smaStateSchema>>,
  EMA: { schema: emaStateSchema, warmUpFactor: FORGETTING, start: emaStart, next: (state, bar) => emaNext(state, bar.close) } satisfies Family<z.infer<typeof emaStateSchema>>,
  RSI: { schema: rsiStateSchema, warmUpFactor: FORGETTING, start: rsiStart, next: (state, bar) => rsiNext(state, bar.close) } satisfies Family<z.infer<typeof rsiStateSchema>>,
  ATR: { schema: atrStateSchema, warmUpFactor: FORGETTING, start: atrStart, next: atrNext } satisfies Family<z.infer<typeof atrStateSchema>>,
} as const;

function bind<S>(name: string, period: number, family: Family<S>): NamedIndicator {
  return {
    name, warmUpBars: Math.min(MAX_PERIOD, period * family.warmUpFactor + 1),
    start: () => family.start(period),
    readState(raw) {
      const state = family.schema.safeParse(raw);
      invariant(state.success, 'The stored state is not one of this indicator', { name });
      return state.data;
    },
    next: (state, bar) => family.next(state as S, bar),
  };
}

/** The indicator of that name: family, underscore, period. @throws AppError INPUT_INVALID for a name that says nothing */
export function namedIndicator(name: string): NamedIndicator {
  const [, family, digits] = /^(SMA|EMA|RSI|ATR)_([1-9]\d{0,3})$/.exec(name) ?? [];
  const period = Number(digits);
  if (period <= MAX_PERIOD) {
    if (family === 'SMA') return bind(name, period, FAMILIES.SMA);
    if (family === 'EMA') return bind(name, period, FAMILIES.EMA);
    if (family === 'RSI') return bind(name, period, FAMILIES.RSI);
    if (family === 'ATR') return bind(name, period, FAMILIES.ATR);
  }
  throw new AppError('INPUT_INVALID', `"${name.slice(0, 40)}" names no indicator; SMA, EMA, RSI and ATR are known, with a period of 1 to ${MAX_PERIOD}: SMA_20`);
}
