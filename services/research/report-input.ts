/** What the report of a back-test is made of: plain data, found out elsewhere. */
import type { Evidence } from '#app/analytics/evidence.ts';
import type { TearSheet } from '#app/analytics/tear-sheet-types.ts';
import type { Verdict } from '#app/analytics/verdict.ts';
import type { HeatMap } from '#app/backtest/search/heat-map.ts';
import type { Plateau } from '#app/backtest/search/plateau.ts';
import type { Timeframe } from '#app/domain/time.ts';

/** A name with what it stands for, in words or numbers with their unit. */
export type NamedText = readonly [name: string, text: string];

/** One round trip as the table has it. Epoch ms; shares; dollars; `bars` held. */
export type TripLine = {
  readonly symbol: string; readonly side: 'long' | 'short'; readonly isOpen: boolean; readonly openedAt: number; readonly closedAt: number; readonly bars: number;
  readonly qty: number; readonly entryPrice: number; readonly exitPrice: number; readonly profit: number; readonly cost: number; readonly mae: number; readonly mfe: number;
};

/** Where bars came from. Days of New York; `sha256` of the file, null for bars of the book. `isBenchmark`: not traded, compared with. */
export type DataLine = { readonly symbol: string; readonly isBenchmark: boolean; readonly file: string; readonly bars: number; readonly first: string; readonly last: string; readonly sha256: string | null };

/** One window of a walk-forward: days, the values that were chosen, yearly objective inside and outside. */
export type FoldLine = { readonly inFrom: string; readonly outFrom: string; readonly outTo: string; readonly chosen: string; readonly inside: number | null; readonly outside: number | null };

/** A search, where the run is what one found. `chosen`: place of the run in the map. */
export type SearchPart = {
  readonly objective: string; readonly trials: number; readonly map: HeatMap | null; readonly chosen: readonly [x: number, y: number] | null; readonly plateau: Plateau | null;
  readonly folds: readonly FoldLine[]; readonly efficiency: number | null;
};

/** Everything the page shows. `rules`: what the outcome depends on beside bars and strategy; `costs`: dollars with their sign; `identity`: hashes by which the run is known. */
export type ReportInput = {
  readonly strategy: { readonly kind: string; readonly title: string; readonly description: string; readonly parameters: readonly NamedText[] };
  readonly timeframe: Timeframe;
  readonly data: readonly DataLine[];
  readonly benchmark: string | null;
  readonly sheet: TearSheet;
  readonly evidence: Evidence;
  readonly verdict: Verdict;
  readonly trips: readonly TripLine[];
  readonly rules: readonly NamedText[];
  readonly costs: readonly (readonly [name: string, dollars: number])[];
  readonly denied: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
  readonly identity: readonly NamedText[];
  readonly search: SearchPart | null;
  readonly writtenAt: number;
  readonly version: string;
};
