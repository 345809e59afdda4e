/** Making a run ready: bars checked and timed, indicators as columns, views and contexts that the strategy will be shown. */
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import type { Timeframe } from '#app/domain/time.ts';
import { columnsOf } from '#app/indicators/columns-of.ts';
import type { IndicatorUse } from '#app/indicators/indicator.ts';
import type { Context, PositionView, SymbolView } from '#app/strategy/context.ts';
import type { ParameterValues } from '#app/strategy/parameters.ts';
import type { Cursor } from '#app/strategy/series.ts';
import { firstBar } from '#app/strategy/spec.ts';
import { View, type Slate } from '#app/strategy/view.ts';
import { checkBars, checkConfig, splitWarnings } from './check.ts';
import { Core, MarketState, worth } from './core.ts';
import { timedBars, type TimedBars } from './sessions.ts';
import type { Market, RunConfig, RunOptions } from './types.ts';
import { MICRO, NANO } from './units.ts';
import { wideColumns, wideIndicator, type WideColumns } from './wide.ts';

/** What a strategy is shown, worked out when it asks: most strategies look at neither time nor equity on most bars. */
class ColumnContext implements Context {
  readonly parameters: ParameterValues;
  readonly state: unknown;
  readonly on: SymbolView;
  readonly all: readonly SymbolView[];
  private readonly core: Core;
  /** The market of a run over one alone. */
  private readonly only: MarketState | null;

  constructor(core: Core, state: unknown, [first, ...others]: readonly [View, ...View[]]) {
    this.core = core;
    this.parameters = core.config.strategy.parameters;
    this.state = state;
    this.on = first;
    this.all = [first, ...others];
    this.only = core.markets.length === 1 ? (core.markets[0] ?? null) : null;
  }

  get time(): number {
    const { only } = this;
    return only === null ? this.core.now : (only.sessions.close[only.cursor.i] ?? NaN);
  }

  get cash(): number {
    return this.core.cashDollars;
  }

  get equity(): number {
    const { core, only } = this;
    const cash = core.cash + core.sub / 1_000;
    return (cash + (only === null ? core.worth : only.qty === 0 ? 0 : worth(only.qty, only.last))) / MICRO;
  }
}

/** A strategy's context over some markets, with the slate on which it speaks. */
export type Stage = { readonly context: Context; readonly slate: Slate; readonly markets: readonly MarketState[] };

/** A run that can begin. */
export type Prepared = { readonly core: Core; readonly stages: readonly Stage[]; readonly warnings: readonly string[] };

/** A position as the strategy sees it, read when it is asked for. */
class LivePosition implements PositionView {
  private readonly m: MarketState;

  constructor(m: MarketState) {
    this.m = m;
  }

  get qty(): number {
    return this.m.qty / NANO;
  }

  get averagePrice(): number {
    return this.m.average / MICRO;
  }

  get barsHeld(): number {
    return this.m.entryBar < 0 ? -1 : this.m.cursor.i - this.m.entryBar;
  }

  get openProfit(): number {
    const { m } = this;
    return m.qty === 0 ? 0 : ((m.qty / NANO) * (m.last - m.average)) / MICRO;
  }
}

type Made = { readonly columns: Readonly<Record<string, readonly Float64Array[]>>; readonly first: number };

/** Columns of every declared indicator, and the first bar at which all of them can be looked at. */
function makeColumns(config: RunConfig, at: number, { bars, sessions }: TimedBars, given: RunOptions['columns']): Made {
  const wides = new Map<Timeframe, WideColumns>();
  const { strategy } = config;
  let first = firstBar(strategy);
  const columns: Record<string, readonly Float64Array[]> = {};
  const widened = (timeframe: Timeframe): WideColumns => {
    const made = wides.get(timeframe) ?? wideColumns(bars, sessions.close, timeframe);
    wides.set(timeframe, made);
    return made;
  };
  for (const [name, use] of Object.entries(strategy.indicators)) {
    if (use.timeframe === null) columns[name] = given?.(at, use) ?? plainColumns(use, bars);
    else {
      const wide = wideIndicator(use, widened(use.timeframe));
      columns[name] = wide.columns;
      first = Math.max(first, wide.readyAt + strategy.history);
    }
  }
  return { columns, first };
}

function plainColumns(use: IndicatorUse, bars: BarColumns): readonly Float64Array[] {
  const made: Readonly<Record<string, Float64Array>> = columnsOf(use, bars);
  return use.indicator.outputs.map((output) => made[output] ?? new Float64Array(bars.time.length).fill(NaN));
}

type Part = { readonly m: MarketState; readonly slate: Slate };

function makeMarket(config: RunConfig, at: number, options: RunOptions, slate: Slate): Part & { readonly leftOut: number } {
  const market = config.markets[at];
  invariant(market, 'No such market', { at });
  checkBars(market.symbol, market.bars);
  if (market.detail !== null) checkBars(`${market.symbol} in detail`, market.detail);
  const timed = timedBars(market.bars, config.timeframe);
  const { columns, first } = makeColumns(config, at, timed, options.columns);
  const cursor: Cursor = { i: -1, depth: config.strategy.history };
  const view = new View({ symbol: market.symbol, bars: timed.bars, uses: config.strategy.indicators, columns, cursor, slate });
  const m = new MarketState({ index: at, market: inOrder(market), bars: timed.bars, sessions: timed.sessions, view, cursor, first });
  view.position = new LivePosition(m);
  return { m, slate, leftOut: timed.leftOut };
}

function inOrder(market: Market): Market {
  return market.actions.length < 2 ? market : { ...market, actions: [...market.actions].sort((a, b) => a.at - b.at) };
}

/** Makes a run ready. @throws AppError INPUT_INVALID for bars or rules that cannot be */
export function prepare(config: RunConfig, options: RunOptions): Prepared {
  checkConfig(config);
  const { strategy } = config;
  const isPortfolio = strategy.scope === 'portfolio';
  const shared: Slate = { hasSpoken: false, lastOrderId: 0 };
  const parts = config.markets.map((_market, at) => makeMarket(config, at, options, isPortfolio ? shared : { hasSpoken: false, lastOrderId: 0 }));
  const core = new Core(config, parts.map(({ m }) => m), options.lines ?? (options.hasLines === true ? [] : null));
  const stageOf = (slate: Slate, markets: readonly MarketState[]): Stage => {
    const [first, ...others] = markets.map((m) => m.view);
    invariant(first, 'A strategy needs a symbol', {});
    return { context: new ColumnContext(core, strategy.initialState(), [first, ...others]), slate, markets };
  };
  const stages = isPortfolio ? [stageOf(shared, core.markets)] : parts.map(({ m, slate }) => stageOf(slate, [m]));
  const hasIndicators = Object.keys(strategy.indicators).length > 0;
  const warnings = parts.flatMap(({ m: { market, bars }, leftOut }) => [
    ...(leftOut > 0 ? [`${market.symbol}: ${leftOut} bars lie outside of regular trading and were left out`] : []), ...splitWarnings({ symbol: market.symbol, bars, actions: market.actions }),
    ...(hasIndicators && market.actions.some(({ action }) => action.kind === 'split') ? [`${market.symbol}: the strategy's indicators read the prices as they are, and see its splits as jumps. Adjusted bars without the splits have none`] : []),
  ]);
  return { core, stages, warnings };
}
