/** The venue under random sequences of everything it can do: all types, classes and times in force, replaces, late words, splits and dividends. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal, toText } from '#app/domain/numeric.ts';
import { adoptedOrderState, applyOrderEvent, isClosed, ORDER_CLASSES, ORDER_TYPES, TIMES_IN_FORCE, type OrderEvent, type OrderState } from '#app/domain/order.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { isClosing, leavesOf, OpenOrders } from './open-orders.ts';
import { orderToText, readSnapshot, takeSnapshot, venueOperationSchema } from './venue-snapshot.ts';
import { DEFAULT_VENUE_CONFIG, PLAIN_ASSET, PLAIN_REQUEST, type OrderContext, type OrderRequest, type VenueActivity, type VenueConfig, type VenueEvent, type VenueOperation, type VenueOrder } from './venue-types.ts';
import { openVenue, type Venue } from './venue.ts';

const SYMBOLS = ['AAPL', 'XOM'] as const;
const START = 1_700_000_040_000;
const cents = fc.integer({ min: 9_500, max: 10_500 });
const dollars = (value: number): string => (value / 100).toFixed(2);

type Draft =
  | { kind: 'submit'; symbol: string; side: 'buy' | 'sell'; type: OrderRequest['type']; tif: OrderRequest['timeInForce']; orderClass: OrderRequest['orderClass']; limit: number; far: number; near: number; qty: number; isOpen: boolean; isStuck: boolean }
  | { kind: 'replace'; pick: number; price: number; qty: number | null; isSlow: boolean }
  | { kind: 'cancel' | 'settle'; pick: number; flag: boolean }
  | { kind: 'step'; opens: number[]; spread: number; drift: number; isRegular: boolean; volume: number }
  | { kind: 'advance'; minutes: number }
  | { kind: 'act'; which: number; symbol: string };

const draft: fc.Arbitrary<Draft> = fc.oneof(
  { weight: 6, arbitrary: fc.record({
    kind: fc.constant('submit' as const), symbol: fc.constantFrom(...SYMBOLS), side: fc.constantFrom('buy' as const, 'sell' as const), type: fc.constantFrom(...ORDER_TYPES, 'market', 'limit'),
    tif: fc.constantFrom(...TIMES_IN_FORCE, 'day', 'gtc'), orderClass: fc.constantFrom(...ORDER_CLASSES, 'simple', 'bracket'), limit: cents, far: fc.integer({ min: 1, max: 400 }), near: fc.integer({ min: 1, max: 400 }),
    qty: fc.integer({ min: 1, max: 40 }), isOpen: fc.boolean(), isStuck: fc.integer({ max: 19, min: 0 }).map((n) => n === 13),
  }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('replace' as const), pick: fc.nat(9), price: cents, qty: fc.option(fc.integer({ min: 1, max: 40 })), isSlow: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('cancel' as const, 'settle' as const), pick: fc.nat(9), flag: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('step' as const), opens: fc.array(cents, { minLength: 2, maxLength: 2 }), spread: fc.nat(300), drift: fc.integer({ min: -100, max: 100 }), isRegular: fc.integer({ max: 5, min: 0 }).map((n) => n > 0), volume: fc.nat(500) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('advance' as const), minutes: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('act' as const), which: fc.nat(4), symbol: fc.constantFrom(...SYMBOLS) }) },
);
const config: fc.Arbitrary<VenueConfig> = fc.record({
  seed: fc.nat(), multiplier: fc.constantFrom(1 as const, 2 as const, 4 as const), isShortingEnabled: fc.boolean(), slippageBps: fc.nat(20), volumeCap: fc.option(fc.constantFrom(0.01, 0.1)), partialFillPercent: fc.constantFrom(0, 50),
}).map((part) => ({ ...DEFAULT_VENUE_CONFIG, ...part }));

function contextOf(at: EpochMs, over: Partial<OrderContext> = {}): OrderContext {
  return { at, isOpen: true, isExtendedOpen: false, expiresAt: (at + 20 * MINUTE_MS) as EpochMs, auctionAt: null, isAuctionShut: false, lastPrice: '100', bid: null, ask: null, asset: PLAIN_ASSET, ...over };
}

function submitOf(made: Extract<Draft, { kind: 'submit' }>, n: number, at: EpochMs): VenueOperation {
  const { type, orderClass, side } = made;
  const up = side === 'buy' ? 1 : -1;
  const exitUp = orderClass === 'oco' ? -up : up;
  const base = type === 'limit' ? made.limit : 10_000;
  const isAuction = made.tif === 'opg' || made.tif === 'cls';
  return {
    op: 'submit', isStuck: made.isStuck,
    request: {
      ...PLAIN_REQUEST, clientOrderId: `c${n}`, symbol: made.symbol, side, type, timeInForce: made.tif, orderClass, qty: String(made.qty), notional: null,
      limitPrice: type === 'limit' || type === 'stop_limit' ? dollars(made.limit) : null, stopPrice: type === 'stop' || type === 'stop_limit' ? dollars(10_000 + up * made.near) : null,
      trailPrice: type === 'trailing_stop' && made.far % 2 === 0 ? dollars(made.near) : null, trailPercent: type === 'trailing_stop' && made.far % 2 === 1 ? '2' : null,
      takeProfit: orderClass === 'bracket' || (orderClass === 'oto' && made.far % 2 === 0) ? { limitPrice: dollars(base + exitUp * made.far) } : null,
      stopLoss: orderClass === 'bracket' || orderClass === 'oco' || (orderClass === 'oto' && made.far % 2 === 1) ? { stopPrice: dollars(base - exitUp * made.near), limitPrice: null } : null,
    },
    context: contextOf(at, { isOpen: made.isOpen, expiresAt: (at + (made.tif === 'gtc' ? 1000 : 20) * MINUTE_MS) as EpochMs, auctionAt: isAuction ? ((at + 3 * MINUTE_MS) as EpochMs) : null }),
  };
}

function pickOf(venue: Venue, pick: number): VenueOrder | undefined {
  const open = venue.openOrders();
  return open[pick % Math.max(1, open.length)];
}

function actOf(made: Extract<Draft, { kind: 'act' }>, at: EpochMs): VenueOperation {
  if (made.which === 0) return { op: 'corporateAction', at, action: { kind: 'cash_dividend', symbol: made.symbol, rate: '0.25', payableAt: (at + 5 * MINUTE_MS) as EpochMs } };
  if (made.which === 1) return { op: 'corporateAction', at, action: { kind: 'split', symbol: made.symbol, oldRate: '1', newRate: '2' } };
  if (made.which === 2) return { op: 'corporateAction', at, action: { kind: 'split', symbol: made.symbol, oldRate: '2', newRate: '1' } };
  return { op: 'transfer', at, amount: made.which === 3 ? '100.5' : '-50' };
}

function replaceOf(made: Extract<Draft, { kind: 'replace' }>, n: number, order: VenueOrder, at: EpochMs): VenueOperation {
  const hasLimit = order.type === 'limit' || order.type === 'stop_limit';
  const text = dollars(made.price);
  return {
    op: 'replace', orderId: order.id, isSlow: made.isSlow, context: contextOf(at, { expiresAt: order.expiresAt }),
    request: { clientOrderId: `r${n}`, qty: made.qty === null || order.orderClass !== 'simple' ? null : String(made.qty), timeInForce: null, limitPrice: hasLimit ? text : null, stopPrice: order.type === 'stop' ? text : null, trail: order.type === 'trailing_stop' ? '3' : null },
  };
}

function operationOf(made: Draft, n: number, venue: Venue): VenueOperation | null {
  const at = Math.max(START, venue.state.now) as EpochMs;
  if (made.kind === 'submit') return submitOf(made, n, at);
  if (made.kind === 'advance') return { op: 'advance', to: (at + made.minutes * MINUTE_MS) as EpochMs, isSessionEnd: made.minutes > 15 };
  if (made.kind === 'act') return actOf(made, at);
  if (made.kind === 'step') {
    const bars = SYMBOLS.map((symbol, i) => {
      const open = made.opens[i] ?? 10_000;
      const close = Math.max(1, open + made.drift);
      return { symbol, open: dollars(open), high: dollars(Math.max(open, close) + made.spread), low: dollars(Math.min(open, close) - made.spread), close: dollars(close), volume: String(made.volume) };
    });
    return { op: 'step', at, barMs: MINUTE_MS, isRegular: made.isRegular, bars };
  }
  const order = pickOf(venue, made.pick);
  if (!order) return null;
  if (made.kind === 'replace') return replaceOf(made, n, order, at);
  if (made.kind === 'cancel') return { op: 'cancel', orderId: order.id, at, isSlow: made.flag };
  return { op: 'settle', orderId: order.id, at, outcome: order.status === 'pending_cancel' && made.pick % 2 === 0 ? 'cancel_rejected' : made.flag ? 'new' : 'rejected', reason: 'late' };
}

type Run = { readonly venue: Venue; readonly journal: VenueOperation[]; readonly events: VenueEvent[]; readonly activities: VenueActivity[] };
function run(setup: VenueConfig, drafts: readonly Draft[]): Run {
  const venue = openVenue(setup);
  const made: Run = { venue, journal: [], events: [], activities: [] };
  drafts.forEach((one, n) => {
    const operation = operationOf(one, n, venue);
    if (!operation) return;
    const before = operation.op === 'step' ? '' : JSON.stringify(takeSnapshot(venue.state));
    const result = venue.apply(operation);
    if (!result.ok) {
      expect(JSON.stringify(takeSnapshot(venue.state))).toBe(before);
      return;
    }
    made.journal.push(operation);
    made.events.push(...result.value.events);
    made.activities.push(...result.value.activities);
  });
  return made;
}

/** The venue's words as our own order machine hears them. */
function heard(event: VenueEvent): OrderEvent | null {
  const { kind, order, fill } = event;
  if (fill) return { kind: 'fill', qty: fill.qty, price: fill.price };
  if (kind === 'restated') return order.qty === null ? null : { kind, qty: order.qty };
  const words = {
    pending_new: null, new: 'accepted', accepted: 'accepted', held: 'held', pending_cancel: 'cancel_requested', pending_replace: 'replace_requested', canceled: 'canceled', expired: 'expired',
    replaced: 'replaced', rejected: 'rejected', order_replace_rejected: 'replace_rejected', order_cancel_rejected: 'cancel_rejected',
  } as const;
  const word = words[kind];
  return word === null ? null : { kind: word };
}

