/** What the run bar of a project holds before anybody chose: what its template is made for, as far as bars of it are stored; else watched symbols. Pure. */
import type { ChartSymbol } from '#app/contracts/charts.ts';
import type { Timeframe } from '#app/domain/time.ts';
import { FRESH_DRAFT } from './run-draft.ts';
import type { RunDraft } from './run-draft.ts';
import type { StoredBars } from './stored.ts';

type Known = Pick<ChartSymbol, 'symbol' | 'series' | 'isWatched'>;
type Settings = Pick<RunDraft, 'symbols'> & Partial<Pick<RunDraft, 'timeframe' | 'benchmark'>>;

/** The settings; null when no symbol has bars. `suggested`: what the template is made for, with what is stored of it; `least`: symbols that the strategy trades together; `known`: symbols that there are. */
export function firstSettings(known: readonly Known[], least: number, suggested: { readonly symbols: readonly string[]; readonly timeframe: Timeframe; readonly stored: StoredBars } | null): Settings | null {
  const withDays = known.filter(({ series }) => series.some(({ timeframe }) => timeframe === '1Day'));
  const benchmark = withDays.some(({ symbol }) => symbol === FRESH_DRAFT.benchmark) ? {} : { benchmark: '' };
  const fitting = suggested?.symbols.filter((symbol) => !suggested.stored.missing.includes(symbol)) ?? [];
  if (suggested !== null && suggested.stored.days !== null && fitting.length >= least) return { symbols: fitting, timeframe: suggested.timeframe, ...benchmark };
  const chosen = [...withDays.filter(({ isWatched }) => isWatched), ...withDays.filter(({ isWatched }) => !isWatched)].slice(0, least);
  return chosen.length === 0 ? null : { symbols: chosen.map(({ symbol }) => symbol), ...benchmark };
}
