/** Whether the broker takes an order: Alpaca's checks in its order, with its codes and words. */
import { fail, ok, type Result } from '#app/domain/errors.ts';
import { Decimal, notional as costOf, price, quantity, roundToTick, toText, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { Side } from '#app/domain/order.ts';
import { heldQuantity, type AccountFigures } from './account.ts';
import { checkLegPrices, checkShape, checkStopAgainstMarket, checkTerms, meetsAnyPrice, readNumbers, type Numbers } from './admission-terms.ts';
import { bandAbove, trailingStop } from './fills.ts';
import { forbidden, invalid, type Refusal } from './refusals.ts';
import type { OrderContext, OrderRequest, PositionIntent, VenueConfig, VenueOrder, VenueRejection } from './venue-types.ts';
import type { VenueState } from './venue-state.ts';

/** What an order is measured by: the account, its figures now, and for a replacement the order whose place it takes. */
export type AdmissionView = { readonly config: VenueConfig; readonly state: VenueState; readonly figures: () => AccountFigures; readonly replacing: VenueOrder | null };

/** The numbers of an order that was taken. */
export type AdmittedTerms = Numbers & {
  readonly positionIntent: PositionIntent; readonly reservePrice: Price | null; readonly bandPrice: Price | null; readonly hwm: Price | null;
};

/** Short sales hold back at least this much of the offer. */
const SHORT_COLLAR = '1.03';
const SHORT_EQUITY = 2_000;
/** A position beyond this multiple of the equity may only be closed. */
const CLOSING_ONLY = 6;

/** The prices that count at this moment. */
type Prices = { readonly last: Price; readonly bid: Price; readonly ask: Price };

/** In the session the far side of the market counts, in extended hours its middle, when closed the last price. */
function pricesOf(context: OrderContext, fallback: Price | null): Prices | null {
  const last = context.lastPrice === null ? fallback : price(context.lastPrice);
  if (last === null) return null;
  const bid = context.bid === null ? last : price(context.bid);
  const ask = context.ask === null ? last : price(context.ask);
  if (context.isOpen) return { last, bid, ask };
  const middle = context.isExtendedOpen ? roundToTick(bid.plus(ask).div(2)) : last;
  return { last, bid: middle, ask: middle };
}

/** Complex and trailing orders cannot be washed: one of them never meets the other side by itself. */
const isExempt = (order: { readonly orderClass: string; readonly type: string; readonly parentId?: string | null }): boolean => order.orderClass !== 'simple' || order.type === 'trailing_stop';

/** Opposite sides must not meet in one account: rejected when either is a market or stop order, or when the two limits cross. */
function checkWashTrade(request: OrderRequest, limitPrice: Price | null, { state, replacing }: AdmissionView): Refusal {
  if (isExempt(request)) return null;
  for (const order of state.open.onSide(request.symbol, request.side === 'buy' ? 'sell' : 'buy')) {
    if (isExempt(order) || order.id === replacing?.id) continue;
    const isAny = meetsAnyPrice(request.type) || meetsAnyPrice(order.type);
    const [buy, sell] = request.side === 'buy' ? [limitPrice, order.limitPrice] : [order.limitPrice, limitPrice];
    if (!isAny && !(buy && sell && buy.gte(sell))) continue;
    return forbidden('potential wash trade detected. use complex orders', {
      existing_order_id: order.id, reject_reason: isAny ? 'opposite side market/stop order exists' : 'opposite side limit order exists',
    });
  }
  return null;
}

/** An order against the position may close it at most; it never turns long into short or short into long. */
function checkReducing(request: OrderRequest, wanted: Quantity, { state, replacing }: AdmissionView): Refusal {
  const existing = heldQuantity(state.account, request.symbol).abs();
  const freed = replacing?.qty ? replacing.qty.minus(replacing.filledQty) : new Decimal(0);
  const held = Decimal.max(0, state.open.exiting(request.symbol, request.side).minus(freed));
  const available = Decimal.max(0, existing.minus(held));
  if (wanted.lte(available)) return null;
  return forbidden(`insufficient qty available for order (requested: ${toText(wanted)}, available: ${toText(available)})`, {
    available: toText(available), existing_qty: toText(existing), held_for_orders: toText(held), symbol: request.symbol,
  });
}

function checkShort(numbers: Numbers, context: OrderContext, { state, figures }: AdmissionView): Refusal {
  const { equity, multiplier } = figures();
  if (state.settings.noShorting || multiplier === 1 || equity.lt(SHORT_EQUITY)) return forbidden('account is not allowed to short');
  if (!context.asset?.isShortable) return forbidden('asset is not shortable');
  if (!context.asset.isEasyToBorrow) return forbidden('asset is not easy to borrow');
  return numbers.qty?.isInteger() ? null : invalid('fractional orders cannot be sold short');
}

/** What one share may cost: the limit, or what the market asks; a short sale at least 3 % above the offer. */
function costPrice(side: Side, numbers: Numbers, prices: Prices, worst: Price | null): Price {
  if (side === 'buy') return numbers.limitPrice ?? worst ?? prices.ask;
  const collar = prices.ask.times(SHORT_COLLAR) as Price;
  return numbers.limitPrice?.gt(collar) ? numbers.limitPrice : collar;
}

function checkCost(request: OrderRequest, cost: Money, { figures, replacing }: AdmissionView): Refusal {
  if (request.side === 'buy' && cost.lt(1)) return forbidden('cost basis must be >= minimal amount of order 1', { cost_basis: toText(cost) });
  const now = figures();
  if (now.longMarketValue.minus(now.shortMarketValue).gt(Decimal.max(0, now.equity).times(CLOSING_ONLY))) return forbidden('account is restricted to closing orders: positions exceed 600% of equity');
  // Intraday margin: below the maintenance requirement nothing may be opened.
  if (now.multiplier !== 1 && now.intradayMarginLevel.lt(0)) return forbidden('insufficient buying power', { buying_power: '0', cost_basis: toText(cost) });
  // The old order's share of the buying power is its replacement's to use.
  const own = replacing?.reservePrice && replacing.qty ? costOf(replacing.qty.minus(replacing.filledQty) as Quantity, replacing.reservePrice) : new Decimal(0);
  const power = now.buyingPower.plus(own);
  return cost.lte(power) ? null : forbidden('insufficient buying power', { buying_power: toText(power), cost_basis: toText(cost) });
}

/** Where stops and exits lie: to each other, to the price they start from, and to the market. */
function checkGeometry(request: OrderRequest, numbers: Numbers, prices: Prices): Refusal {
  const { side, orderClass } = request;
  const own = checkStopAgainstMarket(side, numbers.stopPrice, prices.last);
  if (own || orderClass === 'simple') return own;
  const exitSide = orderClass === 'oco' ? side : side === 'buy' ? 'sell' : 'buy';
  const base = numbers.limitPrice ?? prices.last;
  const legs = orderClass === 'oco'
    ? { exitSide, base, takeProfit: null, stop: numbers.stopLoss, stopLimit: numbers.stopLossLimit } as const
    : { exitSide, base, takeProfit: numbers.takeProfit, stop: numbers.stopLoss, stopLimit: numbers.stopLossLimit } as const;
  for (const one of [numbers.takeProfit, numbers.stopLoss, numbers.stopLossLimit]) if (one && !one.gt(0)) return invalid('exit prices must be > 0');
  return checkLegPrices(legs) ?? checkStopAgainstMarket(exitSide, numbers.stopLoss, prices.last);
}

function checkAccount({ state }: AdmissionView): Refusal {
  if (state.settings.tradingBlocked) return forbidden('account is not authorized to trade');
  return state.settings.suspendTrade ? forbidden('new orders are rejected by user request') : null;
}

function intentOf(side: Side, isClosing: boolean): PositionIntent {
  return `${side}_to_${isClosing ? 'close' : 'open'}`;
}

/** Hidden limit, best price and the dearest price of an order that has no limit of its own. */
function derivedPrices(request: OrderRequest, numbers: Numbers, prices: Prices, isCollared: boolean): { readonly band: Price | null; readonly hwm: Price | null; readonly worst: Price | null } {
  const isBuy = request.side === 'buy';
  if (request.type === 'stop' && isBuy && numbers.stopPrice) {
    const band = bandAbove(numbers.stopPrice);
    return { band, hwm: null, worst: band };
  }
  if (request.type === 'trailing_stop') return { band: null, hwm: prices.last, worst: isBuy ? trailingStop({ ...numbers, side: 'buy' }, prices.last) : null };
  const band = isCollared && isBuy && request.type === 'market' ? bandAbove(prices.last) : null;
  return { band, hwm: null, worst: band };
}

/** Takes or refuses an order. The caller has checked its own history for the client order id of closed orders. */
export function admit(request: OrderRequest, context: OrderContext, view: AdmissionView): Result<AdmittedTerms, VenueRejection> {
  const read = readNumbers(request);
  if (!read.ok) return read;
  const numbers = read.value;
  const { state } = view;
  const early = checkAccount(view) ?? checkShape(request, numbers, state.open.hasClientId(request.clientOrderId)) ?? checkTerms(request, numbers, context, state.settings.fractionalTrading);
  if (early) return fail(early);
  const prices = pricesOf(context, numbers.limitPrice);
  if (prices === null) return fail(invalid(`asset "${request.symbol}" has no price yet`));
  const later = checkGeometry(request, numbers, prices) ?? checkWashTrade(request, numbers.limitPrice, view);
  if (later) return fail(later);
  const { band, hwm, worst } = derivedPrices(request, numbers, prices, view.config.isOpenCollared && !context.isOpen);
  if (request.type === 'trailing_stop' && hwm && !trailingStop({ ...numbers, side: request.side }, hwm).gt(0)) return fail(invalid('trail_price must be less than the current price'));
  const held = heldQuantity(state.account, request.symbol);
  const isClosing = request.side === 'sell' ? held.gt(0) : held.lt(0);
  const intent = intentOf(request.side, isClosing);
  if (request.positionIntent !== null && request.positionIntent !== intent) return fail(invalid(`position intent mismatch, inferred: ${intent}, specified: ${request.positionIntent}`));
  if (request.orderClass === 'oco' && !isClosing) return fail(invalid('oco orders must be exit orders'));
  const terms = { ...numbers, positionIntent: intent, bandPrice: band, hwm, stopPrice: hwm ? trailingStop({ ...numbers, side: request.side }, hwm) : numbers.stopPrice };
  if (isClosing) {
    const refusal = checkReducing(request, numbers.qty ?? (numbers.notional?.div(prices.last) as Quantity), view);
    return refusal ? fail(refusal) : ok({ ...terms, reservePrice: null });
  }
  const short = request.side === 'sell' ? checkShort(numbers, context, view) : null;
  if (short) return fail(short);
  const reservePrice = costPrice(request.side, numbers, prices, worst);
  const refusal = checkCost(request, numbers.notional ?? ((numbers.qty ?? quantity('0')).times(reservePrice) as Money), view);
  return refusal ? fail(refusal) : ok({ ...terms, reservePrice });
}
