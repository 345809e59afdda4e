/** Does a strategy know the future? Its signals up to a bar must be the same when later bars are taken away, or replaced, or not there yet. */
import { BAR_FIELDS, barColumns, barCount, sliceColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { AppError } from '#app/domain/errors.ts';
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { momentsOf, signalsBarByBar, signalsOverColumns, type ColumnRunOptions, type SaidSignal, type SymbolBars } from './column-run.ts';
import type { BoundStrategy } from './spec.ts';

/** How the future was taken away. `streamed`: the strategy was shown the bars one by one, as it is live. */
export type LookAheadWay = 'removed' | 'replaced' | 'streamed';

/** The first signal that depends on what came later. `openTime`: open of the bar that raised it, epoch ms; `cutAfter`: open of the last bar that was left as it is, null for `streamed`. A signal in words, null for none; `failed`: the strategy threw without its future. */
export type LookAheadFinding = {
  readonly way: LookAheadWay;
  readonly symbol: string;
  readonly openTime: number;
  readonly cutAfter: number | null;
  readonly withFuture: string | null;
  readonly withoutFuture: string | null;
  readonly failed: string | null;
  /** For a person: what was seen, and what to do. */
  readonly message: string;
};

/** What was compared, and the first finding of each way. `cuts`: places at which the future was taken away; `left`: places for which there was no time; `signals`: those that the strategy raised over everything. */
export type LookAheadReport = { readonly moments: number; readonly cuts: number; readonly left: number; readonly signals: number; readonly findings: readonly LookAheadFinding[] };

/** `cuts`: places at which to cut, 1..1,000; 120 when left out, fewer over long data (`STEPS`). All of them where the data has no more moments. `streamed`: moments that are shown bar by bar, the first ones; all when left out. `isOver`: asked before each cut but the first; true leaves the others out. */
export type LookAheadOptions = ColumnRunOptions & { readonly cuts?: number; readonly streamed?: number; readonly isOver?: () => boolean };

const WAYS_TO_CUT = ['removed', 'replaced'] as const;
const CUTS = 120;
const CUTS_MIN = 8;
const MAX_CUTS = 1_000;
/** Bars to run over for all cuts together when nobody says how many: some ten seconds. */
const STEPS = 20_000_000;
/** Bars before a signal at which to cut as well: a peek of so many bars is seen there at the latest. */
const PEEKS = [1, 2, 3, 5, 8] as const;

/**
 * Runs the strategy over everything, and again with the later bars removed, and replaced by others, at places spread over the data and just before signals, where a peek must show; at last bar by bar. Deterministic.
 * @throws AppError STRATEGY_FAILED when it throws with all bars at hand.
 */
export function checkLookAhead(strategy: BoundStrategy, markets: readonly SymbolBars[], options: LookAheadOptions): LookAheadReport {
  const moments = momentsOf(markets);
  const whole = signalsOverColumns(strategy, markets, options);
  const bars = markets.reduce((sum, market) => sum + barCount(market.bars), 0);
  const affordable = Math.max(CUTS_MIN, Math.min(CUTS, Math.floor(STEPS / Math.max(1, bars))));
  const cuts = cutsOf(moments, whole, Math.min(MAX_CUTS, Math.max(1, options.cuts ?? affordable)));
  const findings = new Map<LookAheadWay, LookAheadFinding>();
  const shownTo = moments[(options.streamed ?? moments.length) - 1] ?? Infinity;
  const shown = markets.map(({ symbol, bars: all }) => ({ symbol, bars: sliceColumns(all, 0, barsUpTo(all, shownTo)) })).filter(({ bars: some }) => barCount(some) > 0);
  const streamed = compare({ way: 'streamed', cutAfter: null, until: shownTo, whole, run: () => signalsBarByBar(strategy, shown, options) });
  let made = 0;
  for (const cutAfter of cuts) {
    if (made > 0 && options.isOver?.() === true) break;
    made += 1;
    for (const way of WAYS_TO_CUT) {
      if (findings.has(way)) continue;
      const changed = markets.map(({ symbol, bars }) => ({ symbol, bars: way === 'removed' ? removeAfter(bars, cutAfter) : replaceAfter(bars, cutAfter) }));
      const finding = compare({ way, cutAfter, whole, run: () => signalsOverColumns(strategy, changed, options) });
      if (finding !== null) findings.set(way, finding);
    }
    if (findings.size === WAYS_TO_CUT.length) made = cuts.length;
    if (made === cuts.length) break;
  }
  return { moments: moments.length, cuts: made, left: cuts.length - made, signals: whole.length, findings: [...WAYS_TO_CUT.flatMap((way) => findings.get(way) ?? []), ...(streamed === null ? [] : [streamed])] };
}

/** Times after which to cut, in order: all moments of short data; else half of them evenly, the rest around the signals. */
function cutsOf(moments: Float64Array, signals: readonly SaidSignal[], most: number): readonly number[] {
  const last = moments.length - 1;
  if (last <= most) return [...moments.subarray(0, Math.max(0, last))];
  const indexOf = new Map([...moments].map((time, i) => [time, i]));
  const even = Math.ceil(most / 2);
  const chosen = new Set(Array.from({ length: even }, (_, n) => Math.floor((n * last) / even)));
  const stride = Math.max(1, Math.ceil((signals.length * (PEEKS.length + 1)) / (most - even)));
  for (let n = 0; n < signals.length && chosen.size < most; n += stride) {
    const at = indexOf.get(signals[n]?.openTime ?? NaN) ?? 0;
    for (const before of [0, ...PEEKS]) if (at - before >= 0 && at - before < last) chosen.add(at - before);
  }
  return [...chosen].sort((a, b) => a - b).map((i) => moments[i] ?? NaN);
}

type Comparison = { readonly way: LookAheadWay; readonly cutAfter: number | null; readonly until?: number; readonly whole: readonly SaidSignal[]; readonly run: () => readonly SaidSignal[] };

/** The first signal at or before the cut that the two runs do not share. */
function compare({ way, cutAfter, until: last, whole, run }: Comparison): LookAheadFinding | null {
  const until = cutAfter ?? last ?? Infinity;
  const upTo = (signals: readonly SaidSignal[]): readonly SaidSignal[] => signals.filter((signal) => signal.openTime <= until);
  const before = upTo(whole);
  let after: readonly SaidSignal[];
  try {
    after = upTo(run());
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'STRATEGY_FAILED') throw error;
    const openTime = cutAfter ?? NaN;
    const { symbol } = error.context;
    return finish({ way, symbol: typeof symbol === 'string' ? symbol : '', openTime, cutAfter, withFuture: null, withoutFuture: null, failed: error.message });
  }
  const at = before.findIndex((signal, i) => wordsOf(signal) !== wordsOf(after[i]));
  const first = at >= 0 ? at : after.length > before.length ? before.length : -1;
  if (first < 0) return null;
  const [a, b] = [before[first], after[first]];
  // Of two signals that differ, the one that came first in time is the one that the other run lacks.
  const isEarlier = b === undefined || (a !== undefined && a.openTime <= b.openTime);
  const { symbol, openTime } = (isEarlier ? a : b) ?? { symbol: '', openTime: NaN };
  const isSame = (other: SaidSignal | undefined): boolean => other !== undefined && other.symbol === symbol && other.openTime === openTime;
  return finish({ way, symbol, openTime, cutAfter, withFuture: isSame(a) ? wordsOf(a) : null, withoutFuture: isSame(b) ? wordsOf(b) : null, failed: null });
}

