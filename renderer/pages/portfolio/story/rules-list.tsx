/** The rules that a decision was made by: threshold, what was seen, passed or not, and what would have passed. */
import type { JSX } from 'react';
import { IconCheck, IconX } from '@tabler/icons-react';
import type { RuleResult } from '#app/domain/limits.ts';
import { age, count, money, NOTHING, quantity } from '../../../ui/format.ts';

const AMOUNT = /^-?\d+(\.\d+)?$/;
const UNITS: Readonly<Record<RuleResult['unit'], string>> = { USD: ' USD', shares: ' sh', percent: ' %', count: '', seconds: '', state: '', none: '' };

/** A number of a rule or a record as people read it, without its unit. Pure. */
function figure(value: string | null, unit: RuleResult['unit']): string {
  if (value === null) return NOTHING;
  if (!AMOUNT.test(value)) return value;
  switch (unit) {
    case 'USD': return money(value);
    case 'seconds': return age(Number(value) * 1_000);
    case 'count': return count(Number(value));
    case 'percent': return quantity(Number(value).toFixed(2));
    default: return quantity(value);
  }
}

/** A number with its unit: figureWithUnit('5', 'shares') = '5 sh'. */
export function figureWithUnit(value: string | null, unit: RuleResult['unit']): string {
  return value !== null && AMOUNT.test(value) ? `${figure(value, unit)}${UNITS[unit]}` : figure(value, unit);
}

/** "of 10,000.00 USD" for amounts, "more than 0 sh" where the threshold is a floor, "needs tradable" for conditions. Pure; exported for its test. */
export function thresholdWords(rule: Pick<RuleResult, 'threshold' | 'unit'> & Partial<Pick<RuleResult, 'observed' | 'passed'>>): string {
  if (rule.threshold === null) return '';
  if (!AMOUNT.test(rule.threshold)) return `needs ${rule.threshold}`;
  const [observed, threshold] = [Number(rule.observed ?? 'none'), Number(rule.threshold)];
  const isFloor = rule.passed === undefined || observed === threshold ? false : rule.passed ? observed > threshold : observed < threshold;
  return `${isFloor ? 'more than' : 'of'} ${figureWithUnit(rule.threshold, rule.unit)}`;
}

/** Observed against threshold, for rules that compare amounts; null when there is nothing to draw. */
export function usedShare(rule: RuleResult): number | null {
  if (rule.unit === 'state' || rule.unit === 'none' || rule.threshold === null || rule.observed === null) return null;
  const [observed, threshold] = [Number(rule.observed), Number(rule.threshold)];
  return Number.isFinite(observed) && Number.isFinite(threshold) && threshold > 0 && observed >= 0 ? Math.min(1, observed / threshold) : null;
}

function Rule({ rule }: { rule: RuleResult }): JSX.Element {
  const share = usedShare(rule);
  return (
    <li className={rule.passed ? 'passed' : 'failed'}>
      {rule.passed ? <IconCheck size={14} aria-label="passed" /> : <IconX size={14} aria-label="failed" />}
      <span className="rule-name" title={rule.code ?? rule.rule}>{rule.rule.replaceAll('_', ' ')}</span>
      <span className="num rule-observed">{figure(rule.observed, rule.unit)}</span>
      <span className="num muted rule-threshold" title={thresholdWords(rule)}>{thresholdWords(rule)}</span>
      <span className="rule-bar" aria-hidden>{share !== null && <i style={{ width: `${share * 100}%` }} />}</span>
      {rule.wouldPass !== null && <span className="rule-would">Would pass: {rule.wouldPass}</span>}
    </li>
  );
}

/** The list in the order in which the rules were asked; `isFailedFirst` lifts those that hinder. */
export function RulesList({ rules, isFailedFirst = false }: { rules: readonly RuleResult[]; isFailedFirst?: boolean }): JSX.Element {
  const shown = isFailedFirst ? [...rules.filter((rule) => !rule.passed), ...rules.filter((rule) => rule.passed)] : rules;
  return <ul className="rules">{shown.map((rule) => <Rule key={rule.rule} rule={rule} />)}</ul>;
}
