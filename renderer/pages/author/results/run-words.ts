/** What a run is, does and came to, in words. Pure. */
import type { BacktestDetail, BacktestView } from '#app/contracts/studio.ts';
import type { VersionView } from '#app/contracts/author.ts';
import { age, counted, marketDay, marketTime, NOTHING } from '../../../ui/format.ts';
import type { Tone } from './verdict-words.ts';
import { BELIEFS } from './verdict-words.ts';

const NAMES_MAX = 3;

/** Symbols in few letters. symbolWords(['A', 'B', 'C', 'D']) = 'A, B, C +1' */
export function symbolWords(symbols: readonly string[]): string {
  if (symbols.length === 0) return NOTHING;
  return symbols.length <= NAMES_MAX ? symbols.join(', ') : `${symbols.slice(0, NAMES_MAX).join(', ')} +${symbols.length - NAMES_MAX}`;
}
/** The days of a run; those that were asked for while it is not known which of them have bars. */
export function spanWords({ from, to }: Pick<BacktestView, 'from' | 'to'>, asked: Readonly<Record<string, unknown>> = {}): string {
  if (from !== null && to !== null) return `${marketDay(from)} – ${marketDay(to - 1)}`;
  const day = (name: string): string | null => (typeof asked[name] === 'string' ? asked[name] : null);
  return day('from') === null ? NOTHING : `${day('from') ?? ''} – ${day('to') ?? 'newest'}`;
}

/** A bar's time as lists tell it: the year belongs to it, for runs span many. */
export function barWords(at: number, isIntraday: boolean): string {
  return isIntraday ? `${marketDay(at)} ${marketTime(at).slice(0, 5)}` : marketDay(at);
}

/** The state of a run as a tag. A run that opened nothing was not judged by its money. */
export function stateTag({ state, belief, trips, totalReturn }: Pick<BacktestView, 'state' | 'belief' | 'trips' | 'totalReturn'>): { readonly tone: Tone | 'busy'; readonly words: string } {
  if (state === 'running') return { tone: 'busy', words: 'Running' };
  if (state === 'ran') return { tone: 'busy', words: 'Judging' };
  if (state === 'failed') return { tone: 'bad', words: 'Failed' };
  if (state === 'cancelled') return { tone: 'idle', words: 'Cancelled' };
  if (trips === 0 && totalReturn === 0) return { tone: 'idle', words: 'Nothing tried' };
  return belief === null ? { tone: 'idle', words: 'No verdict' } : { tone: BELIEFS[belief].tone, words: BELIEFS[belief].short };
}

/** How far a run is, 0..1; null when that is not known. */
export function progressOf(detail: Pick<BacktestDetail, 'progress' | 'view'> | undefined): number | null {
  if (detail === undefined) return null;
  if (detail.view.state === 'ran') return 1;
  const { progress } = detail;
  return progress === null || progress.total <= 0 ? null : Math.min(1, Math.max(0, progress.done / progress.total));
}

/** What a run is doing now. `now`: epoch ms. */
export function doingWords(detail: Pick<BacktestDetail, 'progress' | 'view'> | undefined, now: number): string {
  if (detail === undefined) return 'Starting';
  const { view } = detail;
  if (view.state === 'ran') return 'The trades are there; statistics are being worked out';
  const part = progressOf(detail);
  const since = age(Math.max(0, now - view.startedAt));
  const what = view.hasSearch || isSearch(detail) ? 'Trying parameters' : 'Running over the bars';
  return part === null ? `Loading bars · ${since}` : `${what} · ${Math.floor(part * 100)} % · ${since}`;
}

/** The same in few words, for a narrow place. */
export function shortDoing(detail: Pick<BacktestDetail, 'progress' | 'view'> | undefined, now: number): string {
  if (detail === undefined) return 'Starting';
  if (detail.view.state === 'ran') return 'Judging';
  const part = progressOf(detail);
  return `${isSearch(detail) ? 'Searching' : 'Running'}${part === null ? '' : ` · ${Math.floor(part * 100)} %`} · ${age(Math.max(0, now - detail.view.startedAt))}`;
}

/** Was a search asked for? */
export function isSearch(detail: { readonly view: Pick<BacktestView, 'hasSearch'>; readonly request?: Readonly<Record<string, unknown>> }): boolean {
  return detail.view.hasSearch || (detail.request?.['search'] !== undefined && detail.request['search'] !== null);
}

/** How the code of now stands to the code of a run; null when it is the same. */
export function codeChange(view: Pick<BacktestView, 'project'>, base: Pick<VersionView, 'version' | 'hash'>, isDirty: boolean): string | null {
  const { project } = view;
  if (project === null) return null;
  const isSame = project.hash === null ? project.version === base.version : project.hash === base.hash;
  if (!isSame) return `Made by version ${project.version}; version ${base.version} is open. The code has changed since.`;
  return isDirty ? `Made by version ${project.version}. The code was edited since and is not saved.` : null;
}

/** How the stored bars of now stand to those of a run that went on to the newest; null when no newer ones came, or nothing is known. `newest`: YYYY-MM-DD of the newest stored bar. */
export function barsChange({ to }: Pick<BacktestView, 'to'>, asked: Readonly<Record<string, unknown>>, newest: string | null): string | null {
  if (to === null || newest === null || typeof asked['to'] === 'string' || newest <= marketDay(to - 1)) return null;
  return `Newer bars are stored since: up to ${newest}.`;
}

/** What can be done about a failure, by its code. */
export function remedyOf(code: string): string {
  const remedies: Readonly<Record<string, string>> = {
    SYMBOL_UNKNOWN: 'Fetch bars of these symbols on the Data page, or choose symbols that have some.', INPUT_TOO_LARGE: 'Take fewer symbols, a shorter span, or wider bars.',
    ARCHIVE_DAMAGED: 'Bring the archive files back from a backup of the data folder, or choose another span.', STRATEGY_PARAMETERS_INVALID: 'Change the parameters in the run bar.',
    FLOW_INPUT_INVALID: 'Change the settings in the run bar and run it again.',
  };
  return remedies[code] ?? 'Look at the code at the place that is named, change it, and run it again.';
}

/** How long it took, in words: to the curve and to the end. Empty while no bar was seen. */
export function tookWords({ ranMs, tookMs, barsSeen }: Pick<BacktestView, 'ranMs' | 'tookMs' | 'barsSeen'>): string {
  const bars = barsSeen === 0 ? '' : counted(barsSeen, 'bar');
  if (tookMs === null || barsSeen === 0) return bars;
  return ranMs === null ? `${bars} in ${age(tookMs)}` : `${bars}; curve after ${age(ranMs)}, verdict after ${age(tookMs)}`;
}