const ADVICE: Readonly<Record<LookAheadWay, string>> = {
  removed: 'Look at numbers through `now` and `ago(n)` alone, and never at whole columns.',
  replaced: 'A number is made of the whole history at once (a mean, a maximum, a scale over all bars): make it of the bars so far.',
  streamed: 'An indicator gives other numbers over whole columns than bar by bar: its columns may look ahead.',
};

function finish(finding: Omit<LookAheadFinding, 'message'>): LookAheadFinding {
  const { way, symbol, openTime, failed, withFuture, withoutFuture } = finding;
  const without = way === 'removed' ? 'with the later bars taken away' : way === 'replaced' ? 'with other bars after it' : 'bar by bar, as live';
  const seen = failed !== null ? `it fails ${without}: ${failed}` : `at the bar of ${symbol} that opened ${toRfc3339(openTime as EpochMs)} it says ${withFuture ?? 'nothing'} when it can see what comes, and ${withoutFuture ?? 'nothing'} ${without}`;
  return { ...finding, message: `This strategy knows the future: ${seen}. ${ADVICE[way]}` };
}

/** A signal as text: everything that makes it what it is. */
function wordsOf(signal: SaidSignal | undefined): string {
  if (signal === undefined) return '';
  const { openTime, symbol, target, weight, atr, exits, order, orderId, cancels, reasons } = signal;
  return JSON.stringify({ openTime, symbol, target, weight, atr, exits, order, orderId, cancels, reasons });
}

function barsUpTo(bars: BarColumns, time: number): number {
  let count = 0;
  while (count < barCount(bars) && (bars.time[count] ?? NaN) <= time) count += 1;
  return count;
}

/** Copies without the later bars: a slice would still lie in the memory of the whole. */
function removeAfter(bars: BarColumns, time: number): BarColumns {
  const kept = sliceColumns(bars, 0, barsUpTo(bars, time));
  const copy = barColumns(barCount(kept));
  for (const field of ['time', ...BAR_FIELDS] as const) copy[field].set(kept[field]);
  return copy;
}

/** Later bars swing wildly where they were: half and twice the price in turn, ten times the volume. */
function replaceAfter(bars: BarColumns, time: number): BarColumns {
  const from = barsUpTo(bars, time);
  const length = barCount(bars);
  const other = barColumns(length);
  other.time.set(bars.time);
  for (const field of BAR_FIELDS) {
    const column = other[field];
    column.set(bars[field]);
    for (let i = from; i < length; i += 1) column[i] = (column[i] ?? NaN) * (field === 'volume' ? 10 : i % 2 === 0 ? 2 : 0.5);
  }
  return other;
}
