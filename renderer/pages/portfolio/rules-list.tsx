/** The rules that a decision was made by: threshold, what was seen, passed or not. */
import type { JSX } from 'react';
import { IconCheck, IconX } from '@tabler/icons-react';
import type { RuleResult } from '#app/domain/limits.ts';
import { money, NOTHING, quantity } from '../../ui/format.ts';

const AMOUNT = /^-?\d+(\.\d+)?$/;
const UNITS: Readonly<Record<RuleResult['unit'], string>> = { USD: ' USD', shares: ' sh', percent: ' %', count: '', seconds: ' s', state: '', none: '' };

function amount(value: string | null, unit: RuleResult['unit']): string {
  if (value === null) return NOTHING;
  if (!AMOUNT.test(value)) return value;
  return unit === 'USD' ? money(value) : quantity(value);
}

/** "of 10,000.00 USD" for amounts, "needs tradable" for conditions. Pure; exported for its test. */
export function thresholdWords(rule: Pick<RuleResult, 'threshold' | 'unit'>): string {
  if (rule.threshold === null) return '';
  return AMOUNT.test(rule.threshold) ? `of ${amount(rule.threshold, rule.unit)}${UNITS[rule.unit]}` : `needs ${rule.threshold}`;
}

/** Observed against threshold, for rules that compare amounts; null when there is nothing to draw. */
export function usedShare(rule: RuleResult): number | null {
  if (rule.unit !== 'USD' || rule.threshold === null || rule.observed === null) return null;
  const [observed, threshold] = [Number(rule.observed), Number(rule.threshold)];
  return Number.isFinite(observed) && Number.isFinite(threshold) && threshold > 0 && observed >= 0 ? Math.min(1, observed / threshold) : null;
}

/** The list, in the order in which the rules were asked. */
export function RulesList({ rules }: { rules: readonly RuleResult[] }): JSX.Element {
  return (
    <ul className="rules">
      {rules.map((rule) => {
        const share = usedShare(rule);
        return (
          <li key={rule.rule} className={rule.passed ? 'passed' : 'failed'}>
            {rule.passed ? <IconCheck size={14} aria-label="passed" /> : <IconX size={14} aria-label="failed" />}
            <span className="rule-name">{rule.rule.replaceAll('_', ' ')}</span>
            <span className="num rule-observed">{amount(rule.observed, rule.unit)}</span>
            <span className="num muted rule-threshold" title={thresholdWords(rule)}>{thresholdWords(rule)}</span>
            <span className="rule-bar" aria-hidden>{share !== null && <i style={{ width: `${share * 100}%` }} />}</span>
          </li>
        );
      })}
    </ul>
  );
}
