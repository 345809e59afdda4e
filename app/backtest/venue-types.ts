/** Words of the simulated venue: orders as a broker keeps them, what can be done to a venue, what it answers. Fields are named as on Alpaca's wire, in camel case. */
import type { Money, Price, Quantity } from '#app/domain/numeric.ts';
import type { OrderClass, OrderRole, OrderType, Side, TimeInForce } from '#app/domain/order.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { FeeSchedule } from './fees.ts';

/**
 * Alpaca's statuses that the venue uses. `pending_cancel` and `pending_replace` only when these are slow, `pending_new` beyond the reply only when an order is
 * stuck; `held` = a leg that waits for its entry or its sibling; `rejected` = refused after it was taken (an order that was refused at once never exists here).
 */
export const VENUE_ORDER_STATUSES = [
  'pending_new', 'accepted', 'new', 'held', 'partially_filled', 'pending_cancel', 'pending_replace', 'filled', 'canceled', 'expired', 'replaced', 'rejected',
] as const;
/** One of Alpaca's statuses that the venue uses. */
export type VenueOrderStatus = (typeof VENUE_ORDER_STATUSES)[number];

/** What an order says it does to the position. */
export const POSITION_INTENTS = ['buy_to_open', 'buy_to_close', 'sell_to_open', 'sell_to_close'] as const;
/** One of the four intents. */
export type PositionIntent = (typeof POSITION_INTENTS)[number];

/** One order as the venue keeps it; never changed in place. Times are market time. */
export type VenueOrder = {
  readonly id: string;
  readonly clientOrderId: string;
  /** Counts the account's orders (legs too) from 1 in the order of acceptance. */
  readonly seq: number;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly orderClass: OrderClass;
  /** What the order is within its class. The order of an `oco` is its take-profit, its one leg the stop-loss. */
  readonly role: OrderRole;
  readonly positionIntent: PositionIntent;
  /** Null for an order by dollars (`notional`). */
  readonly qty: Quantity | null;
  readonly notional: Money | null;
  readonly limitPrice: Price | null;
  /** Of a trailing stop: where it stands now. */
  readonly stopPrice: Price | null;
  readonly trailPrice: Price | null;
  readonly trailPercent: Price | null;
  /** Best price that a trailing stop has seen: highest for a sell, lowest for a buy. */
  readonly hwm: Price | null;
  readonly extendedHours: boolean;
  readonly status: VenueOrderStatus;
  readonly filledQty: Quantity;
  readonly filledAvgPrice: Price | null;
  /** Dollars per share at which the order holds buying power until it is closed; null for an order that only reduces a position. */
  readonly reservePrice: Price | null;
  /** Ids of the orders that hang on this one, in the order of take-profit, stop-loss. They move on when an exit is replaced. */
  readonly legs: readonly string[];
  /** The order that this one hangs on. */
  readonly parentId: string | null;
  /** The order in whose place this one stands or shall stand, and the one in its own place. */
  readonly replaces: string | null;
  readonly replacedBy: string | null;
  /** When the market reached the stop: from then on the order is a market or a limit order. */
  readonly triggeredAt: EpochMs | null;
  /** A limit that is not on the order's face: a buy stop counts as a stop-limit order 4 % (from $50: 2.5 %) above its stop. */
  readonly bandPrice: Price | null;
  /** The auction for which an `opg` or `cls` order was placed. */
  readonly auctionAt: EpochMs | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly submittedAt: EpochMs;
  /** From this instant on the order has ended its life unfilled. */
  readonly expiresAt: EpochMs;
  readonly filledAt: EpochMs | null;
  readonly canceledAt: EpochMs | null;
  readonly expiredAt: EpochMs | null;
  readonly failedAt: EpochMs | null;
  readonly replacedAt: EpochMs | null;
  /** Why it was rejected after it had been taken. */
  readonly rejectReason: string | null;
};

/** One execution. `positionQty` is signed and counts this execution in. */
export type VenueFill = {
  readonly executionId: string;
  readonly qty: Quantity;
  readonly price: Price;
  readonly fee: Money;
  readonly positionQty: Quantity;
};

/** An event without an execution. `restated`: the order's quantity is another now; `order_replace_rejected` is told of the old order, its replacement is `rejected`. */
type QuietEvent =
  | 'pending_new' | 'new' | 'accepted' | 'held' | 'pending_cancel' | 'pending_replace' | 'canceled' | 'expired' | 'replaced' | 'rejected' | 'restated' | 'order_replace_rejected' | 'order_cancel_rejected';
