/** In the place of the broker over HTTP: the same port, over the exchange of the simulation, with everything that a network and a broker can do to a request. */
import type { VenueOrder, VenueRejection } from '#app/backtest/venue-types.ts';
import { AppError, type Result } from '#app/domain/errors.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import type { BrokerOptions } from '../../services/alpaca/broker.ts';
import type { Broker, BrokerFill, BrokerOrder, OrderTicket, Priority, ReplaceTicket, SubmitOutcome } from '../../services/alpaca/ports.ts';
import { readTermsOf } from './broker-terms.ts';
import { activityId } from './exchange.ts';
import { checkReplace, checkSubmit } from './duties.ts';
import type { Life } from './unit.ts';
import { never, unitOf, world } from './world.ts';

const TIMEOUT = { least: 2_000, most: 8_000 };
const LAG_MS = 1_500;
const LATE_MS = 4_500;
const FORBIDDEN = 40_310_000;

/** An order in the broker's words. */
export function orderThere(order: VenueOrder, withLegs = false): BrokerOrder {
  const { exchange } = world();
  return {
    id: order.id, clientOrderId: order.clientOrderId, symbol: order.symbol, side: order.side, type: order.type, timeInForce: order.timeInForce, orderClass: order.orderClass, extendedHours: order.extendedHours,
    qty: order.qty, notional: order.notional, limitPrice: order.limitPrice, stopPrice: order.stopPrice, trailPrice: order.trailPrice, trailPercent: order.trailPercent, hwm: order.hwm, status: order.status,
    filledQty: order.filledQty, filledAvgPrice: order.filledAvgPrice, replaces: order.replaces, replacedBy: order.replacedBy, legs: withLegs ? exchange.legsOf(order).map((leg) => orderThere(leg)) : [],
    submittedAt: order.createdAt, expiresAt: order.expiresAt, updatedAt: order.updatedAt,
  };
}

function unreachable(): AppError {
  return new AppError('BROKER_UNREACHABLE', 'The broker cannot be reached (simulated)');
}

/** The broker as one life of execution sees it. */
class SimulatedBroker implements Broker {
  readonly #life: Life;
  readonly #options: BrokerOptions;
  /** Orders that were refused and taken all the same: the look-up that follows does not lag. */
  readonly #refused = new Set<string>();

  constructor(life: Life, options: BrokerOptions) {
    this.#life = life;
    this.#options = options;
  }

  permit = (priority: Priority): ReturnType<Broker['permit']> => this.#options.governor.acquire(priority);

  async #wait(ms: number): Promise<void> {
    await world().time.wait(ms);
    if (this.#life.isDead) await never();
  }

  /** A request that may be repeated: it fails by throwing. */
  async #call<T>(what: string, priority: Priority, act: () => T): Promise<T> {
    const { faults, delays, trace } = world();
    await this.#options.governor.acquire(priority);
    if (this.#life.mayDie('crash_before_call', `${this.#life.name} before ${what}`)) return never();
    await this.#wait(1 + 40 * delays.next());
    if (isAway() || faults.strikes('call_lost')) {
      await this.#wait(faults.between(TIMEOUT.least, TIMEOUT.most));
      throw unreachable();
    }
    if (faults.strikes('call_throttled')) {
      this.#options.governor.pause(faults.between(200, 3_000));
      throw new AppError('RATE_LIMITED', 'The broker asks for fewer requests (simulated)');
    }
    if (faults.strikes('call_server_error')) throw unreachable();
    const value = act();
    trace.note(`call ${what}`);
    if (this.#life.mayDie('crash_after_call', `${this.#life.name} after ${what}`)) return never();
    await this.#wait(1 + 40 * delays.next());
    if (faults.strikes('call_reply_lost')) {
      await this.#wait(faults.between(TIMEOUT.least, TIMEOUT.most));
      throw unreachable();
    }
    return value;
  }

  /** A request that must not be repeated: whatever happens to it is an outcome. */
  async #once(what: string, act: () => Result<VenueOrder, VenueRejection>): Promise<SubmitOutcome> {
    const { faults, delays, time, trace } = world();
    if (this.#life.mayDie('crash_before_call', `${this.#life.name} before ${what}`)) return never();
    await this.#wait(1 + 60 * delays.next());
    const patienceMs = faults.between(TIMEOUT.least, TIMEOUT.most);
    const timedOut = async (): Promise<SubmitOutcome> => {
      await this.#wait(patienceMs);
      return { kind: 'unknown', cause: 'timeout', message: 'no answer (simulated)' };
    };
    if (isAway() || faults.strikes('submit_lost')) return timedOut();
    if (faults.strikes('submit_late')) {
      // Within the grace that the policy for unknown outcomes gives a request that is still on its way (ADR 0006).
      time.after(faults.between(500, LATE_MS), () => trace.note(`${what} arrives late: ${act().ok ? 'taken' : 'refused'}`));
      return timedOut();
    }
    if (faults.strikes('submit_error_before')) return { kind: 'unknown', cause: 'server_error', message: '503 (simulated)' };
    if (faults.strikes('submit_throttled')) return { kind: 'unknown', cause: 'throttled', message: '429 (simulated)' };
    const first = act();
    // Something on the way sends the request again: the answer is the one to the second.
    const result = first.ok && faults.strikes('submit_doubled') ? act() : first;
    trace.note(`${what} ${result.ok ? 'taken' : `refused ${result.error.code} ${result.error.message}`}`);
    if (this.#life.mayDie('crash_after_call', `${this.#life.name} after ${what}`)) return never();
    await this.#wait(1 + 60 * delays.next());
    if (faults.strikes('submit_reply_lost')) return timedOut();
    if (faults.strikes('submit_error_after')) return { kind: 'unknown', cause: 'server_error', message: '504 (simulated)' };
    if (result.ok && faults.strikes('submit_refused_but_taken')) {
      this.#refused.add(result.value.id);
      return { kind: 'rejected', code: FORBIDDEN, status: 403, message: 'refused, and taken all the same (simulated)' };
    }
    if (result.ok) return { kind: 'accepted', order: orderThere(result.value, true) };
    const { code, status, message } = result.error;
    return code === 40_010_001 ? { kind: 'unknown', cause: 'duplicate', message } : { kind: 'rejected', code, status, message };
  }

  submit = (ticket: OrderTicket): Promise<SubmitOutcome> => {
    if (this.#life.isDead) return never();
    checkSubmit(ticket, this.#life);
    return this.#once(`POST ${ticket.clientOrderId}`, () => world().exchange.submit(readTermsOf(ticket)));
  };

  replace = (ticket: ReplaceTicket): Promise<SubmitOutcome> => {
    if (this.#life.isDead) return never();
    checkReplace(ticket);
    const text = (value: { toFixed(): string } | null): string | null => (value === null ? null : value.toFixed());
    return this.#once(`PATCH ${ticket.brokerOrderId} as ${ticket.clientOrderId}`, () => world().exchange.replace(ticket.brokerOrderId, {
      clientOrderId: ticket.clientOrderId, qty: text(ticket.qty), timeInForce: ticket.timeInForce, limitPrice: text(ticket.limitPrice), stopPrice: text(ticket.stopPrice), trail: text(ticket.trail),
    }));
  };

  getByClientId = (id: string, priority: Priority = 'poll'): Promise<BrokerOrder | null> => this.#call(`GET by client id ${id}`, priority, () => {
    const { exchange, faults } = world();
    const order = exchange.byClientId(id);
    if (order === null || (!this.#refused.has(order.id) && exchange.ageMs(order) < LAG_MS && faults.strikes('lookup_lag'))) return null;
    return orderThere(order);
  });

  getOrder = (id: string, priority: Priority = 'poll'): Promise<BrokerOrder | null> => this.#call(`GET order ${id}`, priority, () => {
    const order = world().exchange.orders.get(id);
    return order === undefined ? null : orderThere(order, true);
  });

