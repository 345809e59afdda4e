/** Faults on demand: how a broker goes wrong, so that tests can see its client go right. Never active by itself. */
import type { AssetFault, Fault, Late, MessageFault, OrderFault, OrderRequestKind, StreamName, StuckState } from './faults-schema.ts';

/** The faults that are armed. `take...` uses one of them up. */
export type Faults = {
  arm(fault: Fault): void;
  takeOrderFault(on: OrderRequestKind): OrderFault | null;
  /** The status that the next REST answer shall have. */
  takeHttpStatus(): number | null;
  takeSlow(what: 'cancel' | 'replace'): boolean;
  takeCancelTimeout(): boolean;
  takeStuck(state: StuckState): boolean;
  /** Why the next order (replacement) is refused after it was taken. */
  takeLateReject(what: 'order' | 'replace'): string | null;
  /** Whether the next cancel is refused after it was taken. */
  takeCancelReject(): boolean;
  /** What to do with the next batch of trade updates, or the next step of bars. */
  takeMessageFault(stream: StreamName): MessageFault | null;
  /** Milliseconds by which something is late now. */
  delayOf(what: Late): number;
  isRestDown(): boolean;
  isOut(): boolean;
  isSilent(stream: StreamName): boolean;
  isRefusing(stream: StreamName): boolean;
  /** Milliseconds by which the broker's clock is wrong now. */
  skewMs(): number;
  /** What the listing says otherwise of a symbol. */
  assetFault(symbol: string): AssetFault | null;
  /** Hears that sockets shall be cut (or left for dead) now. */
  onDrop(listener: (stream: StreamName, how: 'cut' | 'half_open') => void): void;
  /** Hears that everything is well again: what is stuck may go on. */
  onClear(listener: () => void): void;
};

const MAX_ARMED = 1_000;
const BOTH: readonly StreamName[] = ['trading', 'data'];

/** What happens at the next occasions, oldest first. */
function createQueues() {
  return {
    order: { submit: [] as OrderFault[], replace: [] as OrderFault[], cancel: [] as OrderFault[] },
    http: [] as number[],
    messages: { trading: [] as MessageFault[], data: [] as MessageFault[] },
    rejects: { order: [] as string[], replace: [] as string[], cancel: [] as true[] },
    slow: { cancel: [] as true[], replace: [] as true[] },
    stuck: { pending_new: [] as true[], pending_cancel: [] as true[], pending_replace: [] as true[] },
    cancelTimeout: [] as true[],
  };
}

/** What lasts until an instant of the monotonic clock. */
function createSpells() {
  const never = -Infinity;
  return {
    rest: never, out: never, skew: { until: never, byMs: 0 },
    silent: { trading: never, data: never }, refusing: { trading: never, data: never },
    late: { orders: { until: never, byMs: 0 }, rest: { until: never, byMs: 0 }, updates: { until: never, byMs: 0 }, bars: { until: never, byMs: 0 } },
    assets: new Map<string, AssetFault>(),
  };
}

class ArmedFaults implements Faults {
  #queues = createQueues();
  #spells = createSpells();
  readonly #drops: ((stream: StreamName, how: 'cut' | 'half_open') => void)[] = [];
  readonly #clears: (() => void)[] = [];
  readonly #now: () => number;

  constructor(monotonic: () => number) {
    this.#now = monotonic;
  }

