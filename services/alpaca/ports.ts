/** What the system wants of a broker and of a market-data feed, in the words of the domain. */
import type { BarWire } from '#app/domain/bar.ts';
import type { Decimal, Money, Price, Quantity } from '#app/domain/numeric.ts';
import type { Side, TimeInForce } from '#app/domain/order.ts';
import type { OrderTerms } from '#app/domain/order-terms.ts';
import type { EpochMs, Timeframe } from '#app/domain/time.ts';
import type { BrokerActivity } from './activities.ts';

/** What goes to the broker. `clientOrderId` is ours, unique for ever, and stored before the call. */
export type OrderTicket = {
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly qty: Quantity;
  readonly terms: OrderTerms;
};

/** An order that shall take the place of an open one at the broker: what differs, under a client order id of its own. Null = stays as it is. */
export type ReplaceTicket = {
  readonly brokerOrderId: string;
  readonly clientOrderId: string;
  readonly qty: Quantity | null;
  readonly limitPrice: Price | null;
  readonly stopPrice: Price | null;
  /** Distance of a trailing stop, in the unit that the old one has. */
  readonly trail: Decimal | null;
  readonly timeInForce: TimeInForce | null;
};

/** The broker's status words that we know; an unknown word is refused at the wire. */
export const BROKER_STATUSES = [
  'new', 'partially_filled', 'filled', 'done_for_day', 'canceled', 'expired', 'replaced', 'pending_cancel', 'pending_replace', 'pending_review',
  'accepted', 'pending_new', 'accepted_for_bidding', 'stopped', 'rejected', 'suspended', 'calculated', 'held',
] as const;
export type BrokerOrderStatus = (typeof BROKER_STATUSES)[number];

/**
 * An order as the broker tells it. `qty` is null for orders by dollar amount (`notional`; never ours); instants are the broker's. `replaces` and `replacedBy` are
 * broker ids. `legs`: the orders that the broker made of this one, where the reply shows them (a nested look-up does), else empty.
 */
export type BrokerOrder = {
  readonly id: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: string;
  readonly timeInForce: string;
  readonly orderClass: string;
  readonly extendedHours: boolean;
  readonly qty: Quantity | null;
  readonly notional: Money | null;
  readonly limitPrice: Price | null;
  readonly stopPrice: Price | null;
  readonly trailPrice: Price | null;
  readonly trailPercent: Decimal | null;
  /** Best price that a trailing stop has seen. */
  readonly hwm: Price | null;
  readonly status: BrokerOrderStatus;
  readonly filledQty: Quantity;
  readonly filledAvgPrice: Price | null;
  readonly replaces: string | null;
  readonly replacedBy: string | null;
  readonly legs: readonly BrokerOrder[];
  readonly submittedAt: EpochMs | null;
  readonly expiresAt: EpochMs | null;
  readonly updatedAt: EpochMs;
};

/**
 * How a POST of an order, or a PATCH that puts one in another's place, ended. `accepted`: the broker has it. `rejected`: the broker said no, with its code, and will never have it.
 * `unknown`: anything else. It may or may not exist there; ask by client order id, never post under another id.
 */
export type SubmitOutcome =
  | { readonly kind: 'accepted'; readonly order: BrokerOrder }
  | { readonly kind: 'rejected'; readonly code: number; readonly status: number; readonly message: string }
  | { readonly kind: 'unknown'; readonly cause: UnknownCause; readonly message: string };

/** Why an outcome is unknown. `duplicate`: the broker says the client order id was used before; `keys`: it refused our keys; `throttled`: too many requests. */
export type UnknownCause = 'timeout' | 'network' | 'server_error' | 'unreadable_reply' | 'uncoded_refusal' | 'throttled' | 'duplicate' | 'keys';

/** How a cancel ended. `gone`: the broker does not know the order; `not_cancelable`: it is closed there already or cannot be canceled now. */
export type CancelOutcome = 'requested' | 'not_cancelable' | 'gone';

/** One execution as the account's activities tell it. `activityId` orders them and is the paging cursor; `cumQty` is the order's filled quantity after it. */
export type BrokerFill = {
  readonly activityId: string;
  /** The part of the activity id behind `::`; the execution id where the broker uses the same one. */
  readonly executionId: string;
  readonly brokerOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly qty: Quantity;
  readonly price: Price;
  readonly cumQty: Quantity;
  readonly at: EpochMs;
};