  cancel = (id: string): ReturnType<Broker['cancel']> => this.#call(`DELETE ${id}`, 'cancel', () => {
    const order = world().exchange.orders.get(id);
    if (order === undefined) return 'gone';
    return world().exchange.cancel(id).ok ? 'requested' : 'not_cancelable';
  });

  cancelAll = (): Promise<void> => this.#call('DELETE all', 'cancel', () => {
    for (const order of world().exchange.open()) world().exchange.cancel(order.id);
  });

  listOpen = (): Promise<readonly BrokerOrder[]> => this.#call('GET open orders', 'poll', () => world().exchange.open().map((order) => orderThere(order)));

  positions = (): ReturnType<Broker['positions']> => this.#call('GET positions', 'poll', () => world().exchange.venue.positions().flatMap(({ symbol, qty, avgPrice }) => (avgPrice === null || qty.isZero() ? [] : [{ symbol, qty, avgEntryPrice: avgPrice }])));

  account = (): ReturnType<Broker['account']> => this.#call('GET account', 'poll', () => {
    const { cash, equity, lastEquity, buyingPower } = world().exchange.venue.figures();
    return { accountNumber: 'SIM1', status: 'ACTIVE', cash, equity, lastEquity, buyingPower, isTradingBlocked: false };
  });

  fillsAfter = (from: { readonly activityId: string } | { readonly at: EpochMs }): Promise<readonly BrokerFill[]> => this.#call('GET fills', 'poll', () =>
    fillsThere().filter((fill) => ('at' in from ? fill.at >= from.at : fill.activityId > from.activityId)));

  /** The account of a simulation has no fees, dividends or transfers. */
  activitiesAfter = (): ReturnType<Broker['activitiesAfter']> => this.#call('GET activities', 'poll', () => []);

  newestActivityId = (): Promise<string | null> => this.#call('GET newest fill', 'poll', () => fillsThere().at(-1)?.activityId ?? null);

  clock = (): ReturnType<Broker['clock']> => this.#call('GET clock', 'poll', () => {
    const at = world().exchange.now();
    return { at, isOpen: true, nextOpen: (at + 24 * 60 * MINUTE_MS) as EpochMs, nextClose: (at + 240 * MINUTE_MS) as EpochMs };
  });
}

let awayUntil = -Infinity;
function isAway(): boolean {
  return world().time.elapsed() < awayUntil;
}

/** Nothing reaches the broker for so long. */
export function cutBroker(forMs: number): void {
  awayUntil = world().time.elapsed() + forMs;
}

/** The broker of a new world is there. */
export function mendBroker(): void {
  awayUntil = -Infinity;
}

function fillsThere(): BrokerFill[] {
  return world().exchange.executions.map((execution) => ({ execution, id: activityId(execution) })).map(({ id, execution: { executionId, order, symbol, side, qty, price, cumQty, at } }) => ({
    activityId: id, executionId, brokerOrderId: order.id, symbol, side, qty, price, cumQty, at,
  }));
}

/** What `services/alpaca/broker.ts` gives. */
export function createBroker(options: BrokerOptions): Broker {
  return new SimulatedBroker(unitOf('execution').present(), options);
}

