/** Bars to signals: shows each bar to the strategies that trade its symbol. In memory only; the caller writes the outcome. */
import type { BarWire } from '#app/domain/bar.ts';
import { AppError } from '#app/domain/errors.ts';
import { timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import type { NumericBar } from '#app/indicators/indicator.ts';
import { calendarCovers, exchangeDay, isRegularBar, sessionOn } from '#app/market/calendar.ts';
import type { PositionView } from '#app/strategy/context.ts';
import type { Moment } from '#app/strategy/host.ts';
import { cellName, copyCell, freshCell, seenUpTo, type CellCache, type ClosedBar, type MovedCell } from './cells.ts';
import type { Deployment } from './deployments.ts';
import { countHeld, factsFor, NO_ACCOUNT, type AccountFacts } from './facts.ts';
import { signalOf, type NewSignal } from './signals.ts';

/** A strategy that threw: it is left as it was before the batch, and sees nothing more. */
export type Failure = { readonly deployment: Deployment; readonly error: AppError };

/** What a batch of bars did. `moved` by version and cell; `signals` in the order of the bars, then of the strategies. */
export type Outcome = { readonly moved: readonly MovedCell[]; readonly signals: readonly NewSignal[]; readonly applied: number; readonly failures: readonly Failure[] };

/** One moment that a cell is to be shown. `mode`: quiet ones raise nothing; `bars`: of the moment, else the newest before it. */
export type Step = {
  readonly cell: MovedCell; readonly moment: Moment; readonly mode: 'live' | 'quiet'; readonly equity: number; readonly cash: number; readonly positions: ReadonlyMap<string, PositionView>; readonly bars: ReadonlyMap<string, ClosedBar>;
};

/** Whom to show the bars to, and what they know already. The cells are copied, never changed. `account`: `NO_ACCOUNT` when left out. `defer`: takes the steps instead of the hosts, who decide elsewhere. */
export type Fleet = { readonly deployments: readonly Deployment[]; readonly isWatched: (symbol: string) => boolean; readonly cells: CellCache; readonly account?: AccountFacts; readonly defer?: (step: Step) => void };

/** Whether a deployment trades a symbol. */
export function trades(deployment: Deployment, symbol: string, isWatched: Fleet['isWatched']): boolean {
  return deployment.symbols === null ? isWatched(symbol) : deployment.symbols.has(symbol);
}

/** Whether strategies may see a bar: it is of regular trading, on a day that the calendar knows. */
export function isSeenByStrategies(bar: { readonly openTime: number; readonly timeframe: Timeframe }): boolean {
  return calendarCovers(bar.openTime as EpochMs) && isRegularBar(bar.openTime as EpochMs, bar.timeframe);
}

function numbersOf(bar: BarWire): NumericBar {
  return { time: bar.openTime, open: Number(bar.open), high: Number(bar.high), low: Number(bar.low), close: Number(bar.close), volume: Number(bar.volume) };
}

/** When a moment has closed for its strategy, as in back-tests: a wide bar ends with its session at the latest. */
export function closeOf(openTime: number, timeframe: Timeframe): number {
  const session = sessionOn(exchangeDay(openTime as EpochMs));
  const end = openTime + timeframeMs(timeframe);
  if (session === null) return end;
  return timeframe === '1Day' ? session.close : Math.min(end, session.close);
}

/** One batch: cells that it has touched, copied from the cache at first touch, and what came of it so far. */
class Workbench {
  readonly signals: NewSignal[] = [];
  readonly failures: Failure[] = [];
  applied = 0;
  readonly #moved = new Map<Deployment, Map<string, MovedCell>>();
  readonly #fleet: Fleet;
  readonly #account: AccountFacts;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
    this.#account = fleet.account ?? NO_ACCOUNT;
  }

  hasFailed(deployment: Deployment): boolean {
    return this.failures.some((failure) => failure.deployment === deployment);
  }

  /** Shows a bar to a strategy; one that the strategy has seen, or that is older than what it has seen, does nothing. */
  show(deployment: Deployment, bar: ClosedBar): void {
    try {
      const cell = this.#take(deployment, bar);
      if (cell === null) return;
      if (deployment.strategy.scope === 'portfolio') this.#collect(cell, bar);
      else this.#advance(cell, bar.openTime, new Map([[bar.symbol, bar]]));
      cell.version += 1;
      this.applied += 1;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'STRATEGY_FAILED') throw error;
      this.#fail(deployment, error);
    }
  }

  #fail(deployment: Deployment, error: AppError): void {
    this.failures.push({ deployment, error });
    this.#moved.delete(deployment);
    // What it said earlier in this batch goes with the states that it said it from.
    const kept = this.signals.filter(({ payload }) => payload.strategyVersionId !== deployment.versionId);
    this.signals.splice(0, this.signals.length, ...kept);
  }

  /** The cell to move on with this bar, null when the bar is not newer than what the cell has seen. */
  #take(deployment: Deployment, bar: ClosedBar): MovedCell | null {
    const name = cellName(deployment, bar.symbol);
    const ofDeployment = this.#moved.get(deployment) ?? new Map<string, MovedCell>();
    this.#moved.set(deployment, ofDeployment);
    const touched = ofDeployment.get(name);
    const known = touched ?? this.#fleet.cells.get(deployment.versionId, name);
    if (known !== undefined && bar.openTime <= Math.max(seenUpTo(known, bar.symbol), (known.moment?.openTime ?? -Infinity) - 1)) return null;
    if (touched !== undefined) return touched;
    const cell: MovedCell = { ...(known === undefined ? freshCell(deployment, name) : copyCell(known)), deployment, name, expected: known?.version ?? 0 };
    ofDeployment.set(name, cell);
    return cell;
  }

  /**
   * A moment of a portfolio is closed when each of its symbols has a bar of it, or when a bar of a later moment arrives: then those without one had none. A bar of a moment
   * that is closed comes too late and is left out.
   */
  #collect(cell: MovedCell, bar: ClosedBar): void {
    const before = cell.moment;
    if (before !== null && bar.openTime > before.openTime) this.#closeMoment(cell);
    cell.moment ??= { openTime: bar.openTime, bars: new Map() };
    cell.moment.bars.set(bar.symbol, bar);
    if (cell.moment.bars.size === cell.host.symbols.length) this.#closeMoment(cell);
  }

  #closeMoment(cell: MovedCell): void {
    const { moment } = cell;
    if (moment === null) return;
    cell.moment = null;
    for (const [symbol, bar] of moment.bars) cell.newest.set(symbol, bar);
    this.#advance(cell, moment.openTime, moment.bars);
  }

  #advance(cell: MovedCell, openTime: number, bars: ReadonlyMap<string, ClosedBar>): void {
    const { deployment, host, held, newest } = cell;
    const { strategyId, timeframe } = deployment;
    const isQuiet = !deployment.isEnabled || [...bars.values()].every((bar) => bar.isQuiet);
    for (const symbol of host.symbols) countHeld(held, this.#account, strategyId, symbol);
    const lastOf = (symbol: string): ClosedBar | undefined => bars.get(symbol) ?? newest.get(symbol);
    const facts = factsFor(this.#account, strategyId, held, (symbol) => Number(lastOf(symbol)?.close ?? NaN));
    const numeric = new Map([...bars].map(([symbol, bar]) => [symbol, numbersOf(bar)]));
    cell.lastOpenTime = openTime;
    const moment = { openTime, closeTime: closeOf(openTime, timeframe), bars: numeric };
    const mode = isQuiet ? 'quiet' : 'live';
    if (this.#fleet.defer !== undefined) {
      const positions = new Map(host.symbols.map((symbol) => [symbol, facts.positionOf(symbol)]));
      this.#fleet.defer({ cell, moment, mode, equity: facts.equity, cash: facts.cash, positions, bars: new Map([...newest, ...bars]) });
      return;
    }
    for (const signal of host.advance(moment, mode, facts)) {
      const bar = lastOf(signal.symbol);
      // A symbol without any bar has no price: there is nothing that could be traded.
      if (bar !== undefined) this.signals.push(signalOf(deployment, signal, { openTime, bar }));
    }
  }

  outcome(): Outcome {
    const moved = [...this.#moved.values()].flatMap((cells) => [...cells.values()]);
    return { moved, signals: this.signals, applied: this.applied, failures: this.failures };
  }
}

/** Applies bars in the order given. A bar that a strategy has seen already, or one outside regular trading, does nothing. */
export function applyBars(fleet: Fleet, bars: readonly ClosedBar[]): Outcome {
  const bench = new Workbench(fleet);
  for (const bar of bars) {
    if (!isSeenByStrategies(bar)) continue;
    for (const deployment of fleet.deployments) {
      if (deployment.timeframe !== bar.timeframe || !trades(deployment, bar.symbol, fleet.isWatched) || bench.hasFailed(deployment)) continue;
      bench.show(deployment, bar);
    }
  }
  return bench.outcome();
}
