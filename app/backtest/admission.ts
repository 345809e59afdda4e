/** Whether the broker takes an order: Alpaca's checks in its order, with its codes and words. */
import { AppError, fail, invariant, ok, type Result } from '#app/domain/errors.ts';
import { money, price, quantity, toText, type Decimal, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import { isOpenStatus, type OrderContext, type OrderRequest, type VenueOrder, type VenueRejection } from './venue-types.ts';

/** What the checks look at beside the request: the account's open orders of all symbols, the signed shares held, the power to buy. */
export type AdmissionView = {
  readonly openOrders: readonly VenueOrder[];
  readonly held: Quantity;
  readonly buyingPower: Money;
  readonly isShortingEnabled: boolean;
};

/** The numbers of an order that was taken. */
export type AdmittedTerms = { readonly qty: Quantity | null; readonly notional: Money | null; readonly limitPrice: Price | null; readonly reservePrice: Price | null };

const MALFORMED = 40_010_001;
const INVALID = 42_210_000;
const FORBIDDEN = 40_310_000;
const MAX_CLIENT_ORDER_ID = 128;
/** Short sales hold back at least this much of the last price. */
const SHORT_COLLAR = '1.03';

type Numbers = { qty: Quantity | null; notional: Money | null; limitPrice: Price | null };
type Refusal = VenueRejection | null;

const malformed = (message: string, status: 400 | 422 = 422): VenueRejection => ({ status, code: MALFORMED, message, details: {} });
const invalid = (message: string): VenueRejection => ({ status: 422, code: INVALID, message, details: {} });
const forbidden = (message: string, details: Record<string, string> = {}): VenueRejection => ({ status: 403, code: FORBIDDEN, message, details });

function readNumbers(request: OrderRequest): Result<Numbers, VenueRejection> {
  try {
    return ok({
      qty: request.qty === null ? null : quantity(request.qty),
      notional: request.notional === null ? null : money(request.notional),
      limitPrice: request.limitPrice === null ? null : price(request.limitPrice),
    });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return fail(malformed(error.message));
  }
}

function checkShape(request: OrderRequest, numbers: Numbers, view: AdmissionView): Refusal {
  if (numbers.qty !== null && numbers.notional !== null) return malformed('only one of qty or notional is accepted', 400);
  if (numbers.qty === null && numbers.notional === null) return malformed('qty or notional is required');
  if (numbers.qty && !numbers.qty.gt(0)) return malformed('qty must be > 0');
  if (numbers.notional && !numbers.notional.gt(0)) return malformed('notional must be > 0');
  if (request.type === 'limit' && numbers.limitPrice === null) return malformed('limit orders require a limit price');
  if (request.type === 'market' && numbers.limitPrice !== null) return malformed('market orders require no stop or limit price');
  if (numbers.limitPrice && !numbers.limitPrice.gt(0)) return malformed('limit price must be > 0');
  if (request.clientOrderId.length > MAX_CLIENT_ORDER_ID) return malformed(`client_order_id must be no more than ${MAX_CLIENT_ORDER_ID} characters`);
  if (view.openOrders.some((order) => order.clientOrderId === request.clientOrderId)) return malformed('client_order_id must be unique');
  return null;
}

function checkTerms(request: OrderRequest, numbers: Numbers, context: OrderContext): Refusal {
  const { asset } = context;
  if (asset === null) return invalid(`could not find asset "${request.symbol}"`);
  if (!asset.isTradable) return invalid(`asset "${request.symbol}" is not tradable`);
  const { limitPrice } = numbers;
  if (limitPrice && limitPrice.decimalPlaces() > (limitPrice.gte(1) ? 2 : 4)) {
    return invalid(`invalid limit_price ${toText(limitPrice)}. sub-penny increment does not fulfill minimum pricing criteria`);
  }
  if (request.extendedHours && request.type !== 'limit') return invalid('extended hours order must be DAY or GTC limit orders');
  const isFractional = numbers.notional !== null || (numbers.qty !== null && !numbers.qty.isInteger());
  if (!isFractional) return null;
  if (numbers.notional && request.type !== 'market') return invalid('notional orders must be market orders');
  if (request.timeInForce !== 'day') return invalid('fractional orders must be DAY orders');
  return asset.isFractionable ? null : invalid(`asset "${request.symbol}" is not fractionable`);
}

/** Opposite sides must not meet in one account: rejected when either is a market order, or when the two limits cross. */
function checkWashTrade(request: OrderRequest, limitPrice: Price | null, view: AdmissionView): Refusal {
  for (const order of view.openOrders) {
    if (order.symbol !== request.symbol || order.side === request.side) continue;
    const isMarket = limitPrice === null || order.limitPrice === null;
    const [buy, sell] = request.side === 'buy' ? [limitPrice, order.limitPrice] : [order.limitPrice, limitPrice];
    if (!isMarket && !(buy && sell && buy.gte(sell))) continue;
    return forbidden('potential wash trade detected. use complex orders', {
      existing_order_id: order.id, reject_reason: isMarket ? 'opposite side market/stop order exists' : 'opposite side limit order exists',
    });
  }
  return null;
}

function heldBack(request: OrderRequest, view: AdmissionView): Decimal {
  let total: Decimal = quantity('0');
  for (const order of view.openOrders) {
    if (order.symbol === request.symbol && order.side === request.side && order.qty && isOpenStatus(order.status)) total = total.plus(order.qty.minus(order.filledQty));
  }
  return total;
}

/** An order against the position may close it at most; it never turns long into short or short into long. */
function checkReducing(request: OrderRequest, wanted: Quantity, view: AdmissionView): Refusal {
  const existing = view.held.abs();
  const held = heldBack(request, view);
  const available = existing.minus(held);
  if (wanted.lte(available)) return null;
  return forbidden(`insufficient qty available for order (requested: ${toText(wanted)}, available: ${toText(available)})`, {
    available: toText(available), existing_qty: toText(existing), held_for_orders: toText(held), symbol: request.symbol,
  });
}

function checkShort(numbers: Numbers, context: OrderContext, view: AdmissionView): Refusal {
  if (!view.isShortingEnabled) return forbidden('account is not allowed to short');
  if (!context.asset?.isShortable) return forbidden('asset is not shortable');
  return numbers.qty?.isInteger() ? null : invalid('fractional orders cannot be sold short');
}

function costPrice(request: OrderRequest, numbers: Numbers, last: Price): Price {
  if (request.side === 'buy') return numbers.limitPrice ?? last;
  const collar = last.times(SHORT_COLLAR) as Price;
  return numbers.limitPrice?.gt(collar) ? numbers.limitPrice : collar;
}

function checkCost(request: OrderRequest, cost: Money, view: AdmissionView): Refusal {
  if (request.side === 'buy' && cost.lt(1)) return forbidden('cost basis must be >= minimal amount of order 1', { cost_basis: toText(cost) });
  if (cost.lte(view.buyingPower)) return null;
  return forbidden('insufficient buying power', { buying_power: toText(view.buyingPower), cost_basis: toText(cost) });
}

/** Takes or refuses an order. The caller has checked its own history for the client order id of closed orders. */
export function admit(request: OrderRequest, context: OrderContext, view: AdmissionView): Result<AdmittedTerms, VenueRejection> {
  const read = readNumbers(request);
  if (!read.ok) return read;
  const numbers = read.value;
  const early = checkShape(request, numbers, view) ?? checkTerms(request, numbers, context) ?? checkWashTrade(request, numbers.limitPrice, view);
  if (early) return fail(early);
  const last = context.lastPrice === null ? numbers.limitPrice : price(context.lastPrice);
  if (last === null) return fail(invalid(`asset "${request.symbol}" has no price yet`));
  const isReducing = request.side === 'sell' ? view.held.gt(0) : view.held.lt(0);
  if (isReducing) {
    const wanted = numbers.qty ?? (numbers.notional?.div(last) as Quantity | undefined);
    invariant(wanted, 'An order has qty or notional', { symbol: request.symbol });
    const refusal = checkReducing(request, wanted, view);
    return refusal ? fail(refusal) : ok({ ...numbers, reservePrice: null });
  }
  if (request.side === 'sell') {
    const refusal = checkShort(numbers, context, view);
    if (refusal) return fail(refusal);
  }
  const reservePrice = costPrice(request, numbers, last);
  const refusal = checkCost(request, numbers.notional ?? ((numbers.qty ?? quantity('0')).times(reservePrice) as Money), view);
  return refusal ? fail(refusal) : ok({ ...numbers, reservePrice });
}
