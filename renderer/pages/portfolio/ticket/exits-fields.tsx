/** Exits of a ticket: a take-profit and a stop-loss that the broker holds, with their risk and reward. */
import { useState } from 'react';
import type { JSX } from 'react';
import { SegmentedControl, UnstyledButton } from '@mantine/core';
import { entryOf, exitsOf, stopAt, targetAt } from './exits.ts';
import type { Plan } from './draft.ts';
import { PriceField } from './fields.tsx';
import type { FieldsProps } from './fields.tsx';
import { Ladder } from './ladder.tsx';

const STOPS = [0.01, 0.02, 0.05] as const;
const TARGETS = [1, 2, 3] as const;

const ABOUT: Readonly<Record<Plan, string>> = {
  alone: '', exits: 'Sent with the entry and held by the broker: they work also while this computer is off. When one fills, the other is canceled.', protect: 'For what you hold already. With both, whichever fills first cancels the other.',
};

function Shortcuts({ props, cost, stopLimit }: { props: FieldsProps; cost: string | null; stopLimit: { readonly isShown: boolean; toggle(): void } }): JSX.Element {
  const { draft, quote, change } = props;
  const entry = entryOf(draft, quote.last, draft.plan === 'protect' ? quote.last : cost);
  const hasStop = draft.stopLoss !== '';
  return (
    <div className="pair exit-shortcuts">
      <span>{STOPS.map((part) => <UnstyledButton key={part} className="chip" disabled={entry === null} onClick={() => entry !== null && change({ stopLoss: stopAt(draft, entry, part) })}>{part * 100} %</UnstyledButton>)}{hasStop && <UnstyledButton className="chip" aria-pressed={stopLimit.isShown} onClick={stopLimit.toggle}>limit</UnstyledButton>}</span>
      <span>{TARGETS.map((r) => <UnstyledButton key={r} className="chip" disabled={entry === null || !hasStop} title={hasStop ? undefined : 'Give a stop first: it is what R counts'} onClick={() => entry !== null && change({ takeProfit: targetAt(draft, entry, r) })}>{r} R</UnstyledButton>)}</span>
    </div>
  );
}

/** Which exits, where they lie, and what they mean. */
export function ExitsFields(props: FieldsProps): JSX.Element {
  const { draft, errors, quote, change } = props;
  const cost = quote.held?.avgPrice ?? null;
  const [isLimitShown, setLimitShown] = useState(draft.stopLimit !== '');
  const toggle = (): void => {
    setLimitShown(!isLimitShown);
    if (isLimitShown) change({ stopLimit: '' });
  };
  const choose = (plan: Plan): void => change(plan === 'protect' && quote.held !== null ? { plan, side: Number(quote.held.qty) > 0 ? 'sell' : 'buy', amount: draft.amount === '' ? quote.held.qty.replace('-', '') : draft.amount, unit: 'shares' } : { plan });
  const choices: { value: Plan; label: string }[] = [{ value: 'alone', label: 'No exits' }, { value: 'exits', label: 'With exits' }, ...(quote.held !== null || draft.plan === 'protect' ? [{ value: 'protect' as const, label: 'Protect position' }] : [])];
  return (
    <section className="exits" aria-label="Exits">
      <SegmentedControl fullWidth size="xs" value={draft.plan} onChange={choose} data={choices} aria-label="Exits" />
      {draft.plan !== 'alone' && (
        <>
          <p className="muted exits-about">{ABOUT[draft.plan]}</p>
          <div className="pair"><PriceField label="Stop-loss, USD" field="stopLoss" props={props} isFocused={draft.plan === 'protect'} /><PriceField label="Take-profit, USD" field="takeProfit" props={props} /></div>
          <Shortcuts props={props} cost={cost} stopLimit={{ isShown: isLimitShown, toggle }} />
          {isLimitShown && <PriceField label="Limit of the stop-loss, USD" field="stopLimit" props={props} description="Empty: at market. With a limit it may stay unfilled when the price falls through" />}
          <Ladder exits={exitsOf(draft, quote.last, cost)} last={quote.last} isProtect={draft.plan === 'protect'} />
        </>
      )}
      {errors.plan !== undefined && <p className="switch-error" role="alert">{errors.plan}</p>}
    </section>
  );
}