const drafts = fc.array(draft, { minLength: 15, maxLength: 60, size: 'max' });
const withoutActs = fc.array(draft.filter((one) => one.kind !== 'act'), { minLength: 15, maxLength: 60, size: 'max' });

describe('a venue under any sequence of everything', () => {
  it('conserves: cash and shares are what executions and activities moved', () => {
    fc.assert(fc.property(config, drafts, (setup, made) => {
      const { venue, events, activities } = run(setup, made);
      let cash = new Decimal(setup.startingCash);
      const shares = new Map<string, Decimal>();
      const add = (symbol: string, qty: Decimal): void => void shares.set(symbol, (shares.get(symbol) ?? new Decimal(0)).plus(qty));
      for (const { order, fill } of events) {
        if (!fill) continue;
        const signed = order.side === 'buy' ? fill.qty : fill.qty.negated();
        cash = cash.minus(signed.times(fill.price).toDecimalPlaces(9)).minus(fill.fee);
        add(order.symbol, signed);
      }
      for (const activity of activities) {
        cash = cash.plus(activity.netAmount);
        if (activity.symbol && activity.qty && activity.type !== 'DIV') add(activity.symbol, activity.qty);
      }
      expect(toText(venue.state.account.cash)).toBe(toText(cash));
      for (const [symbol, qty] of shares) expect(toText(venue.positions().find((p) => p.symbol === symbol)?.qty ?? new Decimal(0))).toBe(toText(qty));
    }), { numRuns: 40 });
  });

  it('tells lives that our own order machine can follow, within quantity and limit', () => {
    fc.assert(fc.property(config, withoutActs, (setup, made) => {
      const { events } = run(setup, made);
      const states = new Map<string, OrderState>();
      for (const event of events) {
        const { order, fill } = event;
        const before = states.get(order.id) ?? (order.qty ? adoptedOrderState(order.qty) : null);
        const word = heard(event);
        if (!before) continue;
        // A replacement that shrank while it waited is told with its new quantity when it is placed.
        const start = order.qty && before.status === 'submitted' && !before.qty.eq(order.qty) ? { ...before, qty: order.qty } : before;
        if (word === null) {
          states.set(order.id, start);
          continue;
        }
        // The broker's answer to a replace may come behind the fill that beat it.
        if (word.kind === 'replace_rejected' && isClosed(start.status)) continue;
        const next = applyOrderEvent(start, word);
        expect(next.ok, `${event.kind} of ${order.id} after ${start.status}`).toBe(true);
        if (next.ok) states.set(order.id, next.value);
        if (fill && order.type === 'limit' && order.limitPrice) expect(order.side === 'buy' ? fill.price.lte(order.limitPrice) : fill.price.gte(order.limitPrice)).toBe(true);
        if (fill && order.bandPrice) expect(fill.price.lte(order.bandPrice)).toBe(true);
      }
    }), { numRuns: 60 });
  });

  it('never lets exits trade more than their entry, nor turns a position round by accident', () => {
    fc.assert(fc.property(config, withoutActs, (setup, made) => {
      const { events, venue } = run(setup, made);
      const entered = new Map<string, Decimal>();
      const exited = new Map<string, Decimal>();
      const rootOf = new Map<string, string>();
      let hasShorted = false;
      for (const { order, fill } of events) {
        // A replaced order stands for the one whose place it took.
        if (order.replaces !== null) rootOf.set(order.id, rootOf.get(order.replaces) ?? order.replaces);
        if (!fill) continue;
        hasShorted ||= order.positionIntent === 'sell_to_open';
        if (order.orderClass !== 'bracket' && order.orderClass !== 'oto') continue;
        const key = order.role === 'order' ? (rootOf.get(order.id) ?? order.id) : (rootOf.get(order.parentId ?? '') ?? order.parentId ?? '');
        const sums = order.role === 'order' ? entered : exited;
        sums.set(key, (sums.get(key) ?? new Decimal(0)).plus(fill.qty));
        expect((exited.get(key) ?? new Decimal(0)).lte(entered.get(key) ?? 0), `exits of ${key}`).toBe(true);
      }
      if (!hasShorted) for (const position of venue.positions()) expect(position.qty.gte(0)).toBe(true);
    }), { numRuns: 60 });
  });

  it('keeps its running sums true', () => {
    fc.assert(fc.property(config, drafts, (setup, made) => {
      const { venue } = run(setup, made);
      const { open } = venue.state;
      const afresh = openVenue(setup, readSnapshot(JSON.parse(JSON.stringify(takeSnapshot(venue.state)))));
      expect(Object.values(venue.figures()).map(String)).toEqual(Object.values(afresh.figures()).map(String));
      const again = new OpenOrders(open.all());
      expect(toText(open.reserved())).toBe(toText(again.reserved()));
      for (const symbol of SYMBOLS) {
        for (const side of ['buy', 'sell'] as const) {
          expect(toText(open.exiting(symbol, side))).toBe(toText(again.exiting(symbol, side)));
          const plain = open.all().filter((order) => order.symbol === symbol && order.side === side && isClosing(order) && order.status !== 'held' && order.replaces === null);
          expect(open.exiting(symbol, side).gte(plain.reduce((sum, order) => sum.plus(leavesOf(order)), new Decimal(0)))).toBe(true);
        }
      }
    }), { numRuns: 40 });
  });

  it('replays its journal to the same bytes, also from a snapshot in the middle', () => {
    fc.assert(fc.property(config, drafts, fc.nat(50), (setup, made, cut) => {
      const { venue, journal, events } = run(setup, made);
      let again = openVenue(setup);
      const second: VenueEvent[] = [];
      journal.map((operation) => venueOperationSchema.parse(JSON.parse(JSON.stringify(operation)))).forEach((operation, n) => {
        if (n === cut) again = openVenue(setup, readSnapshot(JSON.parse(JSON.stringify(takeSnapshot(again.state)))));
        const result = again.apply(operation);
        if (result.ok) second.push(...result.value.events);
      });
      const form = (list: readonly VenueEvent[]): unknown => list.map((event) => [event.kind, event.at, orderToText(event.order)]);
      expect(takeSnapshot(again.state)).toEqual(takeSnapshot(venue.state));
      expect(form(second)).toEqual(form(events));
    }), { numRuns: 30 });
  });
});
