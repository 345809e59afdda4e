/** The floor of an exact run: the house desk at the exact venue, what is held there, and what a strategy may know of it. Whoever asks the strategy stands outside. */
import { invariant } from '#app/domain/errors.ts';
import { addMoney, price, toFloat, toText, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import { applyFillToPosition, cashDelta, flatPosition, type Fill, type Position } from '#app/domain/position.ts';
import type { Side } from '#app/domain/order.ts';
import { writeTerms } from '#app/domain/order-terms.ts';
import { timeframeMs, type EpochMs } from '#app/domain/time.ts';
import { sessionOn } from '#app/market/calendar.ts';
import type { Asset } from '#app/risk/book.ts';
import type { PositionView } from '#app/strategy/context.ts';
import type { HostFacts, HostSignal } from '#app/strategy/host.ts';
import { FLAT_POSITION } from '#app/strategy/view.ts';
import type { FeeSchedule } from './fees.ts';
import { HouseDesk, type DeskOrder, type DeskVenue, type HouseRules } from './house-desk.ts';
import { leavesOf } from './open-orders.ts';
import { orderTimes } from './order-times.ts';
import { newVenueState, openVenue, type Venue } from './venue.ts';
import { DEFAULT_VENUE_CONFIG, isOpenStatus, PLAIN_ASSET, type VenueBar, type VenueEvent, type VenueOrder } from './venue-types.ts';

/** A bar of the tape: exact text, opened at `openTime` (epoch ms). */
export type BacktestBar = VenueBar & { readonly openTime: number };

/** One execution. `rootId`: client id of the order that the desk sent, of which `role` is the order itself or one of its exits. */
export type FloorFill = {
  readonly symbol: string; readonly side: Side; readonly qty: string; readonly price: string; readonly fee: string; readonly tsMarket: number; readonly orderId: string; readonly signalId: string | null;
  readonly rootId: string; readonly role: VenueOrder['role'];
};

/** What is there at the beginning: cash, the strategy's own positions with the bars they were held for. */
export type FloorOpening = { readonly positions: readonly (Position & { readonly barsHeld: number })[]; readonly dayOpenEquity: Money };

/** What the rest of the account is at a moment: cash that others have moved since the beginning, and what they hold. */
export type OthersNow = { readonly cash: Money; readonly positions: readonly { readonly symbol: string; readonly qty: Quantity }[] };

/** How the floor trades. `assets` null: what has bars is tradable, in parts too. `note` hears the canonical lines. */
export type FloorConfig = HouseRules & {
  /** Dollars as text. */ readonly startingCash: string; readonly slippageBps: number;
  /** Part of a bar's volume that may be traded, 0..1; null = no cap. */ readonly volumeCap: number | null;
  readonly fees: FeeSchedule | null; readonly account: { readonly multiplier: 1 | 2 | 4; readonly canShort: boolean }; readonly assets?: ReadonlyMap<string, Asset> | null;
  readonly opening?: FloorOpening; readonly others?: (before: EpochMs) => OthersNow; readonly note: (line: string) => void;
};

/** A moment of the clock with the equity at its closes. */
export type FloorMoment = { readonly openTime: EpochMs; readonly closeTime: EpochMs; readonly day: string };

type Held = { readonly qty: number; readonly averagePrice: number; readonly openedAt: number };

/** The floor at work. */
export class ExactFloor {
  readonly venue: Venue;
  readonly desk: HouseDesk;
  /** Executions since they were last taken. */
  fills: FloorFill[] = [];
  private readonly config: FloorConfig;
  private readonly closes = new Map<string, string>();
  /** The closes before the bars of `shown`, which are those of the moment. */
  private readonly earlier = new Map<string, string>();
  private shown: readonly VenueBar[] = [];
  private readonly marks = new Map<string, number>();
  /** Bars that each symbol has had: what a position counts its age by. */
  private readonly ages = new Map<string, number>();
  /** Client ids of the orders that the desk sent, by the venue's id. */
  private readonly roots = new Map<string, string>();
  private holdings = new Map<string, Held>();
  private cash: number;
  private day = '';
  private dayOpen: Money;
  private now = 0 as EpochMs;

  constructor(config: FloorConfig) {
    const { account, opening } = config;
    const terms = { ...DEFAULT_VENUE_CONFIG, startingCash: config.startingCash, slippageBps: config.slippageBps, volumeCap: config.volumeCap, fees: config.fees, multiplier: account.multiplier, isShortingEnabled: account.canShort };
    const state = newVenueState(terms);
    for (const { barsHeld: _barsHeld, ...position } of opening?.positions ?? []) state.account.positions.set(position.symbol, position);
    this.config = config;
    this.venue = openVenue(terms, state);
    for (const { symbol, qty, avgPrice, barsHeld } of opening?.positions ?? []) this.holdings.set(symbol, { qty: toFloat(qty), averagePrice: avgPrice === null ? NaN : toFloat(avgPrice), openedAt: -barsHeld });
    this.dayOpen = opening?.dayOpenEquity ?? this.venue.figures().equity;
    this.cash = toFloat(state.account.cash);
    this.desk = new HouseDesk(config, this.port());
  }

  /** Closes as they stood before the first moment: what is held, and what others hold, is valued by them. */
  price(closes: ReadonlyMap<string, string>): void {
    for (const [symbol, close] of closes) {
      this.closes.set(symbol, close);
      this.earlier.set(symbol, close);
      this.marks.set(symbol, Number(close));
      if (this.holdings.has(symbol)) this.venue.state.account.marks.set(symbol, price(close));
    }
  }

  /** When a bar that opens at an instant of a day has closed: a wide bar ends with its session at the latest. */
  closeOf(at: EpochMs, day: string): EpochMs {
    const { timeframe } = this.config;
    const session = sessionOn(day);
    invariant(session, 'A regular bar needs a session', { day });
    return timeframe === '1Day' ? session.close : (Math.min(at + timeframeMs(timeframe), session.close) as EpochMs);
  }

  /** One moment of the market, all its bars known: fills of what was ordered before, then what is owed at the close. @returns what a strategy may know now */
  move(bars: readonly BacktestBar[], { openTime: at, closeTime: close, day }: FloorMoment): HostFacts {
    if (day !== this.day) this.beginDay(day, at);
    for (const { symbol } of bars) this.ages.set(symbol, (this.ages.get(symbol) ?? 0) + 1);
    const live = this.venue.liveSymbols();
    const step = this.venue.apply({ op: 'step', at, barMs: close - at, isRegular: true, bars: bars.filter((bar) => live.has(bar.symbol)) });
    invariant(step.ok, 'The venue refused a bar', { at });
    this.hear(step.value.events);
    for (const bar of this.shown) this.earlier.set(bar.symbol, bar.close);
    this.shown = bars;
    for (const bar of bars) {
      this.closes.set(bar.symbol, bar.close);
      this.marks.set(bar.symbol, Number(bar.close));
    }
    this.now = close;
    const equity = this.mark();
    this.desk.followUp(close);
    return { equity, cash: this.cash + this.othersCash(), positionOf: (symbol) => this.positionOf(symbol) };
  }

  /** An execution that is given from outside: of an order that the desk did not send. */
  give(fill: Fill, at: EpochMs): void {
    const { account } = this.venue.state;
    const after = applyFillToPosition(account.positions.get(fill.symbol) ?? flatPosition(fill.symbol), fill);
    if (after.qty.isZero()) account.positions.delete(fill.symbol);
    else account.positions.set(fill.symbol, after);
    account.cash = addMoney(account.cash, cashDelta(fill));
    this.look();
    this.desk.stir(fill.symbol, at);
  }

  /** What a strategy has said at the close of a moment. */
  take(signal: HostSignal, { openTime, closeTime }: FloorMoment): void {
    this.desk.take({ signal, openTime, at: closeTime });
  }

  private othersCash(): number {
    return this.config.others === undefined ? 0 : toFloat(this.config.others(this.now).cash);
  }

  /** The exact venue as the desk sees it. */
  private port(): DeskVenue {
    const { venue, closes, earlier, config } = this;
    const { canShort } = config.account;
    const known = (symbol: string, from: ReadonlyMap<string, string>): Price | null => {
      const close = from.get(symbol);
      return close === undefined ? null : price(close);
    };
    const { others } = config;
    return {
      cash: () => venue.state.account.cash, positions: () => venue.positions(), openOrders: () => this.deskOrders(), close: (symbol) => known(symbol, closes), earlierClose: (symbol) => known(symbol, earlier),
      ...(others === undefined ? {} : { others: () => others(this.now) }),
      // What has bars was tradable.
      assets: () => config.assets ?? new Map([...closes.keys()].map((symbol) => [symbol, { isTradable: true, isFractionable: true, isShortable: canShort }])),
      day: () => this.day, dayOpenEquity: () => this.dayOpen, note: (line) => config.note(line),
      submit: ({ id, symbol, side, terms, at }) => {
        const outcome = venue.apply({
          op: 'submit', request: { ...writeTerms(terms), clientOrderId: id, symbol, side, qty: toText(terms.qty), notional: null, positionIntent: null },
          context: { ...orderTimes(terms, at), lastPrice: closes.get(symbol) ?? null, bid: null, ask: null, asset: { ...PLAIN_ASSET, isShortable: canShort } },
        });
        if (!outcome.ok) return outcome.error.code;
        config.note(`order ${id} ${side} ${toText(terms.qty)} ${symbol} ${at}`);
        this.hear(outcome.value.events);
        return null;
      },
      cancel: (id, at) => {
        const order = venue.openOrders().find((one) => one.clientOrderId === id);
        const result = order === undefined ? null : venue.apply({ op: 'cancel', orderId: order.id, at, isSlow: false });
        if (result?.ok === true) this.hear(result.value.events);
      },
    };
  }

  private beginDay(day: string, at: EpochMs): void {
    if (this.day !== '') {
      const ended = this.venue.apply({ op: 'advance', to: Math.max(this.venue.state.now, Math.min(at, sessionOn(this.day)?.close ?? at)) as EpochMs, isSessionEnd: true });
      invariant(ended.ok, 'The venue could not end its day', { day: this.day });
      this.hear(ended.value.events);
      // Live, what has expired with the session is followed up at once: its next order waits for the next open.
      this.desk.followUp(this.venue.state.now);
    }
    // The equity of the first day may be known from elsewhere; a later one begins with what is there.
    if (this.day !== '' || this.config.opening === undefined) this.dayOpen = this.venue.figures().equity;
    this.day = day;
  }

  /** Open orders with the client id of the order that they hang on. */
  private deskOrders(): DeskOrder[] {
    return this.venue.openOrders().map((order) => ({
      id: order.clientOrderId, root: this.rootOf(order), role: order.role, side: order.side, type: order.type, limitPrice: order.limitPrice, filledQty: order.filledQty, leaves: leavesOf(order),
    }));
  }

  private rootOf({ parentId, clientOrderId }: VenueOrder): string {
    return parentId === null ? clientOrderId : (this.roots.get(parentId) ?? clientOrderId);
  }

  private hear(events: readonly VenueEvent[]): void {
    let hasFilled = false;
    for (const { kind, order, fill, at } of events) {
      if (order.parentId === null) this.roots.set(order.id, order.clientOrderId);
      if (!isOpenStatus(order.status)) {
        this.desk.stir(order.symbol, at);
        if (kind !== 'fill') this.config.note(`${kind} ${order.clientOrderId}`);
      }
      if (!fill) continue;
      hasFilled = true;
      const trade: FloorFill = {
        symbol: order.symbol, side: order.side, qty: toText(fill.qty), price: toText(fill.price), fee: toText(fill.fee), tsMarket: at, orderId: order.clientOrderId, signalId: this.desk.signalOf(order.clientOrderId),
        rootId: this.rootOf(order), role: order.role,
      };
      this.fills.push(trade);
      this.config.note(`fill ${trade.orderId} ${trade.side} ${trade.qty} ${trade.symbol} ${trade.price} ${trade.fee} ${at}`);
    }
    if (hasFilled) this.look();
  }

  /** What a strategy sees of cash and positions, after they have changed. */
  private look(): void {
    this.cash = toFloat(this.venue.state.account.cash);
    const before = this.holdings;
    this.holdings = new Map(this.venue.positions().map(({ symbol, qty, avgPrice }) => [
      symbol, { qty: toFloat(qty), averagePrice: avgPrice === null ? NaN : toFloat(avgPrice), openedAt: before.get(symbol)?.openedAt ?? this.ages.get(symbol) ?? 0 },
    ]));
  }

  /** Marks everything at the closes, in float64: a statistic, made anew for each bar. */
  private mark(): number {
    let equity = this.cash;
    for (const [symbol, { qty }] of this.holdings) equity += qty * (this.marks.get(symbol) ?? 0);
    if (this.config.others === undefined) return equity;
    const { cash, positions } = this.config.others(this.now);
    return positions.reduce((sum, { symbol, qty }) => sum + toFloat(qty) * (this.marks.get(symbol) ?? 0), equity + toFloat(cash));
  }

  private positionOf(symbol: string): PositionView {
    const held = this.holdings.get(symbol);
    if (held === undefined) return FLAT_POSITION;
    const { qty, averagePrice, openedAt } = held;
    return { qty, averagePrice, barsHeld: (this.ages.get(symbol) ?? 0) - openedAt, openProfit: qty * ((this.marks.get(symbol) ?? NaN) - averagePrice) };
  }
}
