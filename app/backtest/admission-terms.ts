/** The terms of a request: read exactly, and held against the rules that need neither account nor position. */
import { AppError, fail, ok, type Result } from '#app/domain/errors.ts';
import { money, price, quantity, toText, type Decimal, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import { isStopType } from './fills.ts';
import { forbidden, invalid, malformed, type Refusal } from './refusals.ts';
import type { OrderContext, OrderRequest, VenueRejection } from './venue-types.ts';

/** The numbers of a request. */
export type Numbers = {
  readonly qty: Quantity | null; readonly notional: Money | null; readonly limitPrice: Price | null; readonly stopPrice: Price | null;
  readonly trailPrice: Price | null; readonly trailPercent: Price | null;
  readonly takeProfit: Price | null; readonly stopLoss: Price | null; readonly stopLossLimit: Price | null;
};

const MAX_CLIENT_ORDER_ID = 128;
const CENT = '0.01';

/** Reads the numbers, or says that they are none. The take-profit of an oco becomes its limit price. */
export function readNumbers(request: OrderRequest): Result<Numbers, VenueRejection> {
  const read = <T>(text: string | null | undefined, parse: (text: string) => T): T | null => (text === null || text === undefined ? null : parse(text));
  try {
    const takeProfit = read(request.takeProfit?.limitPrice, price);
    const limitPrice = read(request.limitPrice, price);
    const isOco = request.orderClass === 'oco';
    return ok({
      qty: read(request.qty, quantity), notional: read(request.notional, money), limitPrice: isOco ? (takeProfit ?? limitPrice) : limitPrice,
      stopPrice: read(request.stopPrice, price), trailPrice: read(request.trailPrice, price), trailPercent: read(request.trailPercent, price),
      takeProfit: isOco ? null : takeProfit, stopLoss: read(request.stopLoss?.stopPrice, price), stopLossLimit: read(request.stopLoss?.limitPrice, price),
    });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return fail(malformed(error.message));
  }
}

/** Whether shares are ordered in parts. */
export function isFractional(numbers: Pick<Numbers, 'qty' | 'notional'>): boolean {
  return numbers.notional !== null || (numbers.qty !== null && !numbers.qty.isInteger());
}

function checkAmounts(numbers: Numbers): Refusal {
  if (numbers.qty !== null && numbers.notional !== null) return malformed('only one of qty or notional is accepted', 400);
  if (numbers.qty === null && numbers.notional === null) return malformed('qty or notional is required');
  if (numbers.qty && !numbers.qty.gt(0)) return malformed('qty must be > 0');
  return numbers.notional && !numbers.notional.gt(0) ? malformed('notional must be > 0') : null;
}

function checkTrail({ type }: OrderRequest, { trailPrice, trailPercent }: Numbers): Refusal {
  if (type !== 'trailing_stop') return trailPrice === null && trailPercent === null ? null : malformed('only trailing stop orders accept trail_price or trail_percent');
  if (trailPrice === null && trailPercent === null) return malformed('trailing stop orders must specify one of trail_price or trail_percent');
  if (trailPrice !== null && trailPercent !== null) return malformed('only one of trail_price or trail_percent is accepted');
  if (trailPrice && !trailPrice.gt(0)) return malformed('trail_price must be > 0');
  return trailPercent && !(trailPercent.gt(0) && trailPercent.lt(100)) ? malformed('trail_percent must be > 0 and < 100') : null;
}

/** The prices that a type needs or cannot have. */
function checkPrices(request: OrderRequest, numbers: Numbers): Refusal {
  const { type } = request;
  const { limitPrice, stopPrice } = numbers;
  if (type === 'market' && (limitPrice !== null || stopPrice !== null)) return malformed('market orders require no stop or limit price');
  if (type === 'limit' && limitPrice === null) return malformed('limit orders require a limit price');
  if (type === 'limit' && stopPrice !== null) return malformed('limit orders require no stop price');
  if (type === 'stop' && stopPrice === null) return malformed('stop orders require a stop price');
  if (type === 'stop' && limitPrice !== null) return malformed('stop orders require no limit price');
  if (type === 'stop_limit' && (limitPrice === null || stopPrice === null)) return malformed('stop limit orders require both stop and limit price');
  if (type === 'trailing_stop' && (limitPrice !== null || stopPrice !== null)) return malformed('trailing stop orders require no stop or limit price');
  if (limitPrice && !limitPrice.gt(0)) return malformed('limit price must be > 0');
  if (stopPrice && !stopPrice.gt(0)) return malformed('stop price must be > 0');
  return checkTrail(request, numbers);
}

/** Whether the request can be read as an order at all. */
export function checkShape(request: OrderRequest, numbers: Numbers, isKnownClientId: boolean): Refusal {
  const refusal = checkAmounts(numbers) ?? checkPrices(request, numbers);
  if (refusal) return refusal;
  if (request.clientOrderId.length > MAX_CLIENT_ORDER_ID) return malformed(`client_order_id must be no more than ${MAX_CLIENT_ORDER_ID} characters`);
  return isKnownClientId ? malformed('client_order_id must be unique') : null;
}

/** Rule 612: at most two digits from $1, four below. */
export function checkIncrement(name: string, value: Decimal | null): Refusal {
  if (value === null || value.decimalPlaces() <= (value.gte(1) ? 2 : 4)) return null;
  return invalid(`invalid ${name} ${toText(value)}. sub-penny increment does not fulfill minimum pricing criteria`);
}

function checkIncrements(numbers: Numbers): Refusal {
  return checkIncrement('limit_price', numbers.limitPrice) ?? checkIncrement('stop_price', numbers.stopPrice) ?? checkIncrement('take_profit.limit_price', numbers.takeProfit)
    ?? checkIncrement('stop_loss.stop_price', numbers.stopLoss) ?? checkIncrement('stop_loss.limit_price', numbers.stopLossLimit) ?? checkIncrement('trail_price', numbers.trailPrice);
}

/** Times in force by type, auction windows, extended hours. */
function checkTime(request: OrderRequest, context: OrderContext): Refusal {
  const { type, timeInForce: tif } = request;
  const isLongLived = tif === 'day' || tif === 'gtc';
  if (request.extendedHours && (type !== 'limit' || !isLongLived)) return invalid('extended hours order must be DAY or GTC limit orders');
  if (!isLongLived && type !== 'market' && type !== 'limit') return invalid(`invalid time_in_force ${tif} for ${type} orders: must be day or gtc`);
  if (!context.isAuctionShut) return null;
  return invalid(tif === 'opg' ? 'market on open orders are not accepted between 9:28am and 7:00pm ET' : 'market on close orders are not accepted between 3:50pm and 7:00pm ET');
}

function checkFraction(request: OrderRequest, numbers: Numbers, context: OrderContext, isAllowed: boolean): Refusal {
  if (!isFractional(numbers)) return null;
  if (!isAllowed) return forbidden('account is not allowed to trade fractional shares');
  if (numbers.notional && request.type !== 'market') return invalid('notional orders must be market orders');
  if (request.orderClass !== 'simple') return invalid('fractional orders must be simple orders');
  if (request.type === 'trailing_stop') return invalid('fractional orders must be market, limit, stop or stop limit orders');
  if (request.timeInForce !== 'day') return invalid('fractional orders must be DAY orders');
  return context.asset?.isFractionable === true ? null : invalid(`asset "${request.symbol}" is not fractionable`);
}

/** What the market's rules say to a well-formed order. */
export function checkTerms(request: OrderRequest, numbers: Numbers, context: OrderContext, isFractionAllowed: boolean): Refusal {
  if (context.asset === null) return invalid(`could not find asset "${request.symbol}"`);
  if (!context.asset.isTradable) return invalid(`asset "${request.symbol}" is not tradable`);
  return checkIncrements(numbers) ?? checkTime(request, context) ?? checkFraction(request, numbers, context, isFractionAllowed) ?? checkClass(request, numbers);
}

/** What a class needs; where its prices lie is checked against the market, see checkLegPrices. */
function checkClass(request: OrderRequest, numbers: Numbers): Refusal {
  const { orderClass } = request;
  const hasProfit = request.takeProfit !== null;
  const hasStop = request.stopLoss !== null;
  if (orderClass === 'simple') return hasProfit || hasStop ? invalid('simple orders must not have take_profit or stop_loss') : null;
  if (request.timeInForce !== 'day' && request.timeInForce !== 'gtc') return invalid(`${orderClass} orders must be DAY or GTC orders`);
  if (request.extendedHours) return invalid(`${orderClass} orders must not be extended hours orders`);
  if (hasStop && numbers.stopLoss === null) return malformed(`${orderClass} orders require stop_loss.stop_price`);
  if (orderClass === 'bracket') {
    if (request.type !== 'market' && request.type !== 'limit') return invalid('bracket orders must be market or limit orders');
    if (!hasStop) return malformed('bracket orders require stop_loss.stop_price');
    if (numbers.takeProfit === null) return malformed('bracket orders require take_profit.limit_price');
  }
  if (orderClass === 'oto') {
    if (hasProfit === hasStop) return malformed('oto orders require exactly one of take_profit or stop_loss');
    if (hasProfit && numbers.takeProfit === null) return malformed('oto orders require take_profit.limit_price');
  }
  if (orderClass === 'oco') {
    if (request.type !== 'limit') return invalid('oco orders must be limit orders');
    if (!hasStop) return malformed('oco orders require stop_loss.stop_price');
  }
  return null;
}

/** Exits, as they lie to each other and to the price they start from. `exitSide` sells what was bought. */
export type LegPrices = { readonly exitSide: 'buy' | 'sell'; readonly base: Price; readonly takeProfit: Price | null; readonly stop: Price; readonly stopLimit: Price | null };

/** A stop-loss below (for a long position) the take-profit and at least a cent below its base; its limit not above its stop. */
export function checkLegPrices(legs: Omit<LegPrices, 'stop'> & { readonly stop: Price | null }): Refusal {
  const { exitSide, base, takeProfit, stop, stopLimit } = legs;
  const isLong = exitSide === 'sell';
  const sign = isLong ? 1 : -1;
  const isBeyond = (a: Decimal, b: Decimal): boolean => a.minus(b).times(sign).gt(0);
  const details = { base_price: toText(base) };
  if (takeProfit && stop && !isBeyond(takeProfit, stop)) return invalid(`take_profit.limit_price must be ${isLong ? 'greater' : 'less'} than stop_loss.stop_price`);
  if (takeProfit && takeProfit.minus(base).times(sign).lt(CENT)) return invalid(`take_profit.limit_price must be ${isLong ? '>= base_price + 0.01' : '<= base_price - 0.01'}`, details);
  if (stop && base.minus(stop).times(sign).lt(CENT)) return invalid(`stop_loss.stop_price must be ${isLong ? '<= base_price - 0.01' : '>= base_price + 0.01'}`, details);
  if (stop && stopLimit && isBeyond(stopLimit, stop)) return invalid(`stop_loss.limit_price must be ${isLong ? '<=' : '>='} stop_loss.stop_price`);
  return null;
}

/** A stop must lie beyond the market: above it for a buy, below it for a sell, by a cent at least. */
export function checkStopAgainstMarket(side: 'buy' | 'sell', stop: Price | null, market: Price): Refusal {
  if (stop === null || stop.minus(market).times(side === 'buy' ? 1 : -1).gte(CENT)) return null;
  return invalid(`stop price must be ${side === 'buy' ? 'greater' : 'less'} than current price`, { market_price: toText(market), stop_price: toText(stop) });
}

/** Whether an order of this type, however it lies, can meet any price. */
export function meetsAnyPrice(type: OrderRequest['type']): boolean {
  return type === 'market' || (isStopType(type) && type !== 'stop_limit');
}
