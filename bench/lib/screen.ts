/** A screen as a desk has it: ten indicators over whole histories, a filter, a score. On a thread of its own it screens its part each time it is told to. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import { columnsOf } from '#app/indicators/columns-of.ts';
import { indicatorById } from '#app/indicators/catalogue.ts';
import { use, type IndicatorUse } from '#app/indicators/indicator.ts';

/** A symbol by its number, with what it is ranked by. */
export type Ranked = { readonly symbol: number; readonly score: number };

const ASKED: readonly (readonly [id: string, values: readonly number[]])[] = [
  ['SMA', [20]], ['SMA', [50]], ['SMA', [200]], ['EMA', [20]], ['RSI', [14]], ['MACD', [12, 26, 9]], ['BBANDS', [20, 2, 2]], ['ATR', [14]], ['ADX', [14]], ['ROC', [10]],
];
const uses: readonly IndicatorUse[] = ASKED.map(([id, values]) => {
  const indicator = indicatorById(id);
  invariant(indicator !== undefined, 'The screen asks for an indicator that there is not', { id });
  return use(indicator, values.slice(0, indicator.parameters.length));
});
/** Outputs are written into the same columns for each symbol. */
let outs: readonly (readonly Float64Array[])[] = [];

/** Screens some symbols, of which the first has the number `first`: those in an upward trend that is neither stretched nor asleep, by their strength. */
export function screenPart(markets: readonly BarColumns[], first: number): Ranked[] {
  const length = markets[0]?.time.length ?? 0;
  if (outs[0]?.[0]?.length !== length) outs = uses.map(({ indicator }) => indicator.outputs.map(() => new Float64Array(length)));
  const found: Ranked[] = [];
  for (const [n, bars] of markets.entries()) {
    const [fast, middle, slow, average, rsi, , bands, range, strength, change] = uses.map((asked, at) => {
      const columns: Readonly<Record<string, Float64Array>> = columnsOf(asked, bars, outs[at]);
      return (columns[asked.indicator.outputs[0] ?? ''] ?? new Float64Array(0))[length - 1] ?? NaN;
    });
    const close = bars.close[length - 1] ?? NaN;
    if (!((rsi ?? NaN) > 25 && (rsi ?? NaN) < 75 && (range ?? NaN) / close > 1e-5)) continue;
    const score = [fast, middle, slow, average, bands].reduce<number>((sum, value) => sum + close / (value ?? NaN) - 1, 0) * 100 + (strength ?? NaN) / 100 + (change ?? NaN) / 100;
    if (Number.isFinite(score)) found.push({ symbol: first + n, score });
  }
  return found;
}

/** The best, best first; equal scores in the order of their numbers. */
export function topOf(ranked: readonly Ranked[], count: number): Ranked[] {
  return ranked.toSorted((a, b) => b.score - a.score || a.symbol - b.symbol).slice(0, count);
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  const { bars, first } = workerData as { readonly bars: readonly BarColumns[]; readonly first: number };
  port.on('message', () => port.postMessage(screenPart(bars, first)));
}
