/** Bars one by one: which page of steps holds a bar, what changed in the memory, where the next act is. Pure. */
import type { RunStep } from '#app/contracts/studio.ts';
import type { BacktestResult } from '#app/contracts/backtest.ts';
import { barAt } from './run-chart-data.ts';

/** Bars of one question. */
export const STEP_PAGE = 40;

/** The page of a bar by its number. */
export const pageOf = (index: number): number => Math.floor(index / STEP_PAGE);

/** The step of a bar; null when the run has none there. */
export function stepAt(steps: readonly RunStep[], openTime: number): RunStep | null {
  return steps.find((step) => step.openTime <= openTime && step.closeTime > openTime) ?? steps.find((step) => step.openTime === openTime) ?? null;
}

/** One entry of the memory before and after the bar. */
export type Change = { readonly name: string; readonly before: string; readonly after: string; readonly isChanged: boolean };

const text = (value: unknown): string => (value === undefined ? '–' : JSON.stringify(value) ?? '–');
const LONGEST = 120;
const short = (words: string): string => (words.length > LONGEST ? `${words.slice(0, LONGEST)}…` : words);

function entriesOf(json: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : { value };
  } catch {
    // Long memory is cut by the server, and then is no JSON any more: it is shown as it is.
    return null;
  }
}

/** What a bar changed in the memory, changed entries first. */
export function memoryChanges({ before, after }: RunStep['state']): readonly Change[] {
  const [old, now] = [entriesOf(before), entriesOf(after)];
  if (old === null || now === null) return [{ name: 'memory', before: short(before), after: short(after), isChanged: before !== after }];
  const rows = [...new Set([...Object.keys(old), ...Object.keys(now)])].map((name): Change => ({ name, before: short(text(old[name])), after: short(text(now[name])), isChanged: text(old[name]) !== text(now[name]) }));
  return [...rows.filter(({ isChanged }) => isChanged), ...rows.filter(({ isChanged }) => !isChanged)];
}

/** The bar of the nearest fill of a symbol before or after a bar, by number; null when there is none. */
export function fillBeside({ trades }: Pick<BacktestResult, 'trades'>, { symbol, time, index, way }: { readonly symbol: string; readonly time: Float64Array; readonly index: number; readonly way: 1 | -1 }): number | null {
  const bars = [...new Set(trades.filter((trade) => trade.symbol === symbol).map((trade) => barAt(time, trade.tsMarket)))].sort((a, b) => a - b);
  return (way === 1 ? bars.find((bar) => bar > index) : bars.findLast((bar) => bar >= 0 && bar < index)) ?? null;
}