  arm(fault: Fault): void {
    const queues = this.#queues;
    switch (fault.kind) {
      case 'order': return add(queues.order[fault.on], fault.fault, fault.count);
      case 'http': return add(queues.http, fault.status, fault.count);
      case 'updates': return add(queues.messages.trading, fault.fault, fault.count);
      case 'bars': return add(queues.messages.data, fault.fault, fault.count);
      case 'slow_cancel': return add(queues.slow.cancel, true, fault.count);
      case 'slow_replace': return add(queues.slow.replace, true, fault.count);
      case 'cancel_timeout': return add(queues.cancelTimeout, true, fault.count);
      case 'stuck': return add(queues.stuck[fault.state], true, fault.count);
      case 'reject_accepted': return add(queues.rejects.order, fault.reason, fault.count);
      case 'reject_replace': return add(queues.rejects.replace, fault.reason, fault.count);
      case 'reject_cancel': return add(queues.rejects.cancel, true, fault.count);
      case 'drop_streams': return this.#drop(fault.streams, 'cut');
      case 'half_open': return this.#drop(fault.streams, 'half_open');
      case 'asset': {
        const { kind: _kind, symbol, ...said } = fault;
        this.#spells.assets.set(symbol, { ...this.#spells.assets.get(symbol), ...said });
        return;
      }
      case 'clear':
        [this.#queues, this.#spells] = [createQueues(), createSpells()];
        for (const listener of this.#clears) listener();
        return;
      default: return this.#lasting(fault);
    }
  }

  #lasting(fault: Extract<Fault, { ms: number }>): void {
    const spells = this.#spells;
    const end = this.#now() + fault.ms;
    switch (fault.kind) {
      case 'rest_down': spells.rest = end; return;
      case 'clock_skew': spells.skew = { until: end, byMs: fault.byMs }; return;
      case 'delay': spells.late[fault.what] = { until: end, byMs: fault.byMs }; return;
      case 'silent_streams': for (const name of namesOf(fault.streams)) spells.silent[name] = end; return;
      case 'refuse_streams':
        for (const name of namesOf(fault.streams)) spells.refusing[name] = end;
        return this.#drop(fault.streams, 'cut');
      case 'outage':
        spells.out = end;
        for (const name of BOTH) spells.refusing[name] = end;
        return this.#drop('all', 'cut');
    }
  }

  #drop(streams: StreamName | 'all', how: 'cut' | 'half_open'): void {
    for (const name of namesOf(streams)) for (const listener of this.#drops) listener(name, how);
  }

  takeOrderFault(on: OrderRequestKind): OrderFault | null {
    return this.#queues.order[on].shift() ?? null;
  }

  takeHttpStatus(): number | null {
    return this.#queues.http.shift() ?? null;
  }

  takeSlow(what: 'cancel' | 'replace'): boolean {
    return this.#queues.slow[what].shift() ?? false;
  }

  takeCancelTimeout(): boolean {
    return this.#queues.cancelTimeout.shift() ?? false;
  }

  takeStuck(state: StuckState): boolean {
    return this.#queues.stuck[state].shift() ?? false;
  }

  takeLateReject(what: 'order' | 'replace'): string | null {
    return this.#queues.rejects[what].shift() ?? null;
  }

  takeCancelReject(): boolean {
    return this.#queues.rejects.cancel.shift() ?? false;
  }

  takeMessageFault(stream: StreamName): MessageFault | null {
    return this.#queues.messages[stream].shift() ?? null;
  }

  delayOf(what: Late): number {
    const { until, byMs } = this.#spells.late[what];
    return this.#now() < until ? byMs : 0;
  }

  isRestDown(): boolean {
    return this.#now() < this.#spells.rest;
  }

  isOut(): boolean {
    return this.#now() < this.#spells.out;
  }

  isSilent(stream: StreamName): boolean {
    return this.#now() < this.#spells.silent[stream];
  }

  isRefusing(stream: StreamName): boolean {
    return this.#now() < this.#spells.refusing[stream];
  }

  skewMs(): number {
    const { until, byMs } = this.#spells.skew;
    return this.#now() < until ? byMs : 0;
  }

  assetFault(symbol: string): AssetFault | null {
    return this.#spells.assets.get(symbol) ?? null;
  }

  onDrop(listener: (stream: StreamName, how: 'cut' | 'half_open') => void): void {
    this.#drops.push(listener);
  }

  onClear(listener: () => void): void {
    this.#clears.push(listener);
  }
}

function add<T>(list: T[], value: T, times: number): void {
  for (let n = 0; n < times && list.length < MAX_ARMED; n += 1) list.push(value);
}

function namesOf(wanted: StreamName | 'all'): readonly StreamName[] {
  return wanted === 'all' ? BOTH : [wanted];
}

/** Creates an empty set of faults. `monotonic` gives milliseconds on a clock that never goes back. */
export function createFaults(monotonic: () => number): Faults {
  return new ArmedFaults(monotonic);
}
