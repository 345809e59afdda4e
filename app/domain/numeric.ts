/** Exact decimals of the ledger world: prices, quantities, money; every rounding is named here. */
import { Decimal as DecimalBase } from 'decimal.js';
import * as z from 'zod';
import { AppError, invariant } from './errors.ts';

/** decimal.js with enough digits for NUMERIC(24,9) products, half-even by default. */
export const Decimal = DecimalBase.clone({ precision: 40, rounding: DecimalBase.ROUND_HALF_EVEN, toExpNeg: -30, toExpPos: 40 });
/** An exact decimal number without a unit. */
export type Decimal = DecimalBase;

/** US dollars per share. */
export type Price = Decimal & { readonly __unit: 'price' };
/** Shares; signed where the name says so (a position), else >= 0. */
export type Quantity = Decimal & { readonly __unit: 'quantity' };
/** US dollars. */
export type Money = Decimal & { readonly __unit: 'money' };

/** Digits after the point that the ledger keeps (NUMERIC(24,9)). */
export const LEDGER_SCALE = 9;
/** From here on a number has more digits than the wire and NUMERIC(24,9) take. */
export const LEDGER_LIMIT = 1e15;
const DECIMAL_TEXT = /^-?\d{1,15}(\.\d{1,9})?$/;

/** Wire form of every exact number: a plain decimal string, at most 15 digits before and 9 after the point. */
export const decimalText = z.string().regex(DECIMAL_TEXT, 'must be a decimal number as text, for example "12.50"');
/** A decimal string > 0. */
export const positiveDecimalText = decimalText.refine((text) => !text.startsWith('-') && /[1-9]/.test(text), 'must be greater than zero');

function parse(text: string, what: string): DecimalBase {
  if (!DECIMAL_TEXT.test(text)) {
    throw new AppError('INPUT_INVALID', `${what} must be a plain decimal number such as "12.50", got "${text.slice(0, 40)}"`);
  }
  return new Decimal(text);
}

/** Parses a price in dollars. @throws AppError INPUT_INVALID */
export function price(text: string): Price {
  return parse(text, 'A price') as Price;
}
/** Parses a quantity in shares. @throws AppError INPUT_INVALID */
export function quantity(text: string): Quantity {
  return parse(text, 'A quantity') as Quantity;
}
/** Parses an amount in dollars. @throws AppError INPUT_INVALID */
export function money(text: string): Money {
  return parse(text, 'An amount') as Money;
}

/** No dollars. */
export const ZERO_MONEY: Money = money('0');
/** No shares. */
export const ZERO_QUANTITY: Quantity = quantity('0');

/** quantity x price, exact, rounded half-even to the ledger's 9 digits. */
export function notional(shares: Quantity, at: Price): Money {
  return shares.times(at).toDecimalPlaces(LEDGER_SCALE, DecimalBase.ROUND_HALF_EVEN) as Money;
}
/** Sum of two amounts. */
export function addMoney(a: Money, b: Money): Money {
  return a.plus(b) as Money;
}
/** a - b. */
export function subtractMoney(a: Money, b: Money): Money {
  return a.minus(b) as Money;
}
/** Sum of two quantities. */
export function addQuantity(a: Quantity, b: Quantity): Quantity {
  return a.plus(b) as Quantity;
}
/** a - b. */
export function subtractQuantity(a: Quantity, b: Quantity): Quantity {
  return a.minus(b) as Quantity;
}
/** Rounds a price to the exchange's tick: 2 digits from $1, 4 below (Rule 612), half-even. */
export function roundToTick(value: Decimal): Price {
  return value.toDecimalPlaces(value.abs().gte(1) ? 2 : 4, DecimalBase.ROUND_HALF_EVEN) as Price;
}
/** Rounds shares down to the lot (1 = whole shares, 1e-9 = smallest fraction). */
export function floorToLot(value: Decimal, lot: Decimal): Quantity {
  invariant(lot.gt(0), 'A lot must be greater than zero', { lot: lot.toString() });
  return value.div(lot).floor().times(lot) as Quantity;
}
/** Rounds to the ledger's scale, half-even: average prices, ratios that are stored. */
export function roundToLedger<T extends Decimal>(value: T): T {
  return value.toDecimalPlaces(LEDGER_SCALE, DecimalBase.ROUND_HALF_EVEN) as T;
}
/** Fees are rounded up to the cent. */
export function ceilToCent(value: Decimal): Money {
  return value.toDecimalPlaces(2, DecimalBase.ROUND_CEIL) as Money;
}

/** The wire form of an exact number: plain notation, no exponent, no trailing zeros. */
export function toText(value: Decimal): string {
  invariant(value.isFinite(), 'A ledger number must be finite', { value: value.toString() });
  return value.isZero() ? '0' : value.toFixed();
}

/** The one crossing from the ledger world to the statistics world (float64). */
export function toFloat(value: Decimal): number {
  return value.toNumber();
}
/**
 * The one crossing back: a float64 becomes an exact decimal with at most `digits` digits after the point.
 * @throws AppError INVARIANT_BROKEN for NaN and infinities.
 */
export function fromFloat(value: number, digits: number): Decimal {
  invariant(Number.isFinite(value), 'A number that enters the ledger must be finite', { value });
  return new Decimal(value).toDecimalPlaces(digits, DecimalBase.ROUND_HALF_EVEN);
}
