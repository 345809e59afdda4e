/** The look-ahead and warm-up checks inside of the sandbox's process: many runs over changed bars, none of which may remember another. */
import { timedBars } from '#app/backtest/run/sessions.ts';
import { REGULAR_WIDE_BARS } from '#app/backtest/run/wide.ts';
import { ENTRY_FILE } from '#app/contracts/author.ts';
import { AppError } from '#app/domain/errors.ts';
import { timeframeMs } from '#app/domain/time.ts';
import type { ColumnRunOptions, SymbolBars } from '#app/strategy/column-run.ts';
import { checkLookAhead } from '#app/strategy/look-ahead.ts';
import { checkWarmUp } from '#app/strategy/warm-up.ts';
import type { ProjectFileLike } from '../strategy-source.ts';
import { causeOf } from './inside-runs.ts';
import type { InsideStrategy } from './inside-strategy.ts';
import type { SandboxLook, SandboxLookAnswer, SandboxPlace } from './protocol.ts';

/** Bars that all cuts together may take: of a strategy that runs ahead, and of one that is asked at each bar. */
const FAST_BARS = 20_000_000;
const SLOW_BARS = 1_500_000;
/** Moments that are shown bar by bar, of all symbols together: each costs as much as live. */
const STREAMED_BARS = 20_000;
const [FEWEST_CUTS, MOST_CUTS, SLOW_STARTS] = [6, 120, 3];

function placeOf({ context: { path, line, column } }: AppError): SandboxPlace | null {
  return typeof path === 'string' && typeof line === 'number' && typeof column === 'number' ? { path, line, column } : null;
}

/** Where a word of the strategy's definition stands first, after another one; null where it does not. */
function placeOfWord(files: readonly ProjectFileLike[], word: RegExp, after: RegExp = /^/): SandboxPlace | null {
  for (const { path, text } of files) {
    const start = text.search(after);
    const at = start < 0 ? -1 : text.slice(start).search(word);
    if (at < 0) continue;
    const before = text.slice(0, start + at).split('\n');
    return { path, line: before.length, column: (before.at(-1) ?? '').length + 1 };
  }
  return null;
}

function placesIn(files: readonly ProjectFileLike[], names: readonly string[]): SandboxLookAnswer['places'] {
  const inOrder = [...files].sort((a, b) => Number(b.path === ENTRY_FILE) - Number(a.path === ENTRY_FILE));
  const indicators = names.flatMap((name) => {
    const place = placeOfWord(inOrder, new RegExp(`\\b${name}\\s*:`), /\bindicators\b/);
    return place === null ? [] : [[name, place] as const];
  });
  return { signals: placeOfWord(inOrder, /\bonBar\s*[(:=]/), indicators: new Map(indicators) };
}

/** Runs both checks. What stops one of them is told in the answer: it is the strategy's business. */
export async function insideLook(inside: InsideStrategy, { parameters, bars, timeframe, cuts, starts, withinMs }: SandboxLook): Promise<SandboxLookAnswer> {
  const until = performance.now() + (withinMs ?? Infinity);
  const markets: SymbolBars[] = [...inside.barsOf(bars)].map(([symbol, all]) => ({ symbol, bars: timedBars(all, timeframe).bars })).filter(({ bars: some }) => some.time.length > 0);
  const machine = await inside.fresh();
  using runs = new DisposableStack();
  const described = runs.use(inside.guest(machine, parameters, { times: null, hasReasons: true }));
  const barMs = timeframeMs(timeframe);
  const count = markets.reduce((sum, { bars: some }) => sum + some.time.length, 0);
  const isFast = inside.isMemoryFree && described.scope === 'symbol';
  const options: ColumnRunOptions = { barMs, wide: REGULAR_WIDE_BARS, freshly: freshly(inside, { parameters, barMs }, runs) };
  const affordable = Math.max(FEWEST_CUTS, Math.min(MOST_CUTS, Math.floor((isFast ? FAST_BARS : SLOW_BARS) / Math.max(1, 2 * count))));
  const streamed = Math.max(1, Math.floor(STREAMED_BARS / Math.max(1, markets.length)));
  const found: { lookAhead: SandboxLookAnswer['lookAhead']; warmUp: SandboxLookAnswer['warmUp']; failure: AppError | null } = { lookAhead: null, warmUp: null, failure: null };
  try {
    found.lookAhead = checkLookAhead(described, markets, { ...options, cuts: cuts ?? affordable, streamed, isOver: () => performance.now() > until });
    if (withinMs === undefined) found.warmUp = checkWarmUp(described, markets, { ...options, timeframe, ...(starts === undefined && isFast ? {} : { starts: starts ?? SLOW_STARTS }) });
  } catch (error) {
    found.failure = causeOf(error);
    if (!found.failure.code.startsWith('STRATEGY_')) throw error;
  }
  const times = markets.flatMap(({ bars: { time } }) => [time[0] ?? NaN, time.at(-1) ?? NaN]);
  return {
    lookAhead: found.lookAhead, warmUp: found.warmUp, problem: found.failure?.message ?? null, place: found.failure === null ? null : placeOf(found.failure), places: placesIn(inside.files, Object.keys(described.indicators)), symbols: markets.map(({ symbol }) => symbol), bars: count,
    from: times.length === 0 ? null : Math.min(...times), to: times.length === 0 ? null : Math.max(...times),
  };
}

/** A strategy for each run: one that may remember gets an interpreter of its own; the columns of the run before are given back. */
function freshly(inside: InsideStrategy, { parameters, barMs }: { readonly parameters: unknown; readonly barMs: number }, runs: DisposableStack): NonNullable<ColumnRunOptions['freshly']> {
  let before: Disposable | null = null;
  runs.defer(() => before?.[Symbol.dispose]());
  return (markets, way) => {
    before?.[Symbol.dispose]();
    before = null;
    const machine = inside.freshNow();
    if (machine === null) throw new AppError('STRATEGY_OUT_OF_MEMORY', 'The strategy keeps values of its files outside of functions that cannot be proven constant, so that each run needs an interpreter of its own: these are too many. Check over fewer bars');
    const times = new Map(markets.map(({ symbol, bars }) => [symbol, bars.time.map((time) => time + barMs)] as const));
    const strategy = inside.guest(machine, parameters, { times: way === 'columns' ? times : null, hasReasons: true });
    before = strategy;
    return strategy;
  };
}
