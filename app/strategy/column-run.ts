/** What a strategy says over whole columns, as a back-test shows them to it, and over the same bars one by one, as it sees them live. */
import { barColumns, barCount, sliceColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { columnsOf } from '#app/indicators/columns-of.ts';
import type { IndicatorUse, NumericBar } from '#app/indicators/indicator.ts';
import { openHost, raise, type HostSignal, type Standing } from './host.ts';
import { PaperAccount } from './paper.ts';
import { firstBar, type BoundStrategy } from './spec.ts';
import type { WideBars } from './tape.ts';
import { FLAT_WISH, StrategyContext, strategyFailed, View, type Slate } from './view.ts';

/** The bars of one symbol. */
export type SymbolBars = { readonly symbol: string; readonly bars: BarColumns };
/** How to run. `barMs`: width of a bar; `wide`: where a strategy asks for wide timeframes; `freshly`: makes the strategy anew for each run over these markets, where it could remember the run before, or must know whether its columns slide. */
export type ColumnRunOptions = { readonly barMs: number; readonly wide?: WideBars; readonly freshly?: (markets: readonly SymbolBars[], way: 'columns' | 'streamed') => BoundStrategy };
/** A signal with the open of the bar that raised it, epoch ms. */
export type SaidSignal = HostSignal & { readonly openTime: number };

/** The times at which at least one symbol has a bar, in order. */
export function momentsOf(markets: readonly SymbolBars[]): Float64Array {
  const times = new Set<number>();
  for (const { bars } of markets) for (const time of bars.time) times.add(time);
  return Float64Array.from(times).sort();
}

/** One bar out of the columns. */
export function barAt(bars: BarColumns, i: number): NumericBar {
  const at = (column: Float64Array): number => column[i] ?? NaN;
  return { time: at(bars.time), open: at(bars.open), high: at(bars.high), low: at(bars.low), close: at(bars.close), volume: at(bars.volume) };
}

/** Runs of a strategy: one for each symbol, or one over all for a portfolio. */
function groupsOf(strategy: BoundStrategy, markets: readonly SymbolBars[]): (readonly SymbolBars[])[] {
  const sorted = [...markets].sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  return strategy.scope === 'portfolio' ? [sorted] : sorted.map((market) => [market]);
}

/**
 * Signals over whole columns, wishes come true on paper (`PaperAccount`); in the order of the moments. A strategy that looks ahead can see it all here.
 * @throws AppError STRATEGY_FAILED when it throws.
 */
export function signalsOverColumns(strategy: BoundStrategy, markets: readonly SymbolBars[], options: ColumnRunOptions): SaidSignal[] {
  const own = options.freshly?.(markets, 'columns') ?? strategy;
  return inOrder(groupsOf(own, markets).flatMap((group) => runColumns(own, group, options)));
}

/** The same, bar by bar through the live host, which has nothing of the future to show. */
export function signalsBarByBar(strategy: BoundStrategy, markets: readonly SymbolBars[], options: ColumnRunOptions): SaidSignal[] {
  const own = options.freshly?.(markets, 'streamed') ?? strategy;
  return inOrder(groupsOf(own, markets).flatMap((group) => runHost(own, group, options)));
}

function inOrder(signals: SaidSignal[]): SaidSignal[] {
  return signals.sort((a, b) => a.openTime - b.openTime || (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : a.n - b.n));
}

type Feed = Standing & { readonly bars: BarColumns; /** Index of the first bar at which every indicator is known. */ readonly warmAt: number; next: number };

function runColumns(strategy: BoundStrategy, group: readonly SymbolBars[], options: ColumnRunOptions): SaidSignal[] {
  const slate: Slate = { hasSpoken: false, lastOrderId: 0 };
  const feeds = group.map((market) => feedOf(strategy, market, { slate, options }));
  const [first, ...others] = feeds.map((feed) => feed.view);
  invariant(first, 'A strategy needs a symbol', { kind: strategy.kind });
  const context = new StrategyContext(strategy, strategy.initialState(), [first, ...others]);
  const account = new PaperAccount();
  [context.equity, context.cash] = [account.equity, account.cash];
  const signals: SaidSignal[] = [];
  for (const openTime of momentsOf(group)) {
    let warm = 0;
    for (const feed of feeds) {
      const { view, bars, next } = feed;
      view.hasBar = bars.time[next] === openTime;
      if (view.hasBar) {
        account.show(view.symbol, barAt(bars, next));
        view.close.cursor.i = next;
        feed.next += 1;
      }
      if (feed.next > feed.warmAt) warm += 1;
      view.position = account.positionOf(view.symbol);
    }
    if (warm < strategy.symbols[0]) continue;
    context.time = openTime + options.barMs;
    try {
      strategy.onBar(context);
    } catch (error) {
      throw strategyFailed(strategy.kind, { symbol: group.map((market) => market.symbol).join(', '), at: toRfc3339(context.time as EpochMs) }, error);
    }
    if (!slate.hasSpoken) continue;
    slate.hasSpoken = false;
    for (const feed of feeds) {
      for (const signal of raise(feed)) {
        account.take(signal, feed.view.close.now);
        signals.push({ ...signal, openTime });
      }
      feed.view.settle();
    }
  }
  return signals;
}

function feedOf(strategy: BoundStrategy, { symbol, bars }: SymbolBars, { slate, options }: { readonly slate: Slate; readonly options: ColumnRunOptions }): Feed {
  const aligned = Object.entries(strategy.indicators).map(([name, use]) => [name, alignedColumns(use, bars, options)] as const);
  const columns = Object.fromEntries(aligned.map(([name, { outputs }]) => [name, outputs]));
  const view = new View({ symbol, bars, uses: strategy.indicators, columns, cursor: { i: -1, depth: strategy.history }, slate });
  view.wish = FLAT_WISH;
  const warmAt = Math.max(firstBar(strategy), ...aligned.map(([, { readyAt }]) => (readyAt === null ? -1 : readyAt + strategy.history)));
  return { view, bars, warmAt, next: 0, isExitOwed: false, owedReasons: [], owedCancels: [] };
}

/** The columns of a use over these bars; of a wide timeframe: those of its closed bars, kept until the next one closes, and the index of the first value (null for a use of the bars' own timeframe). */
function alignedColumns(use: IndicatorUse, bars: BarColumns, { barMs, wide }: ColumnRunOptions): { readonly outputs: readonly Float64Array[]; readonly readyAt: number | null } {
  const { indicator, timeframe } = use;
  if (timeframe === null) {
    const named = columnsOf(use, bars);
    return { outputs: indicator.outputs.map((output) => named[output] ?? new Float64Array(0)), readyAt: null };
  }
  invariant(wide, 'An indicator of a wide timeframe needs somebody who makes wide bars', { indicator: indicator.id });
  const length = barCount(bars);
  const state = wide.start(timeframe);
  const closed = barColumns(length);
  const known = new Int32Array(length);
  let count = 0;
  for (let i = 0; i < length; i += 1) {
    for (const bar of wide.add(state, barAt(bars, i), (bars.time[i] ?? NaN) + barMs)) {
      for (const field of ['time', 'open', 'high', 'low', 'close', 'volume'] as const) closed[field][count] = bar[field];
      count += 1;
    }
    known[i] = count;
  }
  const named = columnsOf({ ...use, timeframe: null }, sliceColumns(closed, 0, count));
  const outputs = indicator.outputs.map((output) => Float64Array.from(known, (bars) => named[output]?.[bars - 1] ?? NaN));
  const ready = known.findIndex((bars) => bars > indicator.lookback(use.values));
  return { outputs, readyAt: ready < 0 ? length : ready };
}

function runHost(strategy: BoundStrategy, group: readonly SymbolBars[], { barMs, wide }: ColumnRunOptions): SaidSignal[] {
  const host = openHost(strategy, group.map((market) => market.symbol), wide === undefined ? {} : { wide });
  const account = new PaperAccount();
  const next = group.map(() => 0);
  const closes = new Map<string, number>();
  const signals: SaidSignal[] = [];
  for (const openTime of momentsOf(group)) {
    const bars = new Map<string, NumericBar>();
    group.forEach((market, at) => {
      const i = next[at] ?? 0;
      if (market.bars.time[i] !== openTime) return;
      const bar = barAt(market.bars, i);
      bars.set(market.symbol, bar);
      account.show(market.symbol, bar);
      closes.set(market.symbol, bar.close);
      next[at] = i + 1;
    });
    for (const signal of host.advance({ openTime, closeTime: openTime + barMs, bars }, 'live', account)) {
      account.take(signal, closes.get(signal.symbol) ?? NaN);
      signals.push({ ...signal, openTime });
    }
  }
  return signals;
}
