/** The parts of a stored tear sheet that the studio draws, read with care: results of older versions may lack some. Pure. */
import * as z from 'zod';
import type { BacktestResult } from '#app/contracts/backtest.ts';

const known = z.number().nullable();
const sheetSchema = z.object({
  years: z.array(z.object({ year: z.number(), months: z.array(known), total: z.number() })).catch([]),
  rolling: z.object({ days: z.number(), at: z.array(z.number()), sharpe: z.array(known), volatility: z.array(known) }).nullable().catch(null),
});
/** What is drawn of it. */
export type SheetView = z.infer<typeof sheetSchema>;

/** Reads it; null without one. */
export function sheetOf({ tearSheet }: Pick<BacktestResult, 'tearSheet'>): SheetView | null {
  return tearSheet === null ? null : (sheetSchema.safeParse(tearSheet).data ?? null);
}

/** Daily returns of a stored curve. dailyReturns([['a', 100], ['b', 110]]) = [0.1] */
export function dailyReturns(daily: BacktestResult['daily']): number[] {
  return daily.slice(1).map(([, value], n) => value / (daily[n]?.[1] ?? value) - 1).filter(Number.isFinite);
}
