/** The loop over many symbols: their bars merged by time, one account, one clock. */
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { strategyFailed } from '#app/strategy/view.ts';
import { worth, type Core, type MarketState } from './core.ts';
import type { Floor } from './floor.ts';
import { PROGRESS_EVERY, type Curve } from './loop-one.ts';
import type { Stage } from './prepare.ts';
import { MICRO } from './units.ts';

/** The next bar of each market, earliest first, then by the order of the markets: a binary heap. */
class Feeds {
  private readonly markets: readonly MarketState[];
  private readonly heap: Int32Array;
  private readonly next: Float64Array;
  private size = 0;

  constructor(markets: readonly MarketState[]) {
    this.markets = markets;
    this.heap = new Int32Array(markets.length);
    this.next = new Float64Array(markets.length);
    for (const m of markets) {
      this.next[m.index] = m.bars.time[0] ?? Infinity;
      this.heap[this.size] = m.index;
      this.size += 1;
    }
    for (let at = (this.size >> 1) - 1; at >= 0; at -= 1) this.sink(at);
  }

  /** Time of the next step, Infinity at the end. */
  get time(): number {
    return this.size === 0 ? Infinity : (this.next[this.heap[0] ?? 0] ?? Infinity);
  }

  /** Takes the markets that have a bar at `time` into `out`, in their order; returns how many. Their cursors have not moved. */
  take(time: number, out: MarketState[]): number {
    let count = 0;
    while (this.size > 0) {
      const index = this.heap[0] ?? 0;
      if (this.next[index] !== time) break;
      const m = this.markets[index];
      if (m === undefined) break;
      out[count] = m;
      count += 1;
      this.next[index] = m.bars.time[m.cursor.i + 2] ?? Infinity;
      this.sink(0);
    }
    return count;
  }

  private isBefore(a: number, b: number): boolean {
    const x = this.next[a] ?? Infinity;
    const y = this.next[b] ?? Infinity;
    return x < y || (x === y && a < b);
  }

  private sink(from: number): void {
    const { heap, size } = this;
    const moving = heap[from] ?? 0;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.isBefore(heap[child + 1] ?? 0, heap[child] ?? 0)) child += 1;
      if (!this.isBefore(heap[child] ?? 0, moving)) break;
      heap[at] = heap[child] ?? 0;
      at = child;
    }
    heap[at] = moving;
  }
}

/** Value and gross value of all positions, micro-dollars: moved on by each new close, whole numbers for whole shares. */
type Sums = { value: number; gross: number };

/** Runs a strategy (one stage over all markets, or one for each) over markets with one account. */
export function runMany(core: Core, floor: Floor, stages: readonly Stage[], goOn: (done: number) => void): Curve {
  return new Many(core, floor, stages).run(goOn);
}

class Many {
  private readonly core: Core;
  private readonly floor: Floor;
  private readonly stages: readonly Stage[];
  private readonly needed: number;
  private readonly isPortfolio: boolean;
  private readonly present: MarketState[] = [];
  private readonly sums: Sums = { value: 0, gross: 0 };
  private readonly curve: Curve;
  private warm = 0;
  private isStale = false;

  constructor(core: Core, floor: Floor, stages: readonly Stage[]) {
    this.core = core;
    this.floor = floor;
    this.stages = stages;
    this.isPortfolio = core.config.strategy.scope === 'portfolio';
    [this.needed] = core.config.strategy.symbols;
    const steps = core.markets.reduce((sum, m) => sum + m.bars.time.length, 0);
    this.curve = { time: new Float64Array(steps), equity: new Float64Array(steps), gross: new Float64Array(steps) };
    // Any change of cash or shares makes the sums anew.
    core.beforeChange = () => {
      this.isStale = true;
    };
  }

  run(goOn: (done: number) => void): Curve {
    const { core, present, curve } = this;
    const feeds = new Feeds(core.markets);
    const total = curve.time.length;
    for (const m of core.markets) m.view.hasBar = false;
    let step = 0;
    let seen = 0;
    let told = 0;
    for (let time = feeds.time; time < Infinity; time = feeds.time) {
      for (const m of present) m.view.hasBar = false;
      present.length = feeds.take(time, present);
      core.step = step;
      this.step(time);
      curve.time[step] = core.now;
      curve.equity[step] = (core.cash + core.sub / 1_000 + this.sums.value) / MICRO;
      curve.gross[step] = this.sums.gross / MICRO;
      this.ask();
      if (this.isStale) {
        this.sum();
        curve.equity[step] = (core.cash + core.sub / 1_000 + this.sums.value) / MICRO;
        curve.gross[step] = this.sums.gross / MICRO;
      }
      step += 1;
      seen += present.length;
      if (seen - told < PROGRESS_EVERY) continue;
      told = seen;
      goOn(seen / total);
    }
    core.step = step - 1;
    return { time: curve.time.subarray(0, step), equity: curve.equity.subarray(0, step), gross: curve.gross.subarray(0, step) };
  }

  /** Everything up to the closes of a step. */
  private step(time: number): void {
    const { core, floor, present } = this;
    const [lead] = present;
    if (lead === undefined) return;
    core.openTime = time;
    core.now = lead.sessions.close[lead.cursor.i + 1] ?? time;
    if (core.openCount !== 0 || floor.hasNights || core.hasGoals || core.hasActions) floor.before(present, time);
    for (const m of present) {
      m.cursor.i += 1;
      m.view.hasBar = true;
      if (m.cursor.i === m.first) this.warm += 1;
    }
    if (core.openCount !== 0 || core.hasGoals) floor.trade(present, time, core.now);
    for (const m of present) if (m.qty !== 0) this.mark(m);
    if (this.isStale) this.sum();
    if (core.isDeskWaiting) floor.desk.atClose();
  }

  private mark(m: MarketState): void {
    const value = worth(m.qty, m.last);
    const { sums } = this;
    sums.value += value - m.value;
    sums.gross += Math.abs(value) - Math.abs(m.value);
    m.value = value;
  }

  private sum(): void {
    const { sums } = this;
    sums.value = 0;
    sums.gross = 0;
    for (const m of this.core.markets) {
      // A fill leaves the value at its own price; the curve is of the closes.
      m.value = m.qty === 0 ? 0 : worth(m.qty, m.last);
      sums.value += m.value;
      sums.gross += Math.abs(m.value);
    }
    this.isStale = false;
  }

  private ask(): void {
    const { stages, present } = this;
    const [all] = stages;
    if (this.isPortfolio && all !== undefined) {
      if (this.warm >= this.needed) this.call(all, present);
      return;
    }
    for (const m of present) {
      const own = stages[m.index];
      if (own !== undefined && m.cursor.i >= m.first) this.call(own, present);
    }
  }

  private call({ context, slate, markets }: Stage, present: readonly MarketState[]): void {
    const { core, sums } = this;
    core.worth = sums.value;
    try {
      core.config.strategy.onBar(context);
    } catch (error) {
      const symbol = (markets.length === 1 ? markets : present).map((m) => m.market.symbol).join(', ');
      throw strategyFailed(core.config.strategy.kind, { symbol, at: toRfc3339(core.now as EpochMs) }, error);
    }
    if (!slate.hasSpoken) return;
    this.floor.desk.hear(markets);
    for (const m of markets) m.view.settle();
    slate.hasSpoken = false;
  }
}

