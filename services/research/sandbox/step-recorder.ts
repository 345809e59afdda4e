/** A strategy with ears on: what it saw, remembered and said at the bars that somebody wants to look at. */
import type { ExplainedCheck } from '#app/contracts/explain.ts';
import type { RunStep } from '#app/contracts/studio.ts';
import type { Context } from '#app/strategy/context.ts';
import { indicatorLabel, splitCheckName } from '#app/strategy/explain.ts';
import { Series } from '#app/strategy/series.ts';
import type { BoundStrategy } from '#app/strategy/spec.ts';
import { View, type BarListener } from '#app/strategy/view.ts';
import { StepOrders } from './step-orders.ts';

/** Conditions and characters of a memory that are kept of one bar. */
const MAX_CHECKS = 200;
const MAX_MEMORY_TEXT = 4_000;

/** What was taken down at the close of a bar. Memories by symbol. */
export type Recorded = {
  cash: number; equity: number;
  readonly indicators: RunStep['indicators']; readonly checks: RunStep['checks']; readonly said: RunStep['said']; readonly positions: RunStep['positions'];
  readonly before: Map<string, string>; readonly after: Map<string, string>;
};

const known = (value: number): number | null => (Number.isFinite(value) ? value : null);
const short = (text: string): string => (text.length <= MAX_MEMORY_TEXT ? text : `${text.slice(0, MAX_MEMORY_TEXT)}…`);

/** Memories as one text: of one symbol its own, of several by their names. */
export function memoriesText(memories: ReadonlyMap<string, string>): string {
  const [only] = memories.values();
  return short(memories.size <= 1 ? (only ?? '{}') : `{${[...memories].map(([symbol, text]) => `${JSON.stringify(symbol)}:${text}`).join(',')}}`);
}

/** A strategy whose memory can be looked at: its state of a symbol as JSON. */
export type RememberingStrategy = BoundStrategy & { memoryOf(symbol: string): string };

/** Takes down. `wanted`: closes of the bars to look at; `symbol`: facts of this symbol alone. `lines`: where the run puts its lines. */
export class StepRecorder {
  readonly steps = new Map<number, Recorded>();
  /** Orders by the close of their bar. */
  readonly orders = new Map<number, RunStep['orders']>();
  /** Closes at which something was said or became of an order, in no order; and of the first bar at which it was asked. */
  readonly acts = new Set<number>();
  firstAsked: number | null = null;
  readonly #wanted: ReadonlySet<number>;
  readonly #symbol: string | null;
  readonly #lines: readonly string[];
  readonly #orders = new StepOrders();
  #read = 0;
  #close = NaN;

  constructor({ wanted, symbol, lines }: { readonly wanted: ReadonlySet<number>; readonly symbol: string | null; readonly lines: readonly string[] }) {
    [this.#wanted, this.#symbol, this.#lines] = [wanted, symbol, lines];
  }

  /** The strategy, with an ear at each bar. */
  around(strategy: RememberingStrategy): BoundStrategy {
    return { ...strategy, onBar: (context) => this.#onBar(strategy, context) };
  }

  /** Reads what lines are left. `close`: of the step that is over, epoch ms. */
  settle(close: number): void {
    for (; this.#read < this.#lines.length; this.#read += 1) {
      const read = this.#orders.read(this.#lines[this.#read] ?? '');
      if (read === null) continue;
      const { order, at } = read;
      if (this.#symbol !== null && order.symbol !== this.#symbol) continue;
      // What was placed belongs to the close that decided it; what became of it to the bar in which it did.
      const when = order.what === 'placed' || order.what === 'rejected' || order.what === 'denied' ? (at ?? this.#close) : this.#isOf(at) ? this.#close : close;
      this.acts.add(when);
      const there = this.orders.get(when) ?? [];
      there.push(order);
      this.orders.set(when, there);
    }
  }

  /** Whether a line's time lies in the bar before the one that comes. A line without one follows those around it. */
  #isOf(at: number | null): boolean {
    return at !== null && at <= this.#close;
  }

  #onBar(strategy: RememberingStrategy, context: Context): void {
    const close = context.time;
    if (close !== this.#close || Number.isNaN(this.#close)) this.settle(close);
    this.#close = close;
    this.firstAsked ??= close;
    const isOurs = this.#symbol === null || context.all.some((view) => view.symbol === this.#symbol);
    if (isOurs && this.#wanted.has(close)) this.#record(strategy, context, close);
    else strategy.onBar(context);
    for (const view of context.all) {
      if (!(view instanceof View) || (this.#symbol !== null && view.symbol !== this.#symbol)) continue;
      for (const { id, order } of view.requests) if (order !== null) this.#orders.own(id, order.type ?? 'market');
      if (view.isNews || view.requests.length > 0) this.acts.add(close);
    }
  }

  #record(strategy: RememberingStrategy, context: Context, close: number): void {
    const { symbol: home } = context.on;
    const step = this.steps.get(close) ?? { cash: NaN, equity: NaN, indicators: [], checks: [], said: [], positions: [], before: new Map<string, string>(), after: new Map<string, string>() };
    this.steps.set(close, step);
    const views = context.all.filter((view): view is View => view instanceof View);
    const listener: BarListener = {
      heard: ({ symbol, name, isMet, value, threshold }) => {
        if (step.checks.length < MAX_CHECKS && (this.#symbol === null || symbol === this.#symbol || symbol === home)) step.checks.push({ symbol: symbol as ExplainedCheck['symbol'], ...splitCheckName(name), isMet, value: known(value), threshold: known(threshold) });
      },
      named: () => undefined,
    };
    step.before.set(home, strategy.memoryOf(home));
    for (const view of views) view.listener = listener;
    try {
      strategy.onBar(context);
    } finally {
      for (const view of views) view.listener = null;
    }
    step.after.set(home, strategy.memoryOf(home));
    [step.cash, step.equity] = [context.cash, context.equity];
    for (const view of views) if (this.#symbol === null || view.symbol === this.#symbol) takeDown(step, strategy, view);
  }
}

/** What one symbol showed, holds and was told. */
function takeDown(step: Recorded, strategy: BoundStrategy, view: View): void {
  const { symbol, position } = view;
  for (const [name, series] of Object.entries(view.indicators)) {
    const use = strategy.indicators[name];
    const label = use === undefined ? name : indicatorLabel(use);
    if (series instanceof Series) step.indicators.push({ symbol, name, label, value: known(series.now) });
    else for (const [output, one] of Object.entries(series as Readonly<Record<string, Series>>)) step.indicators.push({ symbol, name: `${name}.${output}`, label: `${label} ${output}`, value: known(one.now) });
  }
  if (position.qty !== 0) step.positions.push({ symbol, qty: position.qty, averagePrice: known(position.averagePrice), openProfit: position.openProfit });
  const reasonsOf = (reasons: (() => readonly { readonly name: string; readonly value: string; readonly threshold: string | null }[]) | undefined): RunStep['said'][number]['reasons'] => (reasons?.() ?? []).map(({ name, value, threshold }) => ({ name, value, threshold: threshold ?? '' }));
  if (view.isNews) step.said.push({ symbol, what: 'target', side: view.opinion ?? 'flat', weight: view.opinionWeight, reasons: reasonsOf(view.options?.reasons) });
  for (const { order } of view.requests) step.said.push({ symbol, what: order === null ? 'cancel' : 'order', side: order === null ? view.wish.side : order.side === 'buy' ? 'long' : 'short', weight: null, reasons: reasonsOf(order?.reasons) });
}
