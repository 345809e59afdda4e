/** The broker's account of the simulated venue: cash, positions at average cost, what they are worth, what may still be bought. */
import { addMoney, Decimal, notional, roundToLedger, subtractMoney, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import { applyFillToPosition, cashDelta, flatPosition, type Fill, type Position } from '#app/domain/position.ts';
import { buyingPowerOf, initialMarginOf, maintenanceOf, multiplierOf, type MarginTerms } from './margin.ts';

/** Cash and positions. `marks` are the last prices of the symbols held; `overnight` the signed shares held at the last session's end. */
export type AccountBook = {
  cash: Money;
  realizedPnl: Money;
  feesPaid: Money;
  /** Fees of today that the session's end books: the SEC's, FINRA's; dollars, not yet rounded. */
  secDue: Decimal;
  tafDue: Decimal;
  /** At the end of the last session: equity, maintenance margin, market value of all positions. */
  lastEquity: Money;
  lastMaintenanceMargin: Money;
  lastGross: Money;
  /** Special memorandum account of Regulation T. */
  sma: Money;
  readonly positions: Map<string, Position>;
  readonly marks: Map<string, Price>;
  readonly overnight: Map<string, Quantity>;
  readonly marginTerms: Map<string, MarginTerms>;
};

/** What an account is worth at its marks, dollars. Short value is negative. */
export type AccountFigures = {
  readonly cash: Money;
  readonly equity: Money;
  readonly lastEquity: Money;
  readonly longMarketValue: Money;
  readonly shortMarketValue: Money;
  readonly initialMargin: Money;
  readonly maintenanceMargin: Money;
  readonly lastMaintenanceMargin: Money;
  readonly buyingPower: Money;
  readonly regtBuyingPower: Money;
  readonly nonMarginableBuyingPower: Money;
  /** Intraday margin level: equity beyond (or, negative, below) the maintenance margin. */
  readonly intradayMarginLevel: Money;
  readonly sma: Money;
  /** Fees of today that are not booked yet, as they would be rounded. */
  readonly accruedFees: Money;
  /** Held back by open orders. */
  readonly reserved: Money;
  /** The multiplier that counts at this equity. */
  readonly multiplier: 1 | 2 | 4;
};

/** An account with nothing but cash. */
export function openAccount(cash: Money): AccountBook {
  return {
    cash, realizedPnl: ZERO_MONEY, feesPaid: ZERO_MONEY, secDue: ZERO_MONEY, tafDue: ZERO_MONEY, lastEquity: cash, lastMaintenanceMargin: ZERO_MONEY, lastGross: ZERO_MONEY, sma: cash,
    positions: new Map(), marks: new Map(), overnight: new Map(), marginTerms: new Map(),
  };
}

/** Signed shares held of a symbol. */
export function heldQuantity(book: AccountBook, symbol: string): Quantity {
  return book.positions.get(symbol)?.qty ?? ZERO_QUANTITY;
}

/** Opening uses up half of its value of the special memorandum account, closing gives half of its value back. */
function moveSma(book: AccountBook, fill: Fill, before: Quantity, after: Quantity): void {
  const opened = after.abs().minus(before.abs());
  book.sma = subtractMoney(book.sma, roundToLedger(opened.times(fill.price).div(2)) as Money);
}

/** Books one execution: cash, position, realized gain. The fill's price becomes the mark. Returns the signed position after it. */
export function bookFill(book: AccountBook, fill: Fill): Quantity {
  const before = book.positions.get(fill.symbol) ?? flatPosition(fill.symbol);
  const after = applyFillToPosition(before, fill);
  book.cash = addMoney(book.cash, cashDelta(fill));
  book.feesPaid = addMoney(book.feesPaid, fill.fee);
  book.realizedPnl = addMoney(book.realizedPnl, subtractMoney(after.realizedPnl, before.realizedPnl));
  moveSma(book, fill, before.qty, after.qty);
  if (after.qty.isZero()) {
    book.positions.delete(fill.symbol);
    book.marks.delete(fill.symbol);
  } else {
    book.positions.set(fill.symbol, after);
    book.marks.set(fill.symbol, fill.price);
  }
  return after.qty;
}

/** Worth of one position at its mark, signed. */
export function marketValue(book: AccountBook, position: Position): Money {
  const mark = book.marks.get(position.symbol) ?? position.avgPrice;
  return mark === null ? ZERO_MONEY : notional(position.qty, mark);
}

/** Cash plus all positions at their marks. */
export function equityOf(book: AccountBook): Money {
  const { long, short } = worthOf(book);
  return addMoney(addMoney(book.cash, long), short);
}

type Worth = { readonly long: Money; readonly short: Money; readonly initial: Money; readonly maintenance: Money };
const WORTHLESS: Worth = { long: ZERO_MONEY, short: ZERO_MONEY, initial: ZERO_MONEY, maintenance: ZERO_MONEY };

/** Worth of the positions as last worked out: every order asks for it, and between two bars hardly any position changes. */
class WorthCache {
  private readonly parts = new Map<string, { readonly position: Position; readonly mark: Price | undefined; readonly terms: MarginTerms | undefined; readonly worth: Worth }>();
  private total: Worth = WORTHLESS;

  of(book: AccountBook): Worth {
    for (const position of book.positions.values()) {
      const { symbol } = position;
      const [mark, terms] = [book.marks.get(symbol), book.marginTerms.get(symbol)];
      const known = this.parts.get(symbol);
      if (known && known.position === position && known.mark === mark && known.terms === terms) continue;
      const worth = worthOfOne(book, position, terms);
      this.total = addWorth(addWorth(this.total, worth, 1), known?.worth ?? WORTHLESS, -1);
      this.parts.set(symbol, { position, mark, terms, worth });
    }
    if (this.parts.size > book.positions.size) this.forgetClosed(book);
    return this.total;
  }

  private forgetClosed(book: AccountBook): void {
    for (const [symbol, { worth }] of this.parts) {
      if (book.positions.has(symbol)) continue;
      this.total = addWorth(this.total, worth, -1);
      this.parts.delete(symbol);
    }
  }
}

const caches = new WeakMap<AccountBook, WorthCache>();

function worthOf(book: AccountBook): Worth {
  const cache = caches.get(book) ?? new WorthCache();
  caches.set(book, cache);
  return cache.of(book);
}

function worthOfOne(book: AccountBook, position: Position, terms: MarginTerms | undefined): Worth {
  const value = marketValue(book, position);
  const isLong = position.qty.gt(0);
  const mark = book.marks.get(position.symbol) ?? position.avgPrice;
  return {
    long: isLong ? value : ZERO_MONEY, short: isLong ? ZERO_MONEY : value, initial: initialMarginOf(value, terms),
    maintenance: mark === null ? ZERO_MONEY : maintenanceOf(position.qty, mark, terms),
  };
}

function addWorth(a: Worth, b: Worth, sign: 1 | -1): Worth {
  const add = sign === 1 ? addMoney : subtractMoney;
  return { long: add(a.long, b.long), short: add(a.short, b.short), initial: add(a.initial, b.initial), maintenance: add(a.maintenance, b.maintenance) };
}

/** Closes the day: today's equity becomes the last equity, today's positions are held overnight; the memorandum account rises to the excess, never falls by it. */
export function rollDay(book: AccountBook): void {
  const worth = worthOf(book);
  book.lastEquity = equityOf(book);
  book.lastMaintenanceMargin = worth.maintenance;
  book.lastGross = subtractMoney(worth.long, worth.short);
  book.sma = Decimal.max(book.sma, book.lastEquity.minus(worth.initial), 0) as Money;
  book.overnight.clear();
  for (const [symbol, position] of book.positions) book.overnight.set(symbol, position.qty);
}

/** What the figures depend on beside the account. */
export type FigureInputs = { readonly multiplier: 1 | 2 | 4; readonly maxMultiplier: 1 | 2 | 4; readonly reserved: Money; readonly accruedFees: Money };

/** All figures of the account; see margin.ts for what buying power is. */
export function figuresOf(book: AccountBook, inputs: FigureInputs): AccountFigures {
  const { reserved, accruedFees } = inputs;
  const { long, short, initial, maintenance } = worthOf(book);
  const equity = addMoney(addMoney(book.cash, long), short);
  const multiplier = multiplierOf(inputs.multiplier, inputs.maxMultiplier, equity);
  const power = buyingPowerOf({
    multiplier, cash: book.cash, equity, initialMargin: initial, reserved, lastEquity: book.lastEquity, lastMaintenanceMargin: book.lastMaintenanceMargin,
    grossAdded: long.minus(short).minus(book.lastGross),
  });
  return {
    cash: book.cash, equity, lastEquity: book.lastEquity, longMarketValue: long, shortMarketValue: short, initialMargin: initial, maintenanceMargin: maintenance,
    lastMaintenanceMargin: book.lastMaintenanceMargin, ...power, intradayMarginLevel: subtractMoney(equity, maintenance), sma: book.sma, accruedFees, reserved, multiplier,
  };
}
