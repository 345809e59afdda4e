/** What the tests of the venue share: a morning, a market at 100, and short words for what is done in it. */
import { invariant } from '#app/domain/errors.ts';
import { toText } from '#app/domain/numeric.ts';
import { MINUTE_MS, parseRfc3339, type EpochMs } from '#app/domain/time.ts';
import {
  DEFAULT_VENUE_CONFIG, PLAIN_ASSET, PLAIN_REQUEST, type OrderContext, type OrderRequest, type ReplaceRequest, type VenueConfig, type VenueEvent, type VenueOperation, type VenueOrder, type VenueOutcome, type VenueRejection,
} from './venue-types.ts';
import { openVenue, type Venue } from './venue.ts';

/** 2024-07-01, a Monday: open and close of its session. */
export const OPEN = parseRfc3339('2024-07-01T13:30:00Z');
/** Its close. */
export const CLOSE = parseRfc3339('2024-07-01T20:00:00Z');

/** One venue with one symbol, minute by minute. */
export type Floor = {
  readonly venue: Venue;
  submit(over?: Partial<OrderRequest>, world?: Partial<OrderContext>): VenueOrder;
  /** The refusal, as `status code message`; null when the order was taken. */
  refused(over?: Partial<OrderRequest>, world?: Partial<OrderContext>): VenueRejection | null;
  replace(orderId: string, over: Partial<ReplaceRequest>, isSlow?: boolean, world?: Partial<OrderContext>): VenueOrder | VenueRejection;
  cancel(orderId: string, isSlow?: boolean): readonly string[];
  /** One regular minute; returns what it brought in words: `fill a 10@100`. */
  bar(open: number, high?: number, low?: number, close?: number): readonly string[];
  apply(operation: VenueOperation): VenueOutcome;
  /** The order as it stands; null once it is closed. */
  order(clientOrderId: string): VenueOrder | null;
};

/** An event in words: kind, the order's client id (or role, for a leg), and the execution. */
export function inWords({ kind, order, fill }: VenueEvent): string {
  const name = order.parentId === null ? order.clientOrderId : order.role;
  return fill ? `${kind} ${name} ${toText(fill.qty)}@${toText(fill.price)}` : kind === 'restated' ? `${kind} ${name} ${order.qty === null ? '' : toText(order.qty)}` : `${kind} ${name}`;
}

/** Opens the floor. */
export function openFloor(config: Partial<VenueConfig> = {}): Floor {
  const venue = openVenue({ ...DEFAULT_VENUE_CONFIG, ...config });
  const now = (): EpochMs => Math.max(OPEN, venue.state.now) as EpochMs;
  const context = (world: Partial<OrderContext> = {}): OrderContext => ({
    at: now(), isOpen: true, isExtendedOpen: false, expiresAt: CLOSE, auctionAt: null, isAuctionShut: false, lastPrice: '100', bid: null, ask: null, asset: PLAIN_ASSET, ...world,
  });
  const send = (over: Partial<OrderRequest>, world: Partial<OrderContext>) => venue.apply({
    op: 'submit', request: { ...PLAIN_REQUEST, clientOrderId: 'a', symbol: 'AAPL', side: 'buy', type: 'market', timeInForce: 'day', qty: '10', ...over }, context: context(world),
  });
  const apply = (operation: VenueOperation): VenueOutcome => {
    const result = venue.apply(operation);
    invariant(result.ok, 'The venue refused', { result });
    return result.value;
  };
  return {
    venue, apply,
    submit: (over = {}, world = {}) => {
      const result = send(over, world);
      invariant(result.ok && result.value.reply, 'The order was refused', { result });
      return result.value.reply;
    },
    refused: (over = {}, world = {}) => {
      const result = send(over, world);
      return result.ok ? null : result.error;
    },
    replace: (orderId, over, isSlow = false, world = {}) => {
      const result = venue.apply({ op: 'replace', orderId, isSlow, context: context(world), request: { clientOrderId: 'r', qty: null, timeInForce: null, limitPrice: null, stopPrice: null, trail: null, ...over } });
      if (!result.ok) return result.error;
      invariant(result.value.reply, 'A replacement has a reply', {});
      return result.value.reply;
    },
    cancel: (orderId, isSlow = false) => apply({ op: 'cancel', orderId, at: now(), isSlow }).events.map(inWords),
    bar: (open, high = open, low = open, close = open) => apply({
      op: 'step', at: now(), barMs: MINUTE_MS, isRegular: true, bars: [{ symbol: 'AAPL', open: String(open), high: String(Math.max(open, high, close)), low: String(Math.min(open, low, close)), close: String(close), volume: '1000' }],
    }).events.map(inWords),
    order: (clientOrderId) => venue.openOrders().find((order) => order.clientOrderId === clientOrderId) ?? null,
  };
}

/** A floor on which ten shares are held, bought at 100. */
export function holdingTen(config: Partial<VenueConfig> = {}): Floor {
  const floor = openFloor(config);
  floor.submit({ clientOrderId: 'entry' });
  floor.bar(100);
  return floor;
}
