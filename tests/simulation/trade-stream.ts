/** In the place of the stream of order updates: lost, doubled, late and out of order; silent at times, and never told again. */
import type { VenueEvent } from '#app/backtest/venue-types.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { LiveStream, StreamListener, StreamState, TradeUpdate } from '../../services/alpaca/ports.ts';
import { orderThere } from './broker.ts';
import { stream as lastStream } from './duties.ts';
import type { Life } from './unit.ts';
import { unitOf, world } from './world.ts';

/** As long as a half-open socket is believed. */
const SILENCE_NOTICED_MS = 15_000;
const LATENCY_MS = 120;

/** The stream of one life. */
class SimulatedStream implements LiveStream {
  readonly #life: Life;
  readonly #listener: StreamListener<TradeUpdate>;
  #state: StreamState = 'idle';
  #connection = 0;
  #unhear: (() => void) | null = null;
  #lastAt: number | null = null;
  #isSilent = false;
  #dueAt = 0;

  constructor(life: Life, listener: StreamListener<TradeUpdate>) {
    this.#life = life;
    this.#listener = listener;
  }

  state(): StreamState {
    return this.#state;
  }
  lastMessageAgeMs(): number | null {
    return this.#lastAt === null ? null : world().time.elapsed() - this.#lastAt;
  }
  start(): void {
    if (this.#state === 'idle') this.#open();
  }
  reconnect(reason: string): void {
    if (this.#state === 'idle' || this.#state === 'closed') return;
    this.lose(reason);
  }
  close(): void {
    this.#unhear?.();
    this.#connection += 1;
    this.#move('closed', 'closed by us');
  }

  #move(state: StreamState, reason: string): void {
    if (this.#life.isDead || this.#state === state) return;
    this.#state = state;
    world().trace.note(`stream ${this.#life.name} ${state}`);
    Object.assign(lastStream, { liveSince: state === 'live' ? Date.now() : null, lifeName: this.#life.name });
    this.#listener.onState(state, reason);
  }

  #open(): void {
    const { time, delays } = world();
    this.#connection += 1;
    this.#isSilent = false;
    const mine = this.#connection;
    this.#move('connecting', 'connecting');
    time.after(20 + 300 * delays.next(), () => {
      if (this.#life.isDead || mine !== this.#connection) return;
      this.#move('authenticated', 'authenticated');
      this.#unhear = world().exchange.hear((event) => this.#hear(event, mine));
      this.#lastAt = time.elapsed();
      this.#move('live', 'subscribed');
    });
  }

  /** The connection is gone, and with it what was on its way. */
  lose(reason: string): void {
    if (this.#life.isDead || this.#state === 'down' || this.#state === 'closed' || this.#state === 'idle') return;
    this.#unhear?.();
    this.#unhear = null;
    this.#connection += 1;
    const mine = this.#connection;
    this.#move('down', reason);
    world().time.after(100 + 2_500 * world().delays.next(), () => {
      if (!this.#life.isDead && mine === this.#connection) this.#open();
    });
  }

  /** The other side says nothing any more; it takes a while until that is noticed. */
  silence(): void {
    if (this.#state !== 'live') return;
    this.#isSilent = true;
    const mine = this.#connection;
    world().time.after(SILENCE_NOTICED_MS, () => {
      if (mine === this.#connection) this.lose('no answer to pings');
    });
  }

  #hear(event: VenueEvent, connection: number): void {
    const { faults, time, delays } = world();
    if (this.#isSilent || faults.strikes('update_drop')) return;
    const update = { event: event.kind, order: orderThere(event.order), execution: event.fill === null ? null : { id: event.fill.executionId, qty: event.fill.qty, price: event.fill.price }, at: event.at };
    const deliver = (): void => {
      if (this.#life.isDead || connection !== this.#connection) return;
      this.#lastAt = time.elapsed();
      this.#listener.onMessages([{ ...update, tsSeen: Date.now() as EpochMs }]);
    };
    // Messages arrive in the order in which they were sent, unless one is held up.
    this.#dueAt = Math.max(this.#dueAt, time.elapsed() + 1 + LATENCY_MS * delays.next());
    time.after(faults.strikes('update_delay') ? faults.between(50, 6_000) : Math.ceil(this.#dueAt - time.elapsed()), deliver);
    if (faults.strikes('update_double')) time.after(5 + 2_000 * delays.next(), deliver);
  }
}

let present: SimulatedStream | null = null;

/** The connection breaks. */
export function loseStream(): void {
  present?.lose('connection reset');
}

/** The connection says nothing any more. */
export function silenceStream(): void {
  present?.silence();
}

/** What `services/alpaca/trade-stream.ts` gives. */
export function createTradeStream(options: { readonly listener: StreamListener<TradeUpdate> }): LiveStream {
  present = new SimulatedStream(unitOf('execution').present(), options.listener);
  return present;
}
