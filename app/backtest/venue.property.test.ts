/** The venue under random sequences: nothing is created or lost, statuses are legal, and its journal replays to the same state. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal, toText } from '#app/domain/numeric.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { orderToText, readSnapshot, takeSnapshot, venueOperationSchema } from './venue-snapshot.ts';
import { DEFAULT_VENUE_CONFIG, isOpenStatus, PLAIN_ASSET, PLAIN_REQUEST, type VenueConfig, type VenueEvent, type VenueOperation, type VenueOrderStatus } from './venue-types.ts';
import { openVenue } from './venue.ts';

const SYMBOLS = ['AAPL', 'XOM'] as const;
const START = 1_700_000_040_000;
const LEGAL: Readonly<Record<VenueOrderStatus, readonly VenueOrderStatus[]>> = {
  pending_new: ['new'], accepted: ['new', 'canceled', 'expired', 'pending_cancel'], new: ['partially_filled', 'filled', 'canceled', 'expired', 'pending_cancel'],
  partially_filled: ['partially_filled', 'filled', 'canceled', 'expired', 'pending_cancel'], pending_cancel: ['pending_cancel', 'filled', 'canceled', 'expired'],
  filled: [], canceled: [], expired: [], held: [], pending_replace: [], replaced: [], rejected: [],
};

type Draft =
  | { kind: 'submit'; symbol: string; side: 'buy' | 'sell'; cents: number | null; qty: number; isOpen: boolean; isGtc: boolean; isExtended: boolean }
  | { kind: 'cancel'; pick: number; isSlow: boolean }
  | { kind: 'step'; opens: number[]; spread: number; isRegular: boolean; volume: number }
  | { kind: 'advance'; minutes: number };

const draft: fc.Arbitrary<Draft> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('submit' as const), symbol: fc.constantFrom(...SYMBOLS), side: fc.constantFrom('buy' as const, 'sell' as const), cents: fc.option(fc.integer({ min: 9_000, max: 11_000 })), qty: fc.integer({ min: 1, max: 400_000 }), isOpen: fc.boolean(), isGtc: fc.boolean(), isExtended: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), pick: fc.nat(9), isSlow: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('step' as const), opens: fc.array(fc.integer({ min: 9_000, max: 11_000 }), { minLength: 2, maxLength: 2 }), spread: fc.nat(300), isRegular: fc.boolean(), volume: fc.nat(5_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('advance' as const), minutes: fc.nat(30) }) },
);
const config: fc.Arbitrary<VenueConfig> = fc.record({
  seed: fc.nat(), multiplier: fc.constantFrom(1 as const, 2 as const), isShortingEnabled: fc.boolean(), slippageBps: fc.nat(20), volumeCap: fc.option(fc.constantFrom(0.01, 0.1)),
}).map((part) => ({ ...DEFAULT_VENUE_CONFIG, ...part }));

const dollars = (cents: number): string => (cents / 100).toFixed(2);

function operationOf(made: Draft, n: number, now: number, openIds: readonly string[]): VenueOperation | null {
  const at = now as EpochMs;
  if (made.kind === 'submit') {
    return {
      op: 'submit',
      request: { ...PLAIN_REQUEST, clientOrderId: `c${n}`, symbol: made.symbol, side: made.side, type: made.cents === null ? 'market' : 'limit', timeInForce: made.isGtc ? 'gtc' : 'day', qty: String(made.isGtc ? Math.ceil(made.qty / 1000) : made.qty / 1000), notional: null, limitPrice: made.cents === null ? null : dollars(made.cents), extendedHours: made.isExtended && made.cents !== null },
      context: { at, isOpen: made.isOpen, expiresAt: (now + (made.isGtc ? 1000 : 20) * MINUTE_MS) as EpochMs, isExtendedOpen: false, auctionAt: null, isAuctionShut: false, lastPrice: '100', bid: null, ask: null, asset: PLAIN_ASSET },
    };
  }
  if (made.kind === 'cancel') {
    const orderId = openIds[made.pick % Math.max(1, openIds.length)];
    return orderId === undefined ? null : { op: 'cancel', orderId, at, isSlow: made.isSlow };
  }
  if (made.kind === 'advance') return { op: 'advance', to: (now + made.minutes * MINUTE_MS) as EpochMs, isSessionEnd: made.minutes > 15 };
  const bars = SYMBOLS.map((symbol, i) => {
    const open = made.opens[i] ?? 10_000;
    return { symbol, open: dollars(open), high: dollars(open + made.spread), low: dollars(open - made.spread), close: dollars(open), volume: String(made.volume) };
  });
  return { op: 'step', at, barMs: MINUTE_MS, isRegular: made.isRegular, bars };
}

function run(setup: VenueConfig, drafts: readonly Draft[]) {
  const venue = openVenue(setup);
  const journal: VenueOperation[] = [];
  const events: VenueEvent[] = [];
  drafts.forEach((made, n) => {
    const operation = operationOf(made, n, Math.max(START, venue.state.now), venue.openOrders().map((order) => order.id));
    if (!operation) return;
    const result = venue.apply(operation);
    if (!result.ok) return;
    journal.push(operation);
    events.push(...result.value.events);
  });
  return { venue, journal, events };
}

describe('a venue under any sequence of operations', () => {
  it('conserves: cash and shares are exactly what the executions moved', () => {
    fc.assert(fc.property(config, fc.array(draft, { minLength: 10, maxLength: 60, size: 'max' }), (setup, drafts) => {
      const { venue, events } = run(setup, drafts);
      let cash = new Decimal(setup.startingCash);
      const shares = new Map<string, Decimal>();
      for (const { order, fill } of events) {
        if (!fill) continue;
        const signed = order.side === 'buy' ? fill.qty : fill.qty.negated();
        cash = cash.minus(signed.times(fill.price).toDecimalPlaces(9)).minus(fill.fee);
        shares.set(order.symbol, (shares.get(order.symbol) ?? new Decimal(0)).plus(signed));
        expect(toText(fill.positionQty)).toBe(toText(shares.get(order.symbol) ?? new Decimal(0)));
      }
      expect(toText(venue.state.account.cash)).toBe(toText(cash));
      for (const [symbol, qty] of shares) expect(toText(venue.positions().find((p) => p.symbol === symbol)?.qty ?? new Decimal(0))).toBe(toText(qty));
      if (!setup.isShortingEnabled) for (const position of venue.positions()) expect(position.qty.gte(0)).toBe(true);
    }), { numRuns: 60 });
  });

  it('keeps orders within their quantity and on legal paths, with ids that never repeat', () => {
    fc.assert(fc.property(config, fc.array(draft, { minLength: 10, maxLength: 60, size: 'max' }), (setup, drafts) => {
      const { venue, events } = run(setup, drafts);
      const last = new Map<string, VenueOrderStatus>();
      const executions = new Set<string>();
      let at = 0;
      for (const event of events) {
        const { order, fill } = event;
        const before = last.get(order.id);
        if (before !== undefined) expect(LEGAL[before]).toContain(order.status);
        last.set(order.id, order.status);
        if (order.qty) expect(order.filledQty.lte(order.qty)).toBe(true);
        if (fill) {
          expect(executions.has(fill.executionId)).toBe(false);
          executions.add(fill.executionId);
          if (order.limitPrice) expect(order.side === 'buy' ? fill.price.lte(order.limitPrice) : fill.price.gte(order.limitPrice)).toBe(true);
          expect(event.at).toBeGreaterThanOrEqual(at);
          at = event.at;
        }
      }
      const open = [...last].filter(([, status]) => isOpenStatus(status)).map(([id]) => id);
      expect(venue.openOrders().map((order) => order.id).sort()).toEqual(open.sort());
      expect(venue.figures().buyingPower.gte(0)).toBe(true);
    }), { numRuns: 60 });
  });

  it('replays its journal to the same state and the same events, also from a snapshot in the middle', () => {
    fc.assert(fc.property(config, fc.array(draft, { minLength: 10, maxLength: 40, size: 'max' }), fc.nat(40), (setup, drafts, cut) => {
      const { venue, journal, events } = run(setup, drafts);
      const stored = journal.map((operation) => venueOperationSchema.parse(JSON.parse(JSON.stringify(operation))));
      let again = openVenue(setup);
      const heard: VenueEvent[] = [];
      stored.forEach((operation, n) => {
        if (n === cut) again = openVenue(setup, readSnapshot(JSON.parse(JSON.stringify(takeSnapshot(again.state)))));
        const result = again.apply(operation);
        if (result.ok) heard.push(...result.value.events);
      });
      expect(takeSnapshot(again.state)).toEqual(takeSnapshot(venue.state));
      expect(heard.map((event) => [event.kind, event.at, orderToText(event.order)])).toEqual(events.map((event) => [event.kind, event.at, orderToText(event.order)]));
    }), { numRuns: 40 });
  });
});
