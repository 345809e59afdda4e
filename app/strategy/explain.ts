/** A strategy run again up to one bar, with everything that it looked at there taken down. */
import type { IndicatorUse } from '#app/indicators/indicator.ts';
import type { PositionView, Wish } from './context.ts';
import { openHost, type HostFacts, type HostOptions, type HostSignal, type Moment, type Recording, type StrategyHost, type SymbolState } from './host.ts';
import type { BoundStrategy } from './spec.ts';

/** What to run again. `symbol`: the one that is asked about. `follows`: `book` = what was raised in truth is what it wishes (it was at work then); `itself` = it goes its own way, as if it had been. */
export type RerunSetup = { readonly strategy: BoundStrategy; readonly symbols: readonly string[]; readonly symbol: string; readonly follows: 'book' | 'itself'; readonly options: HostOptions };

/** The bar, taken down. `position`: its share as the run was shown it. */
export type BarRecord = Recording & { readonly wish: { readonly before: Wish; readonly after: Wish }; readonly state: SymbolState | null; readonly position: PositionView; readonly bars: number; readonly said: readonly HostSignal[] };

/** Conditions that are kept of one bar. */
export type RecordLimits = { readonly checks: number };

/** A run again: `show` every moment before the bar in order, then `explain` the bar's own. */
export class Rerun {
  readonly #setup: RerunSetup;
  readonly #host: StrategyHost;
  #bars = 0;

  constructor(setup: RerunSetup) {
    this.#setup = setup;
    this.#host = openHost(setup.strategy, setup.symbols, setup.options);
  }

  /** A moment before the bar. `raised`: what the book has of it, by symbol. @throws AppError STRATEGY_FAILED when the strategy throws */
  show(moment: Moment, facts: HostFacts, raised: ReadonlyMap<string, Wish> | null): void {
    this.#host.advance(moment, this.#setup.follows === 'book' ? 'quiet' : 'live', facts);
    this.#bars += moment.bars.has(this.#setup.symbol) ? 1 : 0;
    if (raised !== null) for (const [symbol, wish] of raised) this.#host.amend(symbol, wish);
  }

  /** The bar itself. Conditions of its symbol are taken down, and those of a portfolio's first one, which stand for all. @throws AppError STRATEGY_FAILED */
  explain(moment: Moment, facts: HostFacts, limits: RecordLimits): BarRecord {
    const { symbol, follows } = this.#setup;
    const host = this.#host;
    const before = host.wishOf(symbol).wish;
    // What a quiet stretch of this run owes is owed by nobody: the book says what was raised.
    if (follows === 'book') for (const each of host.symbols) host.amend(each, host.wishOf(each).wish);
    const recording = host.record(moment, facts, { checks: limits.checks, symbols: new Set([symbol, ...host.symbols.slice(0, 1)]) });
    return {
      ...recording, wish: { before, after: host.wishOf(symbol).wish }, state: host.stateOf(symbol), position: facts.positionOf(symbol), bars: this.#bars + 1,
      said: recording.signals.filter((signal) => signal.symbol === symbol),
    };
  }
}

/** A fill of a strategy's share. Shares signed, dollars a share, epoch ms of the market. */
export type ShareFill = { readonly symbol: string; readonly at: number; readonly qty: number; readonly price: number };
/** Dollars. */
export type AccountThen = { readonly equity: number; readonly cash: number };

/** The account as a strategy could know it at each moment of a run: its shares out of its fills, average price of what opened them; bars since the entry's fill. */
export class SharesThen implements HostFacts {
  readonly equity: number;
  readonly cash: number;
  readonly #fills: readonly ShareFill[];
  readonly #held = new Map<string, { qty: number; cost: number; bars: number; close: number }>();
  #next = 0;

  /** `fills` in order of time. */
  constructor(account: AccountThen, fills: readonly ShareFill[]) {
    [this.equity, this.cash] = [account.equity, account.cash];
    this.#fills = fills;
  }

  /** Goes on to the close of a moment: fills up to then count, held shares grow older by a bar. */
  moveTo(moment: Moment): void {
    const fresh = new Set<string>();
    for (let fill = this.#fills[this.#next]; fill !== undefined && fill.at <= moment.closeTime; fill = this.#fills[this.#next]) {
      if (this.#take(fill)) fresh.add(fill.symbol);
      this.#next += 1;
    }
    for (const [symbol, bar] of moment.bars) {
      const held = this.#held.get(symbol);
      if (held === undefined) continue;
      held.close = bar.close;
      held.bars = fresh.has(symbol) ? 0 : held.bars + 1;
    }
  }

  positionOf(symbol: string): PositionView {
    const held = this.#held.get(symbol);
    if (held === undefined || held.qty === 0) return { qty: 0, averagePrice: NaN, barsHeld: -1, openProfit: 0 };
    const averagePrice = held.cost / held.qty;
    return { qty: held.qty, averagePrice, barsHeld: held.bars, openProfit: held.qty * (held.close - averagePrice) };
  }

  /** @returns whether the share is new, or has changed sides. */
  #take({ symbol, qty, price }: ShareFill): boolean {
    const held = this.#held.get(symbol) ?? { qty: 0, cost: 0, bars: 0, close: price };
    const after = held.qty + qty;
    const isNew = held.qty === 0 || Math.sign(after) === -Math.sign(held.qty);
    const grows = Math.sign(qty) === Math.sign(held.qty);
    // What is closed leaves at the average, what is opened comes at its price.
    held.cost = isNew ? after * price : grows ? held.cost + qty * price : held.cost * (after / held.qty);
    held.qty = Math.abs(after) < 1e-9 ? 0 : after;
    if (held.qty === 0) this.#held.delete(symbol);
    else this.#held.set(symbol, held);
    return isNew;
  }
}

/** How an indicator is called: `RSI(14)`, `SMA(50) of typical on 1Day`. */
export function indicatorLabel({ indicator, values, source, timeframe }: Pick<IndicatorUse, 'indicator' | 'values' | 'source' | 'timeframe'>): string {
  return `${indicator.id}${values.length === 0 ? '' : `(${values.join(', ')})`}${source === 'close' ? '' : ` of ${source}`}${timeframe === null ? '' : ` on ${timeframe}`}`;
}

/** What a condition leads to and what it says: `Buy: RSI below 30` = Buy and the rest; a name without a short first part leads nowhere in particular. */
export function splitCheckName(name: string): { readonly leadsTo: string | null; readonly name: string } {
  const [, leadsTo, rest] = /^([^:]{1,20}):\s*(\S.*)$/s.exec(name) ?? [];
  return leadsTo === undefined || rest === undefined ? { leadsTo: null, name } : { leadsTo, name: rest };
}

/** Whether what the run says of a symbol is what the book has: the same targets with the same weights, and as many orders and ends of orders. */
export function saysTheSame(said: readonly Pick<HostSignal, 'target' | 'weight' | 'order' | 'cancels'>[], stored: readonly { readonly target: string; readonly weight: number | null; readonly isOrder: boolean; readonly isCancel: boolean }[]): boolean {
  const words = (target: string, weight: number | null, kind: string): string => (kind === 'target' ? `${target} ${weight === null ? '' : weight.toFixed(6)}` : kind);
  const ours = said.map((each) => words(each.target, each.weight, each.cancels !== null ? 'cancel' : each.order !== null ? 'order' : 'target')).sort();
  const theirs = stored.map((each) => words(each.target, each.weight, each.isCancel ? 'cancel' : each.isOrder ? 'order' : 'target')).sort();
  return ours.length === theirs.length && ours.every((text, n) => text === theirs[n]);
}