/** What happened to an order, in the order in which it happened; `order` is the state after it. */
export type VenueEvent =
  | { readonly kind: QuietEvent; readonly at: EpochMs; readonly order: VenueOrder; readonly fill: null }
  | { readonly kind: 'fill' | 'partial_fill'; readonly at: EpochMs; readonly order: VenueOrder; readonly fill: VenueFill };

/** Something that moved cash or shares without an order, by Alpaca's codes: dividends, splits, cash in place of a part of a share, fees, cash in and out. */
export type VenueActivity = {
  readonly id: string;
  readonly type: 'DIV' | 'SPLIT' | 'CIL' | 'FEE' | 'CSD' | 'CSW';
  readonly at: EpochMs;
  readonly symbol: string | null;
  /** Change of the signed position; for a dividend the shares that were paid for. */
  readonly qty: Quantity | null;
  readonly perShareAmount: Price | null;
  /** Change of cash; negative when the account pays. */
  readonly netAmount: Money;
  readonly description: string;
};

/** An order as a client asks for it; numbers as exact text. Exactly one of qty and notional is given. */
export type OrderRequest = {
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly orderClass: OrderClass;
  readonly qty: string | null;
  readonly notional: string | null;
  readonly limitPrice: string | null;
  readonly stopPrice: string | null;
  readonly trailPrice: string | null;
  readonly trailPercent: string | null;
  readonly extendedHours: boolean;
  /** Exits. The take-profit of an `oco` may be given here or as its limit price. */
  readonly takeProfit: { readonly limitPrice: string | null } | null;
  readonly stopLoss: { readonly stopPrice: string | null; readonly limitPrice: string | null } | null;
  readonly positionIntent: PositionIntent | null;
};

/** The terms that a plain order does not have; spread it into an OrderRequest. */
export const PLAIN_REQUEST = {
  orderClass: 'simple', limitPrice: null, stopPrice: null, trailPrice: null, trailPercent: null, extendedHours: false, takeProfit: null, stopLoss: null, positionIntent: null, notional: null,
} as const satisfies Partial<OrderRequest>;

/** What a client wants changed; null = as it is. `trail` is dollars or percent, whichever the order has. */
export type ReplaceRequest = {
  /** Null: the venue makes one up. */
  readonly clientOrderId: string | null;
  readonly qty: string | null;
  readonly timeInForce: TimeInForce | null;
  readonly limitPrice: string | null;
  readonly stopPrice: string | null;
  readonly trail: string | null;
};

/** What the listing says of a symbol. `maintenancePercent`: of the position's value, where it differs from the common table (leveraged funds). */
export type VenueAsset = {
  readonly isTradable: boolean;
  readonly isFractionable: boolean;
  readonly isShortable: boolean;
  readonly isEasyToBorrow: boolean;
  readonly isMarginable: boolean;
  readonly maintenancePercent: string | null;
};

/** An ordinary large share. */
export const PLAIN_ASSET: VenueAsset = { isTradable: true, isFractionable: true, isShortable: true, isEasyToBorrow: true, isMarginable: true, maintenancePercent: null };

/** What the calendar says at the moment of an order; see order-times.ts. */
export type OrderTimes = {
  readonly at: EpochMs;
  /** Whether the regular session is open. */
  readonly isOpen: boolean;
  /** Whether pre-market or after-hours trading goes on. */
  readonly isExtendedOpen: boolean;
  /** End of the session for which a day order counts; for gtc 90 days later, after the close. */
  readonly expiresAt: EpochMs;
  /** The auction that an `opg` or `cls` order waits for; null for other orders. */
  readonly auctionAt: EpochMs | null;
  /** The auction takes no more orders at this time of the day. */
  readonly isAuctionShut: boolean;
};

/** What the venue must know of the world at the moment of an order. Prices are exact text. */
export type OrderContext = OrderTimes & {
  /** Last price of the symbol; null when it never traded. */
  readonly lastPrice: string | null;
  /** Best bid and offer; null: the last price stands for them. */
  readonly bid: string | null;
  readonly ask: string | null;
  /** Null when the symbol is unknown. */
  readonly asset: VenueAsset | null;
};

/** A corporate action, carried out before the first trade of its ex-date. Rates as exact text. */
export type CorporateAction =
  /** `newRate` shares for `oldRate` old ones: 4 and 1 for a 4-for-1 split, 1 and 10 for a reverse one. */
  | { readonly kind: 'split'; readonly symbol: string; readonly oldRate: string; readonly newRate: string }
  /** Dollars per share, owed to who holds at the ex-date, paid at `payableAt`. Short positions pay it. */
  | { readonly kind: 'cash_dividend'; readonly symbol: string; readonly rate: string; readonly payableAt: EpochMs };

