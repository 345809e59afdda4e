/** A part of a market screened: filters first, and only for what passes them the rank and the columns. */
import { barColumns, firstAtOrAfter, sliceColumns, type BarColumns } from '#app/domain/bar-columns.ts';
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

/** The programs of a question: the filters', the rank's, the columns'. `bars`: how far back any of them looks. */
export type ScreenPrograms = { readonly filters: Program; readonly order: Program; readonly columns: Program; readonly bars: number };

/** Reads a question. @throws AppError INPUT_INVALID for a formula that cannot be read, or a filter that is no condition, or a rank that is no number */
export function programsOf({ filters, rank, columns }: Pick<ScreenQuestion, 'filters' | 'rank' | 'columns'>): ScreenPrograms {
  const conditions = filters.map(formulaOf);
  const wrong = conditions.find((formula) => formula.type !== 'boolean');
  if (wrong !== undefined) throw new AppError('INPUT_INVALID', `A filter must be true or false: "${wrong.text.slice(0, 120)}" is a ${wrong.type}. Compare it with something, such as "${wrong.text.slice(0, 60)} > 0"`);
  const order = rank === null ? [] : [formulaOf(rank.formula)];
  if (order.some((formula) => formula.type === 'text')) throw new AppError('INPUT_INVALID', `What is ranked by must be a number: "${rank?.formula ?? ''}" is a text`);
  const programs = { filters: compile(conditions), order: compile(order), columns: compile(columns.map(formulaOf)) };
  return { ...programs, bars: Math.max(programs.filters.bars, programs.order.bars, programs.columns.bars) };
}

/** The last bar that opens before an instant; -1 when there is none. */
export function lastBefore({ time }: BarColumns, before: number | null): number {
  return (before === null ? time.length : firstAtOrAfter(time, before)) - 1;
}

/**
 * A price as it was seen before splits that came later, dollars. Prices freed of splits stand on the grid of a millionth of a dollar; what that has cut off is magnified on the way back, and is
 * rounded away again: freed of a 28:1 split, $100 is 3.571429, and comes back as 100 rather than 100.000012.
 */
export function seenPrice(price: number, factor: number): number {
  const scale = 10 ** Math.floor(Math.log10(factor) + 6);
  return factor === 1 ? price : Math.round((price / factor) * scale) / scale;
}

/** The newest bars up to `at`, as they were seen before splits that came later: prices divided and volumes multiplied by the factor. `most`: as many as the formulas look back. */
export function asSeenThen(bars: BarColumns, at: number, { factor, most }: { readonly factor: number; readonly most: number }): BarColumns {
  const part = sliceColumns(bars, Math.max(0, at + 1 - most), at + 1);
  const seen = barColumns(part.time.length);
  seen.time.set(part.time);
  for (let n = 0; n < part.time.length; n += 1) {
    for (const field of ['open', 'high', 'low', 'close'] as const) seen[field][n] = seenPrice(part[field][n] ?? NaN, factor);
    seen.volume[n] = (part.volume[n] ?? NaN) * factor;
  }
  return seen;
}

/** What comes first: by rank, those without one last; by place (the symbols are in order) where that does not decide. */
export function compareFound(direction: 'asc' | 'desc' | null): (a: Pick<Found, 'n' | 'rank'>, b: Pick<Found, 'n' | 'rank'>) => number {
  if (direction === null) return (a, b) => a.n - b.n;
  const sign = direction === 'asc' ? 1 : -1;
  return (a, b) => {
    if (a.rank === null || b.rank === null) return a.rank === b.rank ? a.n - b.n : a.rank === null ? 1 : -1;
    return sign * (a.rank - b.rank) || a.n - b.n;
  };
}

type Seen = { readonly subject: ScreenSubject; readonly bars: BarColumns; readonly at: number };

/** Screens some symbols: filters first, the rank of those that pass, and the columns of as many as are wanted. */
export function screenSubjects(subjects: readonly ScreenSubject[], question: ScreenQuestion, splits: ReadonlyMap<number, number>): PartFound {
  const begin = performance.now();
  const { filters, order, columns, bars: needed } = programsOf(question);
  const passed: { n: number; at: number; rank: number | null; subject: ScreenSubject }[] = [];
  const failed: { n: number; reason: string }[] = [];
  let [lacking, empty, newest] = [0, 0, -Infinity];
  const seenOf = (subject: ScreenSubject, at: number): Seen => {
    const factor = splits.get(subject.n) ?? 1;
    if (factor === 1) return { subject, bars: subject.bars, at };
    const bars = asSeenThen(subject.bars, at, { factor, most: needed });
    return { subject, bars, at: bars.time.length - 1 };
  };
  const failing = (n: number, error: unknown): void => {
    if (failed.length < MAX_FAILED) failed.push({ n, reason: describeError(error).slice(0, MAX_REASON) });
  };
  for (const subject of subjects) {
    const at = lastBefore(subject.bars, question.before);
    if (at < 0) {
      empty += 1;
      continue;
    }
    newest = Math.max(newest, subject.bars.time[at] ?? -Infinity);
    try {
      const seen = seenOf(subject, at);
      const judged = filters.evaluate({ bars: seen.bars, facts: subject.facts }, seen.at);
      if (judged.some((value) => value === false)) continue;
      if (judged.some((value) => value !== true)) {
        lacking += 1;
        continue;
      }
      const rank = question.rank === null ? null : rankOf(order.evaluate({ bars: seen.bars, facts: subject.facts }, seen.at)[0]);
      passed.push({ n: subject.n, at, rank, subject });
    } catch (error) {
      failing(subject.n, error);
    }
  }
  const found: Found[] = [];
  for (const { n, at, rank, subject } of passed.sort(compareFound(question.rank?.direction ?? null)).slice(0, question.most)) {
    try {
      const seen = seenOf(subject, at);
      found.push({ n, at, rank, values: columns.evaluate({ bars: seen.bars, facts: subject.facts }, seen.at) });
    } catch (error) {
      failing(n, error);
    }
  }
  return { found, matched: passed.length, lacking, empty, failed, newest: Number.isFinite(newest) ? newest : null, computeMs: performance.now() - begin };
}

function rankOf(value: unknown): number | null {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'number' ? value : null;
}
