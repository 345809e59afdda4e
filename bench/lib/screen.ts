/** A screen as a desk has it: ten indicators, a filter, a score, through the program of the screener. On a thread of its own it screens its part each time it is told to. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import { type Formula, parseFormula } from '#app/screener/language.ts';
import { compile, type SymbolFacts } from '#app/screener/program.ts';

/** A symbol by its number, with what it is ranked by. */
export type Ranked = { readonly symbol: number; readonly score: number };

const INDICATORS = ['sma(20)', 'sma(50)', 'sma(200)', 'ema(20)', 'rsi(14)', 'macd(12, 26, 9).macd', 'bbands(20, 2).upper', 'atr(14)', 'adx(14)', 'roc(10)'];
const FACTS: SymbolFacts = { symbol: 'A', name: 'A', exchange: 'X', sector: null, industry: null, isTradable: true, isShortable: true, isFractionable: true, isWatched: false };

function formulaOf(text: string): Formula {
  const parsed = parseFormula(text);
  invariant(parsed.ok, 'The screen asks for what is no formula', { text });
  return parsed.formula;
}

const program = compile(INDICATORS.map(formulaOf));
const latest = new Float64Array(INDICATORS.length);

/** Those in a trend that is neither stretched nor asleep, by their strength; NaN for the others. */
function scoreOf(close: number, [fast = NaN, middle = NaN, slow = NaN, average = NaN, rsi = NaN, , bands = NaN, range = NaN, strength = NaN, change = NaN]: ArrayLike<number> & Iterable<number>): number {
  if (!(rsi > 25 && rsi < 75 && range / close > 1e-5)) return NaN;
  return (close / fast + close / middle + close / slow + close / average + close / bands - 5) * 100 + strength / 100 + change / 100;
}

/** How much of the history is worked out: all of it, as columns, or what the newest values need. */
export type Span = 'columns' | 'latest';

/** Screens some symbols, of which the first has the number `first`. */
export function screenPart(markets: readonly BarColumns[], first: number, span: Span = 'columns'): Ranked[] {
  const found: Ranked[] = [];
  for (const [n, bars] of markets.entries()) {
    const subject = { bars, facts: FACTS };
    const at = bars.time.length - 1;
    if (span === 'latest') program.evaluateInto(subject, latest);
    else program.columns(subject).forEach((column, k) => (latest[k] = column[at] ?? NaN));
    const score = scoreOf(bars.close[at] ?? NaN, latest);
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
