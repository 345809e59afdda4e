/** The house desk over columns: the live decisions at signals, at the venue of the column engine. */
import { Decimal, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { SizedTerms } from '#app/execution/normalise.ts';
import type { Asset } from '#app/risk/book.ts';
import { raise, type Standing } from '#app/strategy/host.ts';
import { HouseDesk, type DeskOrder, type DeskVenue, type HeldHere } from '../house-desk.ts';
import type { Core, MarketState } from './core.ts';
import type { Desk } from './desk.ts';
import type { Matcher } from './match.ts';
import { nameOf, type Order, type OrderTermsIn } from './order.ts';
import { place } from './place.ts';
import type { DeskRules } from './types.ts';
import { exactly, MICRO, microOf, NANO } from './units.ts';
import { valued } from './valued.ts';

type HouseRules = Extract<DeskRules, { kind: 'house' }>;

const micro = (price: Decimal | null | undefined): number => (price === null || price === undefined ? NaN : price.times(MICRO).toNumber());

/** Opens the desk. */
export function openHouse(core: Core, matcher: Matcher, rules: HouseRules): Desk {
  return new ColumnHouse(core, matcher, rules);
}

/** The exact form of a number that changes seldom, or is asked for many times before it changes: made once. A division of decimals takes as long as a bar of the whole run. */
class Exact {
  private readonly scale: number;
  private parts = NaN;
  private value = new Decimal(0);

  constructor(scale: number) {
    this.scale = scale;
  }

  of(parts: number): Decimal {
    if (parts !== this.parts) [this.parts, this.value] = [parts, exactly(parts, this.scale)];
    return this.value;
  }
}

/** Of each market: its shares, its newest close and the one before. */
class ExactMarket {
  readonly qty = new Exact(NANO);
  readonly close = new Exact(MICRO);
  readonly earlier = new Exact(MICRO);
}

class ColumnHouse implements Desk {
  private readonly core: Core;
  private readonly matcher: Matcher;
  private readonly desk: HouseDesk;
  private readonly standings: readonly Standing[];
  private readonly assets: ReadonlyMap<string, Asset>;
  private readonly bySymbol: ReadonlyMap<string, MarketState>;
  private readonly exact: readonly ExactMarket[];
  private readonly exactCash = new Exact(MICRO);
  private readonly exactSub = new Exact(NANO);
  private readonly exactDayOpen = new Exact(MICRO);
  /** What is held, and the shares of each market of which that was said. */
  private held: readonly HeldHere[] = [];
  private readonly heldQty: Float64Array;

  constructor(core: Core, matcher: Matcher, { strategyId, versionId, limits, strategyLimits }: HouseRules) {
    const { sizing, timeframe } = core.config;
    this.core = core;
    this.matcher = matcher;
    this.standings = core.markets.map((m) => ({ view: m.view, isExitOwed: false, owedReasons: [], owedCancels: [] }));
    // What has bars was tradable.
    this.assets = new Map(core.markets.map(({ market }) => [market.symbol, { isTradable: true, isFractionable: market.isFractionable, isShortable: market.isShortable && core.config.account.canShort }]));
    this.exact = core.markets.map(() => new ExactMarket());
    this.heldQty = new Float64Array(core.markets.length);
    this.bySymbol = new Map(core.markets.map((m) => [m.market.symbol, m]));
    this.desk = new HouseDesk({ strategyId, versionId, limits, strategyLimits, sizing, timeframe }, this.port(), core.denied);
    core.onEnd = (market, at) => {
      this.desk.stir(market, Math.floor(at) as EpochMs);
      core.isDeskWaiting = true;
    };
  }

  hear(said: readonly MarketState[]): void {
    const { core } = this;
    for (const m of said) {
      const standing = this.standings[m.index];
      if (standing === undefined || (m.view.opinion === null && m.view.requests.length === 0)) continue;
      for (const signal of raise(standing)) {
        if (signal.cancels === null) core.signals += 1;
        this.desk.take({ signal, openTime: core.openTime as EpochMs, at: core.now as EpochMs });
      }
    }
    core.isDeskWaiting = true;
  }

  atOpen(): void {
    // Every order of this desk was placed at a close.
  }

  afterMatch(): void {
    // What follows on a fill is decided at the close.
  }

  afterSplit(): void {
    // As live: what is owed stands in the shares it was worked out in.
  }

  atSessionEnd(): void {
    // As live: what has expired is followed up at once, and waits for the next open.
    if (this.core.isDeskWaiting) this.atClose();
  }

  atClose(): void {
    this.core.isDeskWaiting = false;
    this.desk.followUp(this.core.now as EpochMs);
  }

  private port(): DeskVenue {
    const { core, assets } = this;
    const closeAt = (m: MarketState | undefined, i: number, which: 'close' | 'earlier'): Price | null => {
      const close = i < 0 ? undefined : m?.bars.close[i];
      return close === undefined || m === undefined ? null : ((this.exact[m.index]?.[which].of(microOf(close)) ?? exactly(microOf(close), MICRO)) as Price);
    };
    return {
      cash: () => (core.sub === 0 ? this.exactCash.of(core.cash) : this.exactCash.of(core.cash).plus(this.exactSub.of(core.sub))) as Money,
      positions: () => this.positions(), valued: (isEarlier) => valued(core, isEarlier),
      openOrders: () => this.openOrders(),
      close: (symbol) => {
        const m = this.bySymbol.get(symbol);
        return closeAt(m, m?.cursor.i ?? -1, 'close');
      },
      earlierClose: (symbol) => {
        const m = this.bySymbol.get(symbol);
        return closeAt(m, m === undefined ? -1 : m.view.hasBar ? m.cursor.i - 1 : m.cursor.i, 'earlier');
      },
      assets: () => assets,
      day: () => core.day, dayOpenEquity: () => this.exactDayOpen.of(core.dayOpen) as Money,
      submit: ({ id, symbol, side, terms }) => {
        const m = this.bySymbol.get(symbol);
        const placed = m === undefined ? 0 : place(core, m, termsIn(side, terms), { tag: id });
        return typeof placed === 'number' ? placed : null;
      },
      cancel: (id) => this.cancel(id),
      note: (line) => core.lines?.push(line),
    };
  }

  private positions(): readonly HeldHere[] {
    const { core: { markets }, heldQty } = this;
    if (markets.every((m) => m.qty === heldQty[m.index])) return this.held;
    for (const m of markets) heldQty[m.index] = m.qty;
    this.held = markets.flatMap((m) => (m.qty === 0 ? [] : [{ symbol: m.market.symbol, qty: (this.exact[m.index]?.qty.of(m.qty) ?? exactly(m.qty, NANO)) as Quantity }]));
    return this.held;
  }

  private all(): Order[] {
    if (this.core.openCount === 0) return [];
    return this.core.markets.flatMap((m) => m.orders).sort((a, b) => a.seq - b.seq);
  }

  private openOrders(): DeskOrder[] {
    return this.all().map((order) => ({
      id: nameOf(order), root: String(order.parent?.tag ?? order.tag), role: order.role, side: order.side > 0 ? 'buy' : 'sell', type: order.type,
      limitPrice: Number.isNaN(order.limit) ? null : (exactly(order.limit, MICRO) as Price), filledQty: exactly(order.filled, NANO) as Quantity, leaves: exactly(order.leaves, NANO) as Quantity,
    }));
  }

  private cancel(id: string): void {
    const order = this.all().find((one) => nameOf(one) === id);
    if (order !== undefined) this.matcher.end(order, 'canceled');
  }
}

/** Exact terms in whole numbers. The take-profit of an oco is its limit. */
function termsIn(side: 'buy' | 'sell', terms: SizedTerms): OrderTermsIn {
  const { takeProfit, stopLoss } = terms;
  const isOco = terms.orderClass === 'oco';
  return {
    side: side === 'buy' ? 1 : -1, qty: terms.qty.times(NANO).toNumber(), type: terms.type, timeInForce: terms.timeInForce, orderClass: terms.orderClass,
    limit: isOco && takeProfit !== null ? micro(takeProfit.limitPrice) : micro(terms.limitPrice), stop: micro(terms.stopPrice), trail: micro(terms.trailPrice), trailPercent: terms.trailPercent?.toNumber() ?? NaN,
    takeProfit: isOco ? NaN : micro(takeProfit?.limitPrice), stopLoss: micro(stopLoss?.stopPrice), stopLossLimit: micro(stopLoss?.limitPrice),
  };
}