/** qty is signed (short < 0). */
export type BrokerPosition = { readonly symbol: string; readonly qty: Quantity; readonly avgEntryPrice: Price };

/** The account at the broker, dollars. */
export type BrokerAccount = {
  readonly accountNumber: string;
  readonly status: string;
  readonly cash: Money;
  readonly equity: Money;
  readonly lastEquity: Money;
  readonly buyingPower: Money;
  readonly isTradingBlocked: boolean;
};

/** The exchange's clock as the broker (or the simulator's replay) tells it. */
export type BrokerClock = { readonly at: EpochMs; readonly isOpen: boolean; readonly nextOpen: EpochMs; readonly nextClose: EpochMs };

/** A regular session in exchange-local text: date `YYYY-MM-DD`, open and close `HH:MM` in New York. */
export type CalendarDay = { readonly date: string; readonly open: string; readonly close: string };

/** Something that can be traded. */
export type Asset = {
  readonly assetId: string; readonly symbol: string; readonly name: string; readonly exchange: string;
  readonly isTradable: boolean; readonly isFractionable: boolean; readonly isShortable: boolean; readonly isEasyToBorrow: boolean; readonly status: 'active' | 'inactive';
};

/** Who goes first when the broker's request budget is short. */
export const PRIORITIES = ['cancel', 'exit', 'entry', 'poll'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** The right to send one request now; take it before a transaction whose result must go out at once. */
export type Permit = { readonly priority: Priority };

/**
 * The account at the broker. Reading throws AppError: BROKER_UNREACHABLE or RATE_LIMITED (temporary), BROKER_KEYS_REJECTED (operator),
 * BROKER_REPLY_INVALID (unknown). Writing never throws for what happens on the wire: see the outcomes.
 */
export type Broker = {
  /** Waits for a place in the request budget. @throws AppError RATE_LIMITED when the queue is full. */
  permit(priority: Priority): Promise<Permit>;
  /** Posts an order, once, with a permit taken before. */
  submit(ticket: OrderTicket, permit: Permit): Promise<SubmitOutcome>;
  /** Puts an order in the place of an open one, once, with a permit taken before. `accepted`: the broker took it; the old one is replaced, or not, by its own news. */
  replace(ticket: ReplaceTicket, permit: Permit): Promise<SubmitOutcome>;
  /** Null: the broker answered that it does not know the id. By the client's id legs may be left out; by the broker's they are shown. */
  getByClientId(clientOrderId: string, priority?: Priority): Promise<BrokerOrder | null>;
  getOrder(brokerOrderId: string, priority?: Priority): Promise<BrokerOrder | null>;
  /** Repeating a cancel is harmless: temporary failures throw and may be retried. */
  cancel(brokerOrderId: string): Promise<CancelOutcome>;
  /** Cancels every open order of the account with one request, whoever placed it. */
  cancelAll(): Promise<void>;
  /** All open orders, newest first, whole account; legs are listed beside their orders. */
  listOpen(): Promise<readonly BrokerOrder[]>;
  positions(): Promise<readonly BrokerPosition[]>;
  account(): Promise<BrokerAccount>;
  /** Fills in ascending order behind an activity id, or from an instant on; all pages. */
  fillsAfter(from: { readonly activityId: string } | { readonly at: EpochMs }): Promise<readonly BrokerFill[]>;
  /** Activities that are no fills, in ascending order from an instant on; all pages. Alpaca may add one with an earlier date: read some days back. */
  activitiesAfter(at: EpochMs): Promise<readonly BrokerActivity[]>;
  /** Id of the newest fill activity, null when there is none. */
  newestActivityId(): Promise<string | null>;
  clock(): Promise<BrokerClock>;
};

/**
 * Life of a stream: `connecting` -> `authenticated` -> `live` (the subscription is acknowledged) -> `down` -> `connecting` ...
 * `keys_rejected`: the broker refused the keys; tried again once a minute.
 */
export type StreamState = 'idle' | 'connecting' | 'authenticated' | 'live' | 'down' | 'keys_rejected' | 'closed';

/** The broker's words on trade_updates that we know. Others arrive as they are and make the service ask the broker. */
export type TradeUpdate = {
  readonly event: string;
  readonly order: BrokerOrder;
  /** On fills and partial fills. */
  readonly execution: { readonly id: string; readonly qty: Quantity; readonly price: Price } | null;
  readonly at: EpochMs;
  /** When the message reached us (wall clock). */
  readonly tsSeen: EpochMs;
};

/** A stream that is kept open for ever: reconnects by itself with jittered backoff. */
export type LiveStream = {
  /** Opens the stream; returns at once. Calling it again is harmless. */
  start(): void;
  state(): StreamState;
  /** Milliseconds since anything, a pong included, came from the other side; null before the first. */
  lastMessageAgeMs(): number | null;
  /** Drops the connection and opens a new one now, for instance after the machine slept. */
  reconnect(reason: string): void;
  close(): void;
};

/** What a stream tells its owner. An exception thrown in here is not swallowed: it ends the process as a bug. */
export type StreamListener<Message> = {
  /** All messages of one frame, in order. */
  onMessages(messages: readonly Message[]): void;
  onState(state: StreamState, reason: string): void;
  /** A message was lost or unreadable: the owner must ask over REST what it said. */
  onTrouble(message: string): void;
};

/** A minute bar from the feed. `isRevision`: the broker corrected a bar that it sent before. */
export type FeedBar = BarWire & { readonly isRevision: boolean; /** When the message reached us (wall clock). */ readonly tsSeen: number };

/**
 * What the feed tells between two bars. `at`: the exchange's instant; `tsSeen`: when it reached us. A correction or a cancelled trade says that the minute of `at` is not what its bar was made of.
 * Sizes are shares. A status is a halt or its end: `code` is the tape's.
 */
export type FeedTick =
  | { readonly kind: 'quote'; readonly symbol: string; readonly at: EpochMs; readonly tsSeen: EpochMs; readonly bid: number; readonly bidSize: number; readonly ask: number; readonly askSize: number }
  | { readonly kind: 'trade'; readonly symbol: string; readonly at: EpochMs; readonly tsSeen: EpochMs; readonly id: string; readonly price: number; readonly size: number }
  | { readonly kind: 'correction' | 'cancel'; readonly symbol: string; readonly at: EpochMs; readonly tsSeen: EpochMs }
  | { readonly kind: 'status'; readonly symbol: string; readonly at: EpochMs; readonly tsSeen: EpochMs; readonly code: string; readonly text: string };

/** What a feed tells its owner beside bars. `onLimit`: the broker does not give what was asked for, in words; null = it does again. */
export type FeedListener = StreamListener<FeedBar> & { onTicks(ticks: readonly FeedTick[]): void; onLimit(reason: string | null): void };

/** The market-data stream. Bars come batched per frame. Messages missed while it was down are not repeated: repair over `MarketHistory`. */
export type Feed = LiveStream & {
  /** Sets the whole list of symbols whose bars and halts are wanted (`['*']` = all); kept over reconnects. */
  watch(symbols: readonly string[]): void;
  /** Sets the whole list of symbols whose quotes and trades are wanted, the dearest first; kept over reconnects. What the broker's plan does not allow is left out from the end, and told. */
  watchTicks(symbols: readonly string[]): void;
  /** Symbols whose quotes and trades are asked for now. */
  ticksFor(): readonly string[];
};

/** A corporate action as the broker tells it. `exDate`: the day from which on prices show it; `terms`: what its kind needs, numbers as decimal text. */
export type BrokerAction = { readonly actionId: string; readonly symbol: string; readonly kind: string; readonly exDate: string; readonly processDate: string; readonly terms: Readonly<Record<string, string | boolean>> };
/** Which actions to read: those processed in [from, to], civil days. */
export type ActionsQuery = { readonly symbols: readonly string[]; readonly from: string; readonly to: string };

/** Which bars to read. `start` and `end` are both inclusive bar open times. `adjustment`: raw prices unless told, as they are stored; the others only to compare with. */
export type BarsQuery = { readonly symbols: readonly string[]; readonly timeframe: Timeframe; readonly start: EpochMs; readonly end: EpochMs; readonly adjustment?: 'raw' | 'split' | 'all' };

/** Market data and reference data over REST. Throws as `Broker` does. */
export type MarketHistory = {
  /** Page by page, sorted by symbol, then time; raw (unadjusted) prices. Implausible bars come through: judging them is ingestion's work. */
  bars(query: BarsQuery): AsyncIterable<readonly BarWire[]>;
  assets(): Promise<readonly Asset[]>;
  /** All pages. `unread`: entries that could not be understood. */
  actions(query: ActionsQuery): Promise<{ readonly actions: readonly BrokerAction[]; readonly unread: number }>;
  clock(): Promise<BrokerClock>;
  calendar(startDate: string, endDate: string): Promise<readonly CalendarDay[]>;
};
