/** Margin: what a position pledges, and what is left to buy with (reference E8). */
import { Decimal, roundToLedger, ZERO_MONEY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';

/** What a listing says about lending against it. */
export type MarginTerms = { readonly isMarginable: boolean; readonly maintenancePercent: string | null };

const INITIAL = '0.5';
const LONG = '0.3';
const LONG_CHEAP_BELOW = '2.5';
const SHORT = '0.3';
const SHORT_CHEAP_BELOW = 5;
const SHORT_PER_SHARE = 5;
const SHORT_CHEAP_PER_SHARE = '2.5';
/** Equity from which the broker lends at all. */
const MARGIN_EQUITY = 2_000;

/** The multiplier that counts: 1 below $2,000 of equity, else what the account has and its owner allows. */
export function multiplierOf(own: 1 | 2 | 4, allowed: 1 | 2 | 4, equity: Decimal): 1 | 2 | 4 {
  if (equity.lt(MARGIN_EQUITY)) return 1;
  return allowed < own ? allowed : own;
}

/** Regulation T: half of the value, all of it where nothing is lent. */
export function initialMarginOf(value: Decimal, terms: MarginTerms | undefined): Money {
  return roundToLedger(value.abs().times(terms?.isMarginable === false ? 1 : INITIAL)) as Money;
}

/**
 * Maintenance of one position. Long: 30 % (below $2.50 all of it; leveraged funds by their listing). Short: 30 % but at least $5 a share; below $5 all of it,
 * at least $2.50 a share. 100 short at $10 pledge $500: 30 % would be $300.
 */
export function maintenanceOf(qty: Quantity, mark: Price, terms: MarginTerms | undefined): Money {
  const shares = qty.abs();
  const value = shares.times(mark);
  const listed = terms?.maintenancePercent ?? null;
  const own = terms?.isMarginable === false ? new Decimal(1) : listed === null ? new Decimal(0) : new Decimal(listed).div(100);
  if (qty.gte(0)) return roundToLedger(value.times(Decimal.max(own, mark.lt(LONG_CHEAP_BELOW) ? 1 : LONG))) as Money;
  const isCheap = mark.lt(SHORT_CHEAP_BELOW);
  const least = shares.times(isCheap ? SHORT_CHEAP_PER_SHARE : SHORT_PER_SHARE);
  return roundToLedger(Decimal.max(least, value.times(Decimal.max(own, isCheap ? 1 : SHORT)))) as Money;
}

/** What buying power is worked out from; dollars. `grossAdded` is the market value of all positions beyond that of the last session's end. */
export type PowerInputs = {
  readonly multiplier: 1 | 2 | 4; readonly cash: Money; readonly equity: Money; readonly initialMargin: Money; readonly reserved: Money;
  readonly lastEquity: Money; readonly lastMaintenanceMargin: Money; readonly grossAdded: Decimal;
};

/** The three kinds of buying power, never below zero. */
export type BuyingPower = { readonly buyingPower: Money; readonly regtBuyingPower: Money; readonly nonMarginableBuyingPower: Money };

/**
 * Multiplier 1: cash. 2: twice the equity that is not pledged. 4: four times what was free at the last session's end, less what was opened since.
 * Open orders hold back their cost from each.
 */
export function buyingPowerOf(inputs: PowerInputs): BuyingPower {
  const { multiplier, cash, equity, initialMargin, reserved } = inputs;
  const left = (gross: Decimal): Money => (gross.gt(reserved) ? (roundToLedger(gross.minus(reserved)) as Money) : ZERO_MONEY);
  if (multiplier === 1) return { buyingPower: left(cash), regtBuyingPower: left(cash), nonMarginableBuyingPower: left(cash) };
  const excess = Decimal.max(0, equity.minus(initialMargin));
  const regt = left(excess.times(2));
  const intraday = left(Decimal.max(0, inputs.lastEquity.minus(inputs.lastMaintenanceMargin)).times(4).minus(Decimal.max(0, inputs.grossAdded)));
  return { buyingPower: multiplier === 4 ? intraday : regt, regtBuyingPower: regt, nonMarginableBuyingPower: left(excess) };
}
