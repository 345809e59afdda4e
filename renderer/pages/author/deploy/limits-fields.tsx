/** The limits of one strategy: what each does stands under its field. */
import type { JSX } from 'react';
import { NumberInput } from '@mantine/core';
import { limitEffects } from './limit-words.ts';
import type { AccountFrame, LimitsDraft, Problems } from './deploy-draft.ts';

const FIELDS: readonly (readonly [keyof LimitsDraft, label: string, isMoney: boolean])[] = [
  ['maxNotional', 'Most it may hold, USD', true], ['maxDailyLoss', 'Loss of a day that pauses it, USD', true], ['maxOrdersPerDay', 'Entries a day', false], ['maxErrors', 'Errors in a row that pause it', false],
];

/** The fields. */
export function LimitsFields({ limits, problems, account, change }: { limits: LimitsDraft; problems: Problems; account: AccountFrame | null; change: (part: Partial<LimitsDraft>) => void }): JSX.Element {
  const effects = limitEffects(limits, account);
  return (
    <div className="dp-pairs">
      {FIELDS.map(([name, label, isMoney]) => (
        <NumberInput key={name} label={label} value={limits[name]} onChange={(value) => change({ [name]: String(value) })} allowNegative={false} allowDecimal={isMoney} decimalScale={2} thousandSeparator="," hideControls error={problems[`limits.${name}`]} description={effects[name]} inputWrapperOrder={['label', 'input', 'error', 'description']} data-limit={name} />
      ))}
    </div>
  );
}
