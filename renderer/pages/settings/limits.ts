/** Risk limits as forms: groups, units, which way is looser, and what is wrong with what was written. Pure. */
import { riskLimitsSchema } from '#app/domain/limits.ts';
import type { RiskLimits } from '#app/domain/limits.ts';
import { money } from '../../ui/format.ts';
import type { LimitChanges, LimitKey } from './draft.ts';

/** One limit as a form draws it. `looser`: a larger number, a smaller one, or yes allows more. */
export type LimitField = { readonly key: LimitKey; readonly title: string; readonly unit: string; readonly looser: 'larger' | 'smaller' | 'yes' };

/** The limits in groups. */
export const LIMIT_GROUPS: readonly { readonly title: string; readonly fields: readonly LimitField[] }[] = [
  {
    title: 'One order', fields: [
      { key: 'maxOrderNotional', title: 'Largest order', unit: 'USD', looser: 'larger' }, { key: 'maxOrderQty', title: 'Most shares of an order', unit: 'shares', looser: 'larger' },
      { key: 'priceCollarPercent', title: 'Price collar', unit: '%', looser: 'larger' }, { key: 'maxDataAgeSeconds', title: 'Oldest price', unit: 's', looser: 'larger' },
    ],
  },
  {
    title: 'Positions', fields: [
      { key: 'maxPositionNotional', title: 'Largest position', unit: 'USD', looser: 'larger' }, { key: 'maxGrossExposure', title: 'Gross exposure', unit: 'USD', looser: 'larger' },
      { key: 'maxNetExposure', title: 'Net exposure', unit: 'USD', looser: 'larger' }, { key: 'allowShort', title: 'Short positions', unit: '', looser: 'yes' }, { key: 'allowMargin', title: 'Borrowed buying power', unit: '', looser: 'yes' },
      { key: 'marginHeadroomPercent', title: 'Margin headroom', unit: '%', looser: 'smaller' },
    ],
  },
  {
    title: 'The day', fields: [
      { key: 'maxDailyLoss', title: 'Daily loss', unit: 'USD', looser: 'larger' }, { key: 'maxDrawdownPercent', title: 'Drawdown', unit: '%', looser: 'larger' }, { key: 'maxOrdersPerDay', title: 'Entries a day', unit: 'orders', looser: 'larger' },
    ],
  },
];

/** All fields by key. */
export const LIMIT_FIELDS: ReadonlyMap<string, LimitField> = new Map(LIMIT_GROUPS.flatMap(({ fields }) => fields.map((field) => [field.key, field] as const)));

/** A limit with its unit: limitWords('10000', 'USD') = '10,000 USD'. */
export const limitWords = (value: RiskLimits[LimitKey], unit: string): string => (typeof value === 'boolean' ? (value ? 'allowed' : 'not allowed') : `${money(value, { decimals: Number.isInteger(Number(value)) ? 0 : 2 })}${unit === '' ? '' : ` ${unit}`}`);

/** What a limit is for, in one sentence: the contract's own words. */
export function limitEffect(key: LimitKey): string {
  return riskLimitsSchema.shape[key].description ?? '';
}

/** Limits that are whole numbers. */
export const WHOLE: ReadonlySet<LimitKey> = new Set(['maxOrdersPerDay', 'maxDataAgeSeconds']);

/** A field's text as the contract has it. */
function valueOf(key: LimitKey, text: string | boolean): unknown {
  if (typeof text === 'boolean') return text;
  const plain = text.replaceAll(/[,\s_]/g, '');
  return WHOLE.has(key) && /^\d+$/.test(plain) ? Number(plain) : plain;
}

/** Limits after a change, or what is wrong with each field. */
export function limitsAfter(now: RiskLimits, changes: LimitChanges): { readonly limits: RiskLimits | null; readonly problems: ReadonlyMap<string, string> } {
  const parsed = riskLimitsSchema.safeParse({ ...now, ...Object.fromEntries(Object.entries(changes).map(([key, text]) => [key, valueOf(key as LimitKey, text)])) });
  if (parsed.success) return { limits: parsed.data, problems: new Map() };
  return { limits: null, problems: new Map(parsed.error.issues.map((issue) => [String(issue.path[0]), WHOLE.has(issue.path[0] as LimitKey) ? 'Write a whole number within the range' : 'Write a number above 0, such as 2500'])) };
}

/** The changed limits that allow more than before: they need a second step. */
export function loosened(before: RiskLimits, after: RiskLimits): readonly LimitField[] {
  return [...LIMIT_FIELDS.values()].filter(({ key, looser }) => (looser === 'yes' ? after[key] === true && before[key] === false : looser === 'larger' ? Number(after[key]) > Number(before[key]) : Number(after[key]) < Number(before[key])));
}
