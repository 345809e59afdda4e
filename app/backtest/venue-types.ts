/** Words of the simulated venue: orders as a broker keeps them, what happens to them, and how the venue is set up. */
import type { Money, Price, Quantity } from '#app/domain/numeric.ts';
import type { Side } from '#app/domain/order.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { FeeSchedule } from './fees.ts';

/** Alpaca's statuses that the venue uses. `pending_cancel` only when cancels are slow; `rejected` never: a refused order never exists here. */
export const VENUE_ORDER_STATUSES = ['pending_new', 'accepted', 'new', 'partially_filled', 'pending_cancel', 'filled', 'canceled', 'expired'] as const;
/** One of Alpaca's statuses that the venue uses. */
export type VenueOrderStatus = (typeof VENUE_ORDER_STATUSES)[number];

/** One order as the venue keeps it; never changed in place. Times are market time. */
export type VenueOrder = {
  readonly id: string;
  readonly clientOrderId: string;
  /** Counts the account's orders from 1 in the order of acceptance. */
  readonly seq: number;
  readonly symbol: string;
  readonly side: Side;
  readonly type: 'market' | 'limit';
  readonly timeInForce: 'day' | 'gtc';
  /** Null for an order by dollars (`notional`). */
  readonly qty: Quantity | null;
  readonly notional: Money | null;
  readonly limitPrice: Price | null;
  readonly extendedHours: boolean;
  readonly status: VenueOrderStatus;
  readonly filledQty: Quantity;
  readonly filledAvgPrice: Price | null;
  /** Dollars per share at which the order holds buying power until it is closed; null for an order that only reduces a position. */
  readonly reservePrice: Price | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  /** From this instant on the order has ended its life unfilled. */
  readonly expiresAt: EpochMs;
  readonly filledAt: EpochMs | null;
  readonly canceledAt: EpochMs | null;
  readonly expiredAt: EpochMs | null;
};

/** One execution. `positionQty` is signed and counts this execution in. */
export type VenueFill = {
  readonly executionId: string;
  readonly qty: Quantity;
  readonly price: Price;
  readonly fee: Money;
  readonly positionQty: Quantity;
};

/** What happened to an order, in the order in which it happened; `order` is the state after it. */
export type VenueEvent =
  | { readonly kind: 'new' | 'accepted' | 'pending_cancel' | 'canceled' | 'expired'; readonly at: EpochMs; readonly order: VenueOrder; readonly fill: null }
  | { readonly kind: 'fill' | 'partial_fill'; readonly at: EpochMs; readonly order: VenueOrder; readonly fill: VenueFill };

/** An order as a client asks for it; numbers as exact text. Exactly one of qty and notional is given. */
export type OrderRequest = {
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: 'market' | 'limit';
  readonly timeInForce: 'day' | 'gtc';
  readonly qty: string | null;
  readonly notional: string | null;
  readonly limitPrice: string | null;
  readonly extendedHours: boolean;
};

/** What the venue must know of the world at the moment of an order. */
export type OrderContext = {
  readonly at: EpochMs;
  /** Whether the regular session is open: decides between `new` and `accepted`. */
  readonly isOpen: boolean;
  /** End of the session for which a day order counts, or 90 days for gtc. */
  readonly expiresAt: EpochMs;
  /** Last price of the symbol, exact text; null when it never traded. */
  readonly lastPrice: string | null;
  /** What the listing says; null when the symbol is unknown. */
  readonly asset: { readonly isTradable: boolean; readonly isFractionable: boolean; readonly isShortable: boolean } | null;
};

/** A refusal in the broker's own words: HTTP status, Alpaca's code, the further members of the body. */
export type VenueRejection = {
  readonly status: 400 | 403 | 404 | 422;
  readonly code: number;
  readonly message: string;
  readonly details: Readonly<Record<string, string>>;
};

/** A bar of one symbol as the venue needs it: exact text, from the tape. */
export type VenueBar = {
  readonly symbol: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
};

/** How the account and the matching are set up. */
export type VenueConfig = {
  /** Namespace of all ids: the same seed gives the same ids. */
  readonly seed: number;
  /** Opening cash, dollars as text. */
  readonly startingCash: string;
  /** 1 = cash account, 2 = Regulation T margin. */
  readonly multiplier: 1 | 2;
  readonly isShortingEnabled: boolean;
  /** Market orders fill at the open, this many basis points worse, rounded to the tick. */
  readonly slippageBps: number;
  /** Largest part of a bar's volume that the account may trade in a symbol (0.1 = 10 %); null = no cap. */
  readonly volumeCap: number | null;
  /** Dated fees on sells; null = none, as at the broker's paper account. */
  readonly fees: FeeSchedule | null;
};

/** The account of a fresh simulator. */
export const DEFAULT_VENUE_CONFIG: VenueConfig = {
  seed: 1, startingCash: '100000', multiplier: 1, isShortingEnabled: false, slippageBps: 0, volumeCap: null, fees: null,
};

const OPEN: ReadonlySet<VenueOrderStatus> = new Set<VenueOrderStatus>(['pending_new', 'accepted', 'new', 'partially_filled', 'pending_cancel']);
/** Whether more can happen to an order of this status. */
export function isOpenStatus(status: VenueOrderStatus): boolean {
  return OPEN.has(status);
}
