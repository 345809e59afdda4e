/** A part of a market screened: filters first, and only for what passes them the rank and the columns. */
import { barColumns, sliceColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { parseFormula, type Formula } from '#app/screener/language.ts';
import { compile, type Program } from '#app/screener/program.ts';
import type { Found, PartFound, ScreenQuestion, ScreenSubject } from './screen-work.ts';

const MAX_FAILED = 50;
const MAX_REASON = 200;

/** The formula of a text. @throws AppError INPUT_INVALID, naming the place */
export function formulaOf(text: string): Formula {
  const parsed = parseFormula(text);
  if (parsed.ok) return parsed.formula;
  const { message, from, hint } = parsed.fault;
  throw new AppError('INPUT_INVALID', `The formula "${text.slice(0, 120)}" cannot be read at character ${from + 1}: ${message}${hint === null ? '' : ` ${hint}`}`);
}

/** The programs of a question: the filters' and the rest's. */
export type ScreenPrograms = { readonly filters: Program; readonly rest: Program; readonly bars: number };

/** Reads a question. @throws AppError INPUT_INVALID for a formula that cannot be read, or a filter that is no condition, or a rank that is no number */
export function programsOf({ filters, rank, columns }: ScreenQuestion): ScreenPrograms {
  const conditions = filters.map(formulaOf);
  const wrong = conditions.find((formula) => formula.type !== 'boolean');
  if (wrong !== undefined) throw new AppError('INPUT_INVALID', `A filter must be true or false: "${wrong.text.slice(0, 120)}" is a ${wrong.type}. Compare it with something, such as "${wrong.text.slice(0, 60)} > 0"`);
  const order = rank === null ? [] : [formulaOf(rank)];
  if (order.some((formula) => formula.type === 'text')) throw new AppError('INPUT_INVALID', `What is ranked by must be a number: "${rank ?? ''}" is a text`);
  const [first, second] = [compile(conditions), compile([...order, ...columns.map(formulaOf)])];
  return { filters: first, rest: second, bars: Math.max(first.bars, second.bars) };
}

/** The last bar that opens before an instant; -1 when there is none. */
export function lastBefore({ time }: BarColumns, before: number | null): number {
  if (before === null) return time.length - 1;
  let [low, high] = [0, time.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((time[middle] ?? Infinity) < before) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The newest bars up to `at`, as they were seen before splits that came later: prices divided and volumes multiplied by the factor. `most`: as many as the formulas look back. */
export function asSeenThen(bars: BarColumns, at: number, { factor, most }: { readonly factor: number; readonly most: number }): BarColumns {
  const part = sliceColumns(bars, Math.max(0, at + 1 - most), at + 1);
  const seen = barColumns(part.time.length);
  seen.time.set(part.time);
  for (let n = 0; n < part.time.length; n += 1) {
    for (const field of ['open', 'high', 'low', 'close'] as const) seen[field][n] = (part[field][n] ?? NaN) / factor;
    seen.volume[n] = (part.volume[n] ?? NaN) * factor;
  }
  return seen;
}

/** Screens some symbols. */
export function screenSubjects(subjects: readonly ScreenSubject[], question: ScreenQuestion, splits: ReadonlyMap<number, number>): PartFound {
  const begin = performance.now();
  const { filters, rest, bars: needed } = programsOf(question);
  const found: Found[] = [];
  const failed: { n: number; reason: string }[] = [];
  let [lacking, empty] = [0, 0];
  for (const { n, facts, bars } of subjects) {
    const at = lastBefore(bars, question.before);
    if (at < 0) {
      empty += 1;
      continue;
    }
    try {
      const factor = splits.get(n) ?? 1;
      const seen = factor === 1 ? bars : asSeenThen(bars, at, { factor, most: needed });
      const subject = { bars: seen, facts };
      const here = factor === 1 ? at : seen.time.length - 1;
      const judged = filters.evaluate(subject, here);
      if (judged.some((value) => value === false)) continue;
      if (judged.some((value) => value !== true)) {
        lacking += 1;
        continue;
      }
      const [first, ...others] = rest.evaluate(subject, here);
      const hasRank = question.rank !== null;
      found.push({ n, at, rank: hasRank ? rankOf(first) : null, values: hasRank || first === undefined ? others : [first, ...others] });
    } catch (error) {
      if (failed.length < MAX_FAILED) failed.push({ n, reason: describeError(error).slice(0, MAX_REASON) });
    }
  }
  return { found, lacking, empty, failed, computeMs: performance.now() - begin };
}

function rankOf(value: unknown): number | null {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'number' ? value : null;
}
