/** How many shares an entry may have: three methods, exact decimals, whole shares, always rounded down. */
import * as z from 'zod';
import { Decimal, floorToLot, positiveDecimalText, roundToLedger, toText, ZERO_QUANTITY, type Money, type Price, type Quantity } from './numeric.ts';
import type { SizingStep } from './limits.ts';
import { unreachable } from './errors.ts';

const percentText = positiveDecimalText.refine((text) => !positiveDecimalText.safeParse(text).success || new Decimal(text).lte(100), 'must be at most 100').describe('Percent, more than 0 and at most 100');

/** What a strategy's `sizing` column holds. */
export const sizingSchema = z.discriminatedUnion('method', [
  z.object({ method: z.literal('fixed_notional'), notional: positiveDecimalText.describe('Dollars per entry') }),
  z.object({ method: z.literal('percent_of_equity'), percent: percentText }),
  z.object({
    method: z.literal('atr_risk'),
    riskPercent: percentText.describe('Percent of equity that is lost when the price falls by atrMultiple average true ranges'),
    atrMultiple: positiveDecimalText,
    maxPercent: percentText.describe('Cap of the entry, percent of equity'),
  }),
]);
/** A sizing method with its parameters. */
export type Sizing = z.infer<typeof sizingSchema>;

/** What sizing looks at: equity and price in dollars, the average true range in dollars per share or null when the strategy has none. */
export type SizingFacts = { readonly equity: Money; readonly price: Price; readonly atr: Price | null };

/** Whole shares (0 when the method allows none), the arithmetic in words, for "why this many", and step by step. */
export type Sized = { readonly qty: Quantity; readonly why: string; readonly steps: readonly SizingStep[] };

const ONE_SHARE = new Decimal(1);
const HUNDRED = new Decimal(100);

function wholeShares(shares: Decimal): Quantity {
  return shares.gt(0) ? floorToLot(shares, ONE_SHARE) : ZERO_QUANTITY;
}

function percentOf(equity: Money, percent: string): Decimal {
  return equity.times(percent).div(HUNDRED);
}

function budgetStep(how: string, budget: Decimal): SizingStep {
  return { step: 'budget', how, result: toText(roundToLedger(budget)), unit: 'USD' };
}

function sharesStep(step: string, how: string, qty: Quantity): SizingStep {
  return { step, how, result: toText(qty), unit: 'shares' };
}

function dollars(amount: Decimal): string {
  return `$${toText(roundToLedger(amount))}`;
}

/**
 * Shares of an entry. Worked: equity 100000, price 50, ATR 2.
 * fixed_notional 5020 = floor(5020 / 50) = 100. percent_of_equity 10 = floor(10000 / 50) = 200.
 * atr_risk 1 %, 2 ATR, cap 20 % = min(floor(1000 / 4) = 250, floor(20000 / 50) = 400) = 250.
 * An atr_risk without an ATR gives 0 shares: a risk that cannot be measured is not taken.
 */
export function sizeEntry(sizing: Sizing, facts: SizingFacts): Sized {
  const { equity, price, atr } = facts;
  switch (sizing.method) {
    case 'fixed_notional': {
      const qty = wholeShares(new Decimal(sizing.notional).div(price));
      const how = `${dollars(new Decimal(sizing.notional))} / ${dollars(price)}`;
      return { qty, why: `${how} = ${toText(qty)} shares`, steps: [budgetStep('fixed dollars per entry', new Decimal(sizing.notional)), sharesStep('whole shares', how, qty)] };
    }
    case 'percent_of_equity': {
      const budget = percentOf(equity, sizing.percent);
      const qty = wholeShares(budget.div(price));
      const why = `${sizing.percent} % of ${dollars(equity)} / ${dollars(price)} = ${toText(qty)} shares`;
      return { qty, why, steps: [budgetStep(`${sizing.percent} % of ${dollars(equity)}`, budget), sharesStep('whole shares', `${dollars(budget)} / ${dollars(price)}`, qty)] };
    }
    case 'atr_risk': {
      if (atr === null || !atr.gt(0)) return { qty: ZERO_QUANTITY, why: 'the signal has no average true range, so the risk per share is not known', steps: [] };
      const byRisk = wholeShares(percentOf(equity, sizing.riskPercent).div(atr.times(sizing.atrMultiple)));
      const byCap = wholeShares(percentOf(equity, sizing.maxPercent).div(price));
      const qty = byRisk.lt(byCap) ? byRisk : byCap;
      const why = `${sizing.riskPercent} % of ${dollars(equity)} / (${sizing.atrMultiple} x ATR ${dollars(atr)}) = ${toText(byRisk)}, capped at ${sizing.maxPercent} % of equity = ${toText(byCap)}: ${toText(qty)} shares`;
      const risk = percentOf(equity, sizing.riskPercent);
      return {
        qty, why,
        steps: [
          budgetStep(`${sizing.riskPercent} % of ${dollars(equity)} may be lost`, risk), sharesStep('shares by risk', `${dollars(risk)} / (${sizing.atrMultiple} x ATR ${dollars(atr)})`, byRisk),
          sharesStep('shares by cap', `${sizing.maxPercent} % of ${dollars(equity)} / ${dollars(price)}`, byCap), sharesStep('whole shares', 'the smaller of the two', qty),
        ],
      };
    }
    default:
      return unreachable(sizing);
  }
}
