/** The terms of an order: type, prices, time in force, class and legs; and what every broker would refuse about them, said before it is asked. */
import * as z from 'zod';
import { positiveDecimalText, price, roundToTick, toText, type Decimal, type Price, type Quantity } from './numeric.ts';
import { orderClassSchema, orderTypeSchema, timeInForceSchema, type OrderClass, type OrderType, type Side, type TimeInForce } from './order.ts';

const optionalPrice = positiveDecimalText.nullable().default(null);

/**
 * Terms on the wire, to be spread into a message. Prices are dollars per share as decimal text; `trailPercent` is percent.
 * `takeProfit` and `stopLoss` are the exits that the broker makes of a bracket, oco or oto. The limit order of an `oco` is its take-profit: `limitPrice`.
 */
export const orderTermsFields = {
  type: orderTypeSchema, timeInForce: timeInForceSchema, orderClass: orderClassSchema.default('simple'), extendedHours: z.boolean().default(false),
  limitPrice: optionalPrice, stopPrice: optionalPrice, trailPrice: optionalPrice, trailPercent: optionalPrice,
  takeProfit: z.object({ limitPrice: positiveDecimalText }).nullable().default(null),
  stopLoss: z.object({ stopPrice: positiveDecimalText, limitPrice: optionalPrice }).nullable().default(null),
};
/** Terms on the wire. */
export type OrderTermsWire = z.infer<z.ZodObject<typeof orderTermsFields>>;

/** The terms of an order, exact. */
export type OrderTerms = {
  readonly type: OrderType; readonly timeInForce: TimeInForce; readonly orderClass: OrderClass; readonly extendedHours: boolean;
  readonly limitPrice: Price | null; readonly stopPrice: Price | null;
  /** Distance of a trailing stop in dollars, or in percent; exactly one of the two. */
  readonly trailPrice: Price | null; readonly trailPercent: Decimal | null;
  readonly takeProfit: { readonly limitPrice: Price } | null;
  readonly stopLoss: { readonly stopPrice: Price; readonly limitPrice: Price | null } | null;
};

/** A market order good for the day, alone. */
export const MARKET_TERMS: OrderTerms = {
  type: 'market', timeInForce: 'day', orderClass: 'simple', extendedHours: false, limitPrice: null, stopPrice: null, trailPrice: null, trailPercent: null, takeProfit: null, stopLoss: null,
};

const exact = (text: string | null): Price | null => (text === null ? null : price(text));
const text = (value: Decimal | null): string | null => (value === null ? null : toText(value));

/** Wire -> exact. @throws AppError INPUT_INVALID */
export function readTerms(wire: OrderTermsWire): OrderTerms {
  const { type, timeInForce, orderClass, extendedHours } = wire;
  return {
    type, timeInForce, orderClass, extendedHours, limitPrice: exact(wire.limitPrice), stopPrice: exact(wire.stopPrice), trailPrice: exact(wire.trailPrice), trailPercent: exact(wire.trailPercent),
    takeProfit: wire.takeProfit === null ? null : { limitPrice: price(wire.takeProfit.limitPrice) },
    stopLoss: wire.stopLoss === null ? null : { stopPrice: price(wire.stopLoss.stopPrice), limitPrice: exact(wire.stopLoss.limitPrice) },
  };
}

/** Exact -> wire. */
export function writeTerms(terms: OrderTerms): OrderTermsWire {
  const { type, timeInForce, orderClass, extendedHours } = terms;
  return {
    type, timeInForce, orderClass, extendedHours, limitPrice: text(terms.limitPrice), stopPrice: text(terms.stopPrice), trailPrice: text(terms.trailPrice), trailPercent: text(terms.trailPercent),
    takeProfit: terms.takeProfit === null ? null : { limitPrice: toText(terms.takeProfit.limitPrice) },
    stopLoss: terms.stopLoss === null ? null : { stopPrice: toText(terms.stopLoss.stopPrice), limitPrice: text(terms.stopLoss.limitPrice) },
  };
}

/** Something about the terms that cannot be sent. `field` is the name on the wire (`stopLoss.stopPrice`). */
export type TermsIssue = { readonly field: string; readonly message: string };

const NEEDS: Readonly<Record<OrderType, { readonly limit: boolean; readonly stop: boolean; readonly trail: boolean }>> = {
  market: { limit: false, stop: false, trail: false }, limit: { limit: true, stop: false, trail: false }, stop: { limit: false, stop: true, trail: false },
  stop_limit: { limit: true, stop: true, trail: false }, trailing_stop: { limit: false, stop: false, trail: true },
};
const NAMES: Readonly<Record<OrderType, string>> = { market: 'market', limit: 'limit', stop: 'stop', stop_limit: 'stop-limit', trailing_stop: 'trailing-stop' };

function priceIssues(terms: OrderTerms): TermsIssue[] {
  const needs = NEEDS[terms.type];
  const name = `A ${NAMES[terms.type]} order`;
  const issues: TermsIssue[] = [];
  const check = (field: string, isGiven: boolean, isNeeded: boolean, what: string): void => {
    if (isGiven !== isNeeded) issues.push({ field, message: `${name} ${isNeeded ? 'needs a' : 'has no'} ${what}` });
  };
  check('limitPrice', terms.limitPrice !== null, needs.limit, 'limit price');
  check('stopPrice', terms.stopPrice !== null, needs.stop, 'stop price');
  const trails = Number(terms.trailPrice !== null) + Number(terms.trailPercent !== null);
  if (needs.trail && trails !== 1) issues.push({ field: 'trailPrice', message: 'A trailing stop needs its distance either in dollars or in percent' });
  if (!needs.trail && trails > 0) issues.push({ field: 'trailPrice', message: `${name} does not trail` });
  if (terms.trailPercent?.gte(100) === true) issues.push({ field: 'trailPercent', message: 'The distance must be less than 100 %' });
  return issues;
}

