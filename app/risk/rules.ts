/** The pre-trade rules: named, ordered, each with the threshold, the value it saw and what would have passed. The first that fails gives the denial's code. */
import { shareOf, type RiskBook, type RiskMarket } from './book.ts';
import type { Proposal } from './draft.ts';
import type { Answer, Rule, Verdict } from './rule.ts';
import { LIMIT_RULES } from './rules-limits.ts';
import { ORDER_RULES } from './rules-order.ts';
import { STATE_RULES } from './rules-state.ts';
import { TARGET_RULES } from './rules-target.ts';

/** All rules in the order in which they are asked. */
export const RULES: readonly Rule[] = [...STATE_RULES, ...ORDER_RULES, ...TARGET_RULES, ...LIMIT_RULES];

/** Asks every rule that applies. All are asked, so that a person sees the whole picture and not only the first obstacle. What they say must be read before the book moves on. */
export function askRules(book: RiskBook, market: RiskMarket, proposal: Proposal): Answer[] {
  const share = shareOf(book, proposal.strategyId, proposal.symbol);
  const answers: Answer[] = [];
  for (const rule of RULES) {
    const verdict = rule.ask({ book, market, proposal, share });
    if (verdict === null) continue;
    answers.push(answerOf(rule, verdict));
  }
  return answers;
}

function answerOf({ name, unit, code: denial }: Rule, { passed, words }: Verdict): Answer {
  const code = passed ? null : denial;
  return {
    code,
    told() {
      const { threshold, observed, because, wouldPass } = words();
      return { result: { rule: name, passed, threshold, observed, unit, code, wouldPass: passed ? null : wouldPass }, because };
    },
  };
}
