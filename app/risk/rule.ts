/** What a pre-trade rule is, and the words that all rules share. */
import type { DenialCode, RuleResult } from '#app/domain/limits.ts';
import { Decimal, floorToLot, toText, type Money, type Price } from '#app/domain/numeric.ts';
import type { RiskBook, RiskMarket, Share } from './book.ts';
import type { Proposal } from './draft.ts';

/** A rule's answer; `code` null: it passed. `told`: its result and, when it failed, the sentence that a person reads. */
export type Answer = { readonly code: DenialCode | null; readonly told: () => { readonly result: RuleResult; readonly because: string } };

/** What a rule is asked about. `book` is without the order whose place the proposal takes. */
export type Question = { readonly book: RiskBook; readonly market: RiskMarket; readonly proposal: Proposal; readonly share: Share };

/** What a rule saw, in words. `wouldPass`: what would have passed; null = nothing would. Asked only when it did not pass. */
export type Words = { readonly threshold: string | null; readonly observed: string | null; readonly because: string; readonly wouldPass: string | null };

/** What a rule found. `words` are made when somebody reads them: a back-test asks every rule thousands of times and reads nothing. */
export type Verdict = { readonly passed: boolean; readonly words: () => Words };

/** A named rule; `ask` gives null when it does not apply to the question. */
export type Rule = { readonly name: string; readonly code: DenialCode; readonly unit: RuleResult['unit']; readonly ask: (question: Question) => Verdict | null };

/** Dollars for people: two digits, for example $10,400.25; a price below a dollar keeps four. */
export function dollars(amount: Decimal): string {
  const isFine = amount.abs().lt(1) && !amount.isZero() && !amount.toDecimalPlaces(2).eq(amount);
  const [whole = '0', cents = '00'] = amount.abs().toFixed(isFine ? 4 : 2).split('.');
  return `${amount.isNegative() && !amount.isZero() ? '-' : ''}$${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${cents}`;
}

/** "at most 40 shares": the whole shares that `left` dollars pay at a price; null when it is none. */
export function atMostShares(left: Decimal, price: Price | null): string | null {
  if (price === null || !price.gt(0) || left.lt(price)) return null;
  const shares = floorToLot(left.div(price), new Decimal(1));
  return `at most ${toText(shares)} share${shares.eq(1) ? '' : 's'}`;
}

/** A limit in dollars or shares. An order that reduces passes it always: an exit is never held up by the exposure that it shrinks. */
export function atMost(question: Question, { limit, observed }: { readonly limit: Decimal; readonly observed: Decimal }, more: () => Pick<Words, 'because' | 'wouldPass'>): Verdict {
  return { passed: question.proposal.isReducing || observed.lte(limit), words: () => ({ threshold: toText(limit), observed: toText(observed), ...more() }) };
}

/** What is left of a limit, never less than nothing. */
export function leftOf(limit: Money, before: Money): Decimal {
  return Decimal.max(0, limit.minus(before));
}
