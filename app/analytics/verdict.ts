/** The verdict: whether to believe a result, in words, with every reason. */
import type { Evidence } from './evidence.ts';
import { CHECKS, type Grade, type Reason } from './verdict-checks.ts';

/** The three answers. */
export type Belief = 'believe' | 'doubtful' | 'do_not_believe';

/** The answer with its reasons: what speaks against it first, by weight. `headline`: one sentence. */
export type Verdict = { readonly belief: Belief; readonly headline: string; readonly reasons: readonly Reason[] };

/** Bad answers of this weight together are enough to disbelieve; weak and missing ones of this weight together to doubt. */
const ENOUGH_TO_DISBELIEVE = 9;
const ENOUGH_TO_DOUBT = 9;

/** What was not looked at counts as much as what is weak. */
const ORDER: Readonly<Record<Grade, number>> = { bad: 0, weak: 1, unknown: 1, good: 2 };
const SIGNS: Readonly<Record<Grade, string>> = { bad: '✗', weak: '~', unknown: '?', good: '✓' };
const WORDS: Readonly<Record<Belief, string>> = { believe: 'Believe it', doubtful: 'Doubtful', do_not_believe: 'Do not believe it' };

const weightOf = (reasons: readonly Reason[], grades: readonly Grade[]): number => reasons.filter((reason) => grades.includes(reason.grade)).reduce((sum, { weight }) => sum + weight, 0);

/**
 * Do not believe: a decisive question has a bad answer (it looks ahead, it lost, luck explains it), or bad answers weigh 9 together. Believe: no bad answer, every decisive question
 * has a good one, and weak and missing ones weigh less than 9 together. Doubtful: everything between.
 */
function beliefOf(reasons: readonly Reason[]): Belief {
  if (reasons.some(({ isDecisive, grade }) => isDecisive && grade === 'bad') || weightOf(reasons, ['bad']) >= ENOUGH_TO_DISBELIEVE) return 'do_not_believe';
  const isSure = reasons.every(({ isDecisive, grade }) => (isDecisive ? grade === 'good' : grade !== 'bad'));
  return isSure && weightOf(reasons, ['weak', 'unknown']) < ENOUGH_TO_DOUBT ? 'believe' : 'doubtful';
}

function headlineOf(belief: Belief, reasons: readonly Reason[]): string {
  const against = reasons.filter(({ grade }) => grade !== 'good');
  const [first] = against;
  if (belief === 'believe') return `${WORDS.believe}, with the usual caution: ${first ? `the weakest point is that ${lower(first.finding)}` : 'every question has a good answer.'}`;
  return `${WORDS[belief]}: ${first ? lower(first.finding) : ''}`;
}

/** The start of a sentence as the middle of one; words that are always capital stay. */
function lower(sentence: string): string {
  return sentence.slice(0, 1).toLowerCase() + sentence.slice(1);
}

/** Judges. The same evidence gives the same verdict. */
export function verdict(evidence: Evidence): Verdict {
  const reasons = CHECKS.flatMap((check) => check(evidence) ?? []).sort((a, b) => ORDER[a.grade] - ORDER[b.grade] || b.weight - a.weight);
  const belief = beliefOf(reasons);
  return { belief, headline: headlineOf(belief, reasons), reasons };
}

/** The verdict as lines of plain text: the headline, then each reason with what would change it. */
export function verdictLines({ headline, reasons }: Verdict): string[] {
  return [headline, ...reasons.map(({ grade, finding, remedy }) => `  ${SIGNS[grade]} ${finding}${grade === 'good' ? '' : ` ${grade === 'unknown' ? '' : 'Would help: '}${remedy}`}`)];
}
