/** Judgements in words: of a run, and of the search that found its parameters. Pure. */
import type { BacktestResult } from '#app/contracts/backtest.ts';
import type { SearchReportView } from '#app/contracts/search-report.ts';
import { percent } from '../../../ui/format.ts';

type Judgement = NonNullable<BacktestResult['verdict']>;

/** Whether to believe it. */
export type Belief = Judgement['belief'];
/** How good one reason is. */
export type Grade = Judgement['reasons'][number]['grade'];
/** The meaning of a colour. */
export type Tone = 'good' | 'warn' | 'bad' | 'idle';

/** What a belief is called, and its tone. */
export const BELIEFS: Readonly<Record<Belief, { readonly words: string; readonly tone: Tone; readonly short: string }>> = {
  believe: { words: 'Believe it', tone: 'good', short: 'Believe' }, doubtful: { words: 'Doubtful', tone: 'warn', short: 'Doubtful' }, do_not_believe: { words: 'Do not believe it', tone: 'bad', short: 'Do not believe' },
};
/** What a grade is called, and its tone. */
export const GRADES: Readonly<Record<Grade, { readonly words: string; readonly tone: Tone }>> = { bad: { words: 'speaks against it', tone: 'bad' }, weak: { words: 'weak', tone: 'warn' }, unknown: { words: 'not known', tone: 'idle' }, good: { words: 'speaks for it', tone: 'good' } };

const sentence = (words: string): string => `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;

/** The headline without the belief that stands beside it anyway. headlineOf('Doubtful: it made 2 %.') = 'It made 2 %.' */
export function headlineOf(headline: string): string {
  const rest = headline.replace(/^(believe it|doubtful|do not believe it)[:,]?\s*/i, '');
  return rest === '' ? headline : sentence(rest);
}

/** One statement about a search. */
export type SearchStatement = { readonly title: string; readonly tone: Tone; readonly value: string; readonly words: string };

const OVERFIT_GOOD = 0.2;
const OVERFIT_WEAK = 0.5;
const EFFICIENCY_GOOD = 0.5;
const DEFLATED_GOOD = 0.95;
const DEFLATED_WEAK = 0.8;
const PLATEAU_GOOD = 0.6;
const PLATEAU_WEAK = 0.3;

const graded = (value: number, good: number, weak: number): Tone => (value >= good ? 'good' : value >= weak ? 'warn' : 'bad');
const whole = (value: number): string => percent(value, { signed: false, decimals: 0 }).replace(' ', '\u00a0');

function overfitting(report: SearchReportView): SearchStatement {
  const { overfitting: found } = report;
  if (found === null) return { title: 'Overfitting', tone: 'idle', value: 'not known', words: 'Too few points or too short a time to cut it into halves.' };
  const tone = found.probability <= OVERFIT_GOOD || found.chanceOfLoss <= 0.05 ? 'good' : found.probability <= OVERFIT_WEAK ? 'warn' : 'bad';
  return { title: 'Overfitting', tone, value: whole(found.probability), words: `The best of one half of the time was below the median of the other half in ${whole(found.probability)} of ${found.splits} splits, and lost there in ${whole(found.chanceOfLoss)}. Half is what a coin does.` };
}

function deflated(report: SearchReportView, value: number | null): SearchStatement {
  if (value === null) return { title: 'Deflated Sharpe', tone: 'idle', value: 'not known', words: 'The statistics of the run that was chosen are not there, or its time is too short.' };
  return { title: 'Deflated Sharpe', tone: graded(value, DEFLATED_GOOD, DEFLATED_WEAK), value: whole(value), words: `The probability that the Sharpe ratio is real, when the best of ${report.trials} worthless trials is what it is held against.` };
}

function walkForward(report: SearchReportView): SearchStatement {
  const found = report.walkForward;
  if (found === null) return { title: 'Out of sample', tone: 'idle', value: 'not tried', words: 'No walk-forward was asked for: nothing here was tried on time that the choice had not seen.' };
  const { objective } = found.efficiency;
  const won = found.folds.filter(({ outOfSample }) => (outOfSample?.[report.objective.figure] ?? 0) > 0).length;
  if (objective === null) return { title: 'Out of sample', tone: 'idle', value: 'not known', words: `In ${won} of ${found.folds.length} windows the choice went on above zero behind its window.` };
  return { title: 'Out of sample', tone: objective >= EFFICIENCY_GOOD ? 'good' : objective > 0 ? 'warn' : 'bad', value: `${whole(Math.max(-9.99, objective))} left`, words: `Behind the windows in which it was chosen, ${whole(objective)} of the score was left; ${won} of ${found.folds.length} windows stayed above zero.` };
}

function plateau(report: SearchReportView): SearchStatement {
  const { best, sturdy } = report;
  const kept = best?.plateau?.score ?? null;
  if (best === null) return { title: 'Plateau', tone: 'idle', value: 'nothing found', words: 'No point could be judged.' };
  if (kept === null) return { title: 'Plateau', tone: 'idle', value: 'not known', words: 'The best point has too few neighbours to say whether it stands on a plateau.' };
  const other = sturdy?.plateau?.score ?? null;
  return { title: 'Plateau', tone: graded(kept, PLATEAU_GOOD, PLATEAU_WEAK), value: `${whole(kept)} kept`, words: `Beside the best point ${whole(kept)} of its score is left${other === null || other === kept ? '' : `; beside the sturdiest ${whole(other)}`}. A needle does not hold; a plateau does.` };
}

/** What to make of a search, the weightiest first. `deflatedSharpe`: of the run with the parameters that were taken. */
export function searchStatements(report: SearchReportView, deflatedSharpe: number | null): readonly SearchStatement[] {
  return [overfitting(report), deflated(report, deflatedSharpe), walkForward(report), plateau(report)];
}

/** All of it in one line. */
export function searchHeadline(statements: readonly SearchStatement[]): { readonly tone: Tone; readonly words: string } {
  const bad = statements.filter(({ tone }) => tone === 'bad');
  const open = statements.filter(({ tone }) => tone !== 'good');
  if (bad.length > 0) return { tone: 'bad', words: sentence(`${bad.map(({ title }) => title.toLowerCase()).join(' and ')} ${bad.length === 1 ? 'speaks' : 'speak'} against these parameters.`) };
  if (open.length > 0) return { tone: 'warn', words: sentence(`${open.map(({ title }) => title.toLowerCase()).join(', ')} ${open.length === 1 ? 'is' : 'are'} weak or not known.`) };
  return { tone: 'good', words: 'The parameters hold beside their neighbours, behind their windows and against chance.' };
}