function timeIssues(terms: OrderTerms, qty: Quantity): TermsIssue[] {
  const issues: TermsIssue[] = [];
  const { type, timeInForce: tif } = terms;
  const isLongLived = tif === 'day' || tif === 'gtc';
  if (!isLongLived && type !== 'market' && type !== 'limit') issues.push({ field: 'timeInForce', message: `A ${NAMES[type]} order can be good for the day or until canceled` });
  if (terms.extendedHours && (type !== 'limit' || !isLongLived)) issues.push({ field: 'extendedHours', message: 'Only limit orders, good for the day or until canceled, trade outside of the regular session' });
  if (!qty.isInteger()) {
    if (tif !== 'day') issues.push({ field: 'timeInForce', message: 'A part of a share can be ordered good for the day only' });
    if (type === 'trailing_stop') issues.push({ field: 'qty', message: 'A trailing stop needs whole shares' });
    if (terms.orderClass !== 'simple') issues.push({ field: 'qty', message: 'An order with exits needs whole shares' });
  }
  return issues;
}

function legIssues(terms: OrderTerms, side: Side): TermsIssue[] {
  const { orderClass, takeProfit, stopLoss } = terms;
  const issues: TermsIssue[] = [];
  const add = (field: string, message: string): void => void issues.push({ field, message });
  const legs = Number(takeProfit !== null) + Number(stopLoss !== null);
  if (orderClass === 'simple' && legs > 0) add('orderClass', 'A simple order has no exits; choose bracket or one-triggers-other');
  if (orderClass === 'bracket' && legs !== 2) add('orderClass', 'A bracket needs a take-profit and a stop-loss');
  if (orderClass === 'oto' && legs !== 1) add('orderClass', 'One-triggers-other needs exactly one of take-profit and stop-loss');
  if (orderClass === 'oco' && (takeProfit !== null || stopLoss === null || terms.type !== 'limit')) add('orderClass', 'One-cancels-other is a limit order (the take-profit) with a stop-loss');
  if (orderClass === 'simple') return issues;
  if (terms.timeInForce !== 'day' && terms.timeInForce !== 'gtc') add('timeInForce', 'An order with exits is good for the day or until canceled');
  if (terms.extendedHours) add('extendedHours', 'An order with exits trades in the regular session only');
  if ((orderClass === 'bracket' || orderClass === 'oto') && terms.type !== 'market' && terms.type !== 'limit') add('type', 'An entry with exits is a market or a limit order');
  // For a buy the take-profit lies above the stop-loss; an oco that sells protects a long position, so its limit lies above too.
  const isAbove = orderClass === 'oco' ? side === 'sell' : side === 'buy';
  const profit = orderClass === 'oco' ? terms.limitPrice : (takeProfit?.limitPrice ?? null);
  const stop = stopLoss?.stopPrice ?? null;
  const wrongWay = (a: Decimal, b: Decimal): boolean => (isAbove ? !a.gt(b) : !a.lt(b));
  if (profit !== null && stop !== null && wrongWay(profit, stop)) add('stopLoss.stopPrice', `The stop-loss must lie ${isAbove ? 'below' : 'above'} the take-profit`);
  const entry = orderClass === 'oco' ? null : terms.limitPrice;
  if (entry !== null && stop !== null && entry.minus(stop).times(isAbove ? 1 : -1).lt('0.01')) add('stopLoss.stopPrice', `The stop-loss must lie at least one cent ${isAbove ? 'below' : 'above'} the entry`);
  if (entry !== null && takeProfit !== null && takeProfit.limitPrice.minus(entry).times(isAbove ? 1 : -1).lt('0.01')) add('takeProfit.limitPrice', `The take-profit must lie at least one cent ${isAbove ? 'above' : 'below'} the entry`);
  return issues;
}

/** Every price of the terms with its name on the wire. */
export function pricesOf(terms: OrderTerms): readonly { readonly field: string; readonly price: Price }[] {
  const all: readonly [string, Price | null][] = [
    ['limitPrice', terms.limitPrice], ['stopPrice', terms.stopPrice], ['takeProfit.limitPrice', terms.takeProfit?.limitPrice ?? null],
    ['stopLoss.stopPrice', terms.stopLoss?.stopPrice ?? null], ['stopLoss.limitPrice', terms.stopLoss?.limitPrice ?? null],
  ];
  return all.flatMap(([field, value]) => (value === null ? [] : [{ field, price: value }]));
}

/** Prices finer than the exchange takes (Rule 612: a cent from $1, a hundredth of a cent below). */
export function subPennyIssues(terms: OrderTerms): TermsIssue[] {
  return pricesOf(terms).flatMap(({ field, price: value }) =>
    (roundToTick(value).eq(value) ? [] : [{ field, message: `${toText(value)} is finer than the exchange takes: at most ${value.gte(1) ? 'two' : 'four'} digits after the point` }]));
}

/**
 * Everything about the terms that no broker takes, whatever the account holds: prices that a type needs or cannot have, times in force, fractions, legs.
 * Empty = well formed. A bracket that buys at 50 with a stop at 51 gives `stopLoss.stopPrice`.
 */
export function termsIssues(terms: OrderTerms, order: { readonly side: Side; readonly qty: Quantity }): TermsIssue[] {
  return [...priceIssues(terms), ...timeIssues(terms, order.qty), ...legIssues(terms, order.side), ...subPennyIssues(terms)];
}
