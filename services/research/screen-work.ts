/** What a thread that screens is told, and what it answers. */
import type { BarColumns } from '#app/domain/bar-columns.ts';
import type { SymbolFacts } from '#app/screener/program.ts';

/** One symbol as a thread holds it. `n`: its place in the market; `bars`: freed of splits, on shared memory. */
export type ScreenSubject = { readonly n: number; readonly facts: SymbolFacts; readonly bars: BarColumns };

/**
 * What is asked of every symbol. Formulas are texts that parse; `before`: only bars that open before this instant (epoch ms) are looked at; `most`: so many rows are wanted,
 * those that come first by rank.
 */
export type ScreenQuestion = { readonly filters: readonly string[]; readonly rank: { readonly formula: string; readonly direction: 'asc' | 'desc' } | null; readonly columns: readonly string[]; readonly before: number | null; readonly most: number };

/** A value of a formula at a bar; null where there is none (too few bars). */
export type ScreenValue = number | boolean | string | null;

/** A symbol for which all filters are true. `at`: the bar that was looked at. */
export type Found = { readonly n: number; readonly at: number; readonly rank: number | null; readonly values: readonly ScreenValue[] };

/**
 * What came of a part of the market. `found`: the first of those that `matched`, in order; `lacking`: a filter had no value; `failed`: by place, why it could not be judged;
 * `newest`: the latest bar that was looked at, of whatever symbol, epoch ms (null: none).
 */
export type PartFound = {
  readonly found: readonly Found[]; readonly matched: number; readonly lacking: number; readonly empty: number; readonly failed: readonly { readonly n: number; readonly reason: string }[];
  readonly newest: number | null; readonly computeMs: number;
};

/**
 * Orders to a thread. `splits`: by place, what prices and volumes of a past day are divided and multiplied by, so that they are those that were seen on that day
 * (a split that came later was not known then); left out: 1.
 */
export type ScreenOrder =
  | { readonly type: 'market'; readonly market: string; readonly subjects: readonly ScreenSubject[] }
  | { readonly type: 'run'; readonly run: number; readonly market: string; readonly question: ScreenQuestion; readonly splits: ReadonlyMap<number, number> };

/** Answers of a thread. */
export type ScreenReply = { readonly type: 'ready' } | { readonly type: 'found'; readonly run: number; readonly part: PartFound } | { readonly type: 'failed'; readonly run: number; readonly code: string; readonly message: string };
