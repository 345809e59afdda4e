/** Bars to signals: shows each bar to the strategies that trade its symbol. In memory only; the caller writes the outcome. */
import type { Payload } from '#app/contracts/events.ts';
import { barCloseTime, type BarWire } from '#app/domain/bar.ts';
import { signalId } from '#app/domain/ids.ts';
import { fromFloat, LEDGER_SCALE, roundToTick, toText } from '#app/domain/numeric.ts';
import type { EpochMs, Timeframe } from '#app/domain/time.ts';
import { calendarCovers, isRegularBar } from '#app/market/calendar.ts';
import { advance, copyRun, startRun, type StrategyBar, type StrategySignal } from '#app/strategy/strategy.ts';
import type { CellCache, MovedCell } from './cells.ts';
import type { Deployment } from './deployments.ts';

/** A bar to apply. `isQuiet`: it moves the indicators and raises nothing. */
export type ClosedBar = BarWire & { readonly tsSeen: number; readonly isQuiet: boolean; readonly correlationId: string };

/** A signal that is to be written and told. */
export type NewSignal = { readonly correlationId: string; readonly payload: Payload<'signal.raised'> };

/** What a batch of bars did. `moved` by version and symbol; `signals` in the order of the bars, then of the strategies. */
export type Outcome = { readonly moved: readonly MovedCell[]; readonly signals: readonly NewSignal[]; readonly applied: number };

/** Whom to show the bars to, and what they know already. The cells are copied, never changed. */
export type Fleet = { readonly deployments: readonly Deployment[]; readonly isWatched: (symbol: string) => boolean; readonly cells: CellCache };

/** Whether a deployment trades a symbol. */
export function trades(deployment: Deployment, symbol: string, isWatched: Fleet['isWatched']): boolean {
  return deployment.symbols === null ? isWatched(symbol) : deployment.symbols.has(symbol);
}

/** Whether strategies may see a bar: it is of regular trading, on a day that the calendar knows. */
export function isSeenByStrategies(bar: { readonly openTime: number; readonly timeframe: Timeframe }): boolean {
  return calendarCovers(bar.openTime as EpochMs) && isRegularBar(bar.openTime as EpochMs, bar.timeframe);
}

function numbersOf(bar: BarWire): StrategyBar {
  return { open: Number(bar.open), high: Number(bar.high), low: Number(bar.low), close: Number(bar.close), volume: Number(bar.volume) };
}

/** Average true range as exact text; null when there is none or it rounds to nothing. */
function atrText(atr: number | null): string | null {
  if (atr === null) return null;
  const text = toText(fromFloat(atr, LEDGER_SCALE));
  return text === '0' ? null : text;
}

/** The exits as exact text on the exchange's ticks; one that rounds to nothing is left out. */
function protectionOf({ exits }: StrategySignal): Payload<'signal.raised'>['protection'] {
  if (exits === undefined) return null;
  const tick = (price: number | null): string | null => {
    const text = price === null ? '0' : toText(roundToTick(fromFloat(price, LEDGER_SCALE)));
    return text === '0' ? null : text;
  };
  return { stopPrice: tick(exits.stopPrice), takeProfitPrice: tick(exits.takeProfitPrice) };
}

function signalOf(deployment: Deployment, bar: ClosedBar, signal: StrategySignal): NewSignal {
  return {
    correlationId: bar.correlationId,
    payload: {
      signalId: signalId(deployment.versionId, bar.symbol, bar.openTime as EpochMs, 0), strategyId: deployment.strategyId, strategyVersionId: deployment.versionId,
      symbol: bar.symbol, timeframe: bar.timeframe, barOpenTime: bar.openTime, tsMarket: barCloseTime(bar), tsBarSeen: bar.tsSeen,
      target: signal.target, referencePrice: bar.close, atr: atrText(signal.atr), protection: protectionOf(signal), reasons: signal.reasons,
    },
  };
}

/** Cells that this batch has touched, copied from the cache at first touch. */
class Workbench {
  readonly #moved = new Map<Deployment, Map<string, MovedCell>>();
  readonly #cells: CellCache;

  constructor(cells: CellCache) {
    this.#cells = cells;
  }

  /** The cell to move on with this bar, null when the bar is not newer than what the cell has seen. */
  take(deployment: Deployment, bar: ClosedBar): MovedCell | null {
    const ofDeployment = this.#moved.get(deployment) ?? new Map<string, MovedCell>();
    this.#moved.set(deployment, ofDeployment);
    const touched = ofDeployment.get(bar.symbol);
    if (touched) return bar.openTime > touched.lastOpenTime ? touched : null;
    const known = this.#cells.get(deployment.versionId, bar.symbol);
    if (known && bar.openTime <= known.lastOpenTime) return null;
    const cell: MovedCell = {
      deployment, symbol: bar.symbol, expected: known?.version ?? 0, version: known?.version ?? 0,
      lastOpenTime: known?.lastOpenTime ?? -Infinity, run: known ? copyRun(known.run) : startRun(deployment.strategy),
    };
    ofDeployment.set(bar.symbol, cell);
    return cell;
  }

  moved(): MovedCell[] {
    return [...this.#moved.values()].flatMap((cells) => [...cells.values()]);
  }
}

/** Applies bars in the order given. A bar that a strategy has seen already, or one outside regular trading, does nothing. */
export function applyBars(fleet: Fleet, bars: readonly ClosedBar[]): Outcome {
  const bench = new Workbench(fleet.cells);
  const signals: NewSignal[] = [];
  let applied = 0;
  for (const bar of bars) {
    if (!isSeenByStrategies(bar)) continue;
    const numbers = numbersOf(bar);
    for (const deployment of fleet.deployments) {
      if (deployment.timeframe !== bar.timeframe || !trades(deployment, bar.symbol, fleet.isWatched)) continue;
      const cell = bench.take(deployment, bar);
      if (cell === null) continue;
      const signal = advance(deployment.strategy, cell.run, numbers, bar.isQuiet || !deployment.isEnabled ? 'quiet' : 'live');
      cell.lastOpenTime = bar.openTime;
      cell.version += 1;
      applied += 1;
      if (signal) signals.push(signalOf(deployment, bar, signal));
    }
  }
  return { moved: bench.moved(), signals, applied };
}
