/** What a run knows while it goes: its markets with their positions and open orders, its account, its clock, and what it has written down. */
import type { BarColumns } from '#app/domain/bar-columns.ts';
import type { Cursor } from '#app/strategy/series.ts';
import type { View } from '#app/strategy/view.ts';
import type { Order } from './order.ts';
import type { Sessions } from './sessions.ts';
import { Fills, Trips } from './tables.ts';
import type { Market, RunConfig } from './types.ts';
import { MICRO, microOf, NANO } from './units.ts';

/** A round trip that goes on. Dollars but for `qty` (largest number of 1e-9 shares) and the micro-dollar sums. */
export type OpenTrip = {
  side: 1 | -1; openStep: number; qty: number;
  /** Shares and micro-dollars that came in, and that went out. */
  entered: number; entryValue: number; left: number; exitValue: number;
  cost: number; mae: number; mfe: number; risk: number;
};

/** One symbol of the run. */
export class MarketState {
  readonly index: number;
  readonly market: Market;
  readonly bars: BarColumns;
  readonly sessions: Sessions;
  readonly view: View;
  readonly cursor: Cursor;
  /** First bar at which its strategy may be asked. */
  readonly first: number;
  /** Signed 1e-9 shares. */
  qty = 0;
  /** Micro-dollars a share at average cost, NaN while flat. */
  average = NaN;
  /** Index of the bar at which the position was opened. */
  entryBar = -1;
  /** Open orders, oldest first. */
  readonly orders: Order[] = [];
  trip: OpenTrip | null = null;
  /** First bar of which highs and lows are not yet part of the trip. */
  lookedFrom = 0;
  /** The position changed inside the bar before `lookedFrom`: of that bar the close alone is known to have come later. */
  isCloseAhead = false;
  /** Signed micro-dollars of the position at its last price. */
  value = 0;
  /** Signed 1e-9 shares at the end of the last session. */
  nextAction = 0;
  nextDetail = 0;
  /** Bars on which orders were open and whose finer bars do not hold all of them. */
  detailMissing = 0;
  /** Shares of this bar taken so far, under a cap of the volume. */
  taken = 0;
  /** While a bar stays strictly between these prices (dollars) and opens before `quietUntil`, it touches no open order: see quiet.ts. */
  quietAbove = 0;
  quietBelow = 0;
  quietUntil = -1;
  /** Wants to be flat and may not be: see desk.ts. */
  isLeaving = false;

  constructor(given: Pick<MarketState, 'index' | 'market' | 'bars' | 'sessions' | 'view' | 'cursor' | 'first'>) {
    this.index = given.index;
    this.market = given.market;
    this.bars = given.bars;
    this.sessions = given.sessions;
    this.view = given.view;
    this.cursor = given.cursor;
    this.first = given.first;
  }

  /** Micro-dollars of the newest close; NaN before the first. */
  get last(): number {
    return microOf(this.bars.close[this.cursor.i] ?? NaN);
  }
}

/** A dividend that is owed, micro-dollars. */
export type Owed = { readonly at: number; readonly micro: number };

/** The state of a run. */
export class Core {
  readonly config: RunConfig;
  readonly markets: readonly MarketState[];
  /** Micro-dollars, and billionths of a dollar beyond them. */
  cash: number;
  sub = 0;
  /** Micro-dollars: commissions and fees; dividends; interest and borrow fees. */
  costs = 0;
  dividends = 0;
  carry = 0;
  owed: readonly Owed[] = [];
  /** Signed micro-dollars of all positions at the last closes. Over many markets; one market is valued when somebody asks. */
  worth = 0;
  step = 0;
  /** Open and close of the step at work, epoch ms. */
  openTime = 0;
  now = 0;
  /** Open orders of all markets. */
  openCount = 0;
  /** The desk holds targets that are not orders yet. */
  hasGoals = false;
  /** Some market has corporate actions. */
  readonly hasActions: boolean;
  seq = 0;
  orders = 0;
  signals = 0;
  readonly denied: Record<string, number> = {};
  readonly fills = new Fills();
  readonly trips = new Trips();
  readonly lines: string[] | null;
  /** Called before cash or a position changes. */
  beforeChange: () => void = () => undefined;
  /** Called when an order has ended, filled or not, with its symbol and the moment: the desk's ears. */
  onEnd: ((symbol: string, at: number) => void) | null = null;
  /** The desk waits for the close of a step. */
  isDeskWaiting = false;
  /** The session at work, its civil day, and the equity with which it began, micro-dollars. Kept where the ends of sessions matter. */
  day = '';
  dayOpen: number;
  /** At the end of the last session, micro-dollars. */
  lastEquity: number;
  lastMaintenance = 0;
  lastGross = 0;
  /** Close of the first session, epoch ms, after which more was held than may be over night; NaN: none. */
  overnightCallAt = NaN;

  constructor(config: RunConfig, markets: readonly MarketState[], lines: string[] | null) {
    this.config = config;
    this.markets = markets;
    this.cash = microOf(config.account.cash);
    this.lastEquity = this.cash;
    this.dayOpen = this.cash;
    this.lines = lines;
    this.hasActions = markets.some((m) => m.market.actions.length > 0);
  }

  /** Adds to the cash; both parts whole. */
  pay(micro: number, sub: number): void {
    const billionths = this.sub + sub;
    const carried = Math.floor(billionths / 1_000);
    this.sub = billionths - carried * 1_000;
    this.cash += micro + carried;
  }

  /** Cash, dollars. */
  get cashDollars(): number {
    return this.sub === 0 ? this.cash / MICRO : (this.cash + this.sub / 1_000) / MICRO;
  }

  deny(code: string): void {
    this.denied[code] = (this.denied[code] ?? 0) + 1;
  }
}

/** Signed micro-dollars of shares at a price; exact for whole shares. */
export function worth(qty: number, price: number): number {
  return (qty / NANO) * price;
}

/** The market of an order. */
export function marketOf(core: Core, order: Order): MarketState {
  const found = core.markets[order.market];
  if (found === undefined) throw new RangeError(`No market ${order.market}`);
  return found;
}
