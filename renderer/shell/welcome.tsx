/** The first page ever: what this is, what starts, where data lives, and one choice. */
import { useState } from 'react';
import type { FormEvent, JSX, ReactNode } from 'react';
import { Button } from '@mantine/core';
import type { ShellStatus } from '#app/contracts/shell.ts';
import { KeyFields, NO_KEYS } from '../application/key-fields.tsx';
import type { KeyDraft } from '../application/key-fields.tsx';
import { shellCall } from './bridge.ts';
import { PartsToBe } from './parts-list.tsx';
import { ShellPage } from './shell-page.tsx';
import { useBrokerKeys } from './shell-queries.ts';
import { refreshShellStatus } from './shell-status.ts';

type Choice = 'demo' | 'paper';

function ChoiceCard({ value, chosen, choose, name, tag, children }: { value: Choice; chosen: Choice; choose: (value: Choice) => void; name: string; tag: string; children: ReactNode }): JSX.Element {
  return (
    <label className={value === chosen ? 'choice chosen' : 'choice'}>
      <input type="radio" name="market" value={value} checked={value === chosen} onChange={() => choose(value)} />
      <span className="choice-words"><span className="choice-name"><strong>{name}</strong><small>{tag}</small></span><span className="muted">{children}</span></span>
    </label>
  );
}

/** The page. Keys go to the shell and nowhere else; they are stored before the first start. */
export function Welcome({ status }: { status: ShellStatus }): JSX.Element {
  const [choice, setChoice] = useState<Choice>('demo');
  const [draft, setDraft] = useState<KeyDraft>(NO_KEYS);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const keys = useBrokerKeys();
  const hasKeys = keys.data?.paper.isSet === true;
  const isTyped = draft.keyId.trim() !== '' || draft.secretKey.trim() !== '';
  const begin = async (): Promise<void> => {
    if (choice === 'paper' && (isTyped || !hasKeys)) {
      await shellCall('setBrokerKeys', { account: 'paper', ...draft });
      setDraft(NO_KEYS);
    }
    await shellCall('finishWelcome', { mode: choice });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setError(null);
    setBusy(true);
    begin().catch((failure: unknown) => setError(failure instanceof Error ? failure.message : String(failure))).finally(() => {
      setBusy(false);
      refreshShellStatus();
    });
  };
  const isReady = choice === 'demo' || (isTyped ? draft.keyId.trim().length >= 4 && draft.secretKey.trim().length >= 4 : hasKeys);
  return (
    <ShellPage status={status} isFirst title="Welcome to Mainspring" lead="Market data, strategies, risk, orders and their books: a whole trading desk, running on this computer alone. Choose a market to begin with; you can change it at any time." aside={<PartsToBe mode={choice} />}>
      <form className="welcome" onSubmit={submit}>
        <div role="radiogroup" aria-label="Market to begin with" className="choices">
          <ChoiceCard value="demo" chosen={choice} choose={setChoice} name="Demo" tag="recommended">A simulated market, broker and account. Works offline and needs nothing; trades within a minute.</ChoiceCard>
          <ChoiceCard value="paper" chosen={choice} choose={setChoice} name="Paper" tag="needs free keys">Real prices, and Alpaca’s paper account: simulated money at a real broker.</ChoiceCard>
        </div>
        {choice === 'paper' && <KeyFields account="paper" draft={draft} change={setDraft} keptBy={keys.data?.keptBy ?? null} stored={keys.data?.paper ?? null} />}
        <p className="muted welcome-place">Everything is kept in <code>{status.homeDir}</code>. {choice === 'demo' ? 'Nothing leaves this computer.' : 'Nothing leaves this computer but what the broker needs.'} No real money in either.</p>
        {error !== null && <p className="switch-error" role="alert">{error}</p>}
        <Button type="submit" size="md" disabled={!isReady} loading={isBusy}>{choice === 'demo' ? 'Start demo' : 'Use my paper account'}</Button>
      </form>
    </ShellPage>
  );
}