/** What the account's owner or the broker may switch. */
export type VenueSettings = {
  readonly suspendTrade: boolean;
  readonly noShorting: boolean;
  readonly fractionalTrading: boolean;
  readonly maxMarginMultiplier: 1 | 2 | 4;
  /** By the broker: no order is taken. */
  readonly tradingBlocked: boolean;
};

/** Everything that can be done to a venue; the journal of a simulator is a list of these. */
export type VenueOperation =
  /** `isStuck`: the order stays `pending_new` until it is settled. */
  | { readonly op: 'submit'; readonly request: OrderRequest; readonly context: OrderContext; readonly isStuck?: boolean | undefined }
  /** `isSlow`: the replacement takes its place after the next bars, which may fill the old order first; `isStuck` (and slow): not before it is settled. */
  | { readonly op: 'replace'; readonly orderId: string; readonly request: ReplaceRequest; readonly context: OrderContext; readonly isSlow: boolean; readonly isStuck?: boolean | undefined }
  /** `isSlow`: the cancel takes effect after the next bars, which may fill the order first; `isStuck` (and slow): not before it is settled. */
  | { readonly op: 'cancel'; readonly orderId: string; readonly at: EpochMs; readonly isSlow: boolean; readonly isStuck?: boolean | undefined }
  /**
   * The broker decides about an order that it had taken: a stuck one becomes `new` (a stuck cancel or replacement is carried out), any open one can be rejected;
   * `cancel_rejected`: a slow cancel is refused, the order stays at work.
   */
  | { readonly op: 'settle'; readonly orderId: string; readonly at: EpochMs; readonly outcome: 'new' | 'rejected' | 'cancel_rejected'; readonly reason: string | null }
  /** One step of the tape: bars [at, at + barMs) of the symbols that matter here. */
  | { readonly op: 'step'; readonly at: EpochMs; readonly barMs: number; readonly isRegular: boolean; readonly bars: readonly VenueBar[] }
  /** Time passes without bars: what has expired by `to` is closed; `isSessionEnd` closes the day's books. */
  | { readonly op: 'advance'; readonly to: EpochMs; readonly isSessionEnd: boolean }
  | { readonly op: 'corporateAction'; readonly at: EpochMs; readonly action: CorporateAction }
  /** Cash in (positive) or out. */
  | { readonly op: 'transfer'; readonly at: EpochMs; readonly amount: string }
  | { readonly op: 'configure'; readonly at: EpochMs; readonly settings: VenueSettings };

/**
 * What an operation brought: the order as the broker's reply shows it (submit, replace), the events in order, orders that changed without an event
 * (a trailing stop that followed, a stop that was reached, legs that moved), and activities.
 */
export type VenueOutcome = {
  readonly reply: VenueOrder | null;
  readonly events: readonly VenueEvent[];
  readonly changed: readonly VenueOrder[];
  readonly activities: readonly VenueActivity[];
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
  /** 1 = cash account, 2 = Regulation T margin, 4 = with four times intraday. */
  readonly multiplier: 1 | 2 | 4;
  readonly isShortingEnabled: boolean;
  /** Market orders fill at the open, this many basis points worse, rounded to the tick. */
  readonly slippageBps: number;
  /** Largest part of a bar's volume that the account may trade in a symbol (0.1 = 10 %); null = no cap. */
  readonly volumeCap: number | null;
  /** Percent of executions that come in two parts, the second in the next bar, by the seed (the broker's paper account: 10). */
  readonly partialFillPercent: number;
  /** Market orders to buy that wait for the open hold a hidden limit: 4 % (from $50: 2.5 %) above the last price. */
  readonly isOpenCollared: boolean;
  /** Dated fees on sells; null = none, as at the broker's paper account. */
  readonly fees: FeeSchedule | null;
  /** Whether a fee is taken with each execution, or the day's fees as activities at the session's end, as the broker does. */
  readonly feeTiming: 'per_fill' | 'daily';
};

/** The account of a fresh simulator. */
export const DEFAULT_VENUE_CONFIG: VenueConfig = {
  seed: 1, startingCash: '100000', multiplier: 1, isShortingEnabled: false, slippageBps: 0, volumeCap: null, partialFillPercent: 0, isOpenCollared: false, fees: null, feeTiming: 'per_fill',
};

const OPEN: ReadonlySet<VenueOrderStatus> = new Set<VenueOrderStatus>(['pending_new', 'accepted', 'new', 'held', 'partially_filled', 'pending_cancel', 'pending_replace']);
/** Whether more can happen to an order of this status. */
export function isOpenStatus(status: VenueOrderStatus): boolean {
  return OPEN.has(status);
}
