/** The broker's keys, paper and live apart: entered, replaced, removed; never shown. */
import { useState } from 'react';
import type { FormEvent, JSX } from 'react';
import { Button, Popover } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import type { BrokerAccount, BrokerKeys } from '#app/contracts/broker-keys.ts';
import { useNow } from '../data/clock.ts';
import { useBrokerKeys, useShellAction } from '../shell/shell-queries.ts';
import { useShellPart } from '../shell/shell-status.ts';
import { Answer } from '../ui/kit.tsx';
import { age, bothZones } from '../ui/format.ts';
import { keyDoubt, KeyFields, KeptBy, NO_KEYS } from './key-fields.tsx';
import type { KeyDraft } from './key-fields.tsx';
import { TestButton, TestOutcome } from './connection-test.tsx';
import { useConnectionTest } from './connection-tests.ts';
import { Section } from './setting.tsx';

const NAMES: Readonly<Record<BrokerAccount, string>> = { paper: 'Paper account', live: 'Live account' };

function Remove({ account, isUsed }: { account: BrokerAccount; isUsed: boolean }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const remove = useShellAction('removeBrokerKeys');
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" width={270} shadow="md" withArrow trapFocus>
      <Popover.Target><Button size="compact-sm" variant="subtle" color="gray" onClick={() => setOpen(true)}>Remove…</Button></Popover.Target>
      <Popover.Dropdown>
        <div className="stack">
          <p>The {account} keys are deleted from this computer. {isUsed ? 'What runs goes on with them until it stops; after that it cannot start in this market.' : 'The keys themselves stay valid at Alpaca until you delete them there.'}</p>
          {remove.error && <p className="switch-error" role="alert">{remove.error.message}</p>}
          <Button size="compact-md" color="red" loading={remove.isPending} data-autofocus onClick={() => remove.mutate({ account }, { onSuccess: () => setOpen(false) })}>Remove {account} keys</Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function Enter({ account, keys, done }: { account: BrokerAccount; keys: BrokerKeys; done: () => void }): JSX.Element {
  const [draft, setDraft] = useState<KeyDraft>(NO_KEYS);
  const save = useShellAction('setBrokerKeys');
  const test = useConnectionTest(account);
  const isReady = draft.keyId.trim().length >= 4 && draft.secretKey.trim().length >= 4 && keyDoubt(account, draft.keyId) === null;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!isReady) return;
    save.mutate({ account, ...draft }, {
      onSuccess: () => {
        setDraft(NO_KEYS);
        save.reset();
        done();
      },
    });
  };
  return (
    <form onSubmit={submit} className="stack" aria-label={`${NAMES[account]} keys`}>
      <KeyFields account={account} draft={draft} change={setDraft} stored={keys[account]} hasFocus />
      {save.error && <p className="switch-error" role="alert">{save.error.message}</p>}
      {test.error && <p className="switch-error" role="alert">The test was not made: {test.error.message}</p>}
      <div className="shell-actions"><Button type="submit" size="compact-md" disabled={!isReady} loading={save.isPending}>Save {account} keys</Button><Button size="compact-md" variant="default" disabled={!isReady} loading={test.isPending} onClick={() => test.mutate(draft)}>Test before saving</Button><Button size="compact-md" variant="subtle" color="gray" onClick={done}>Cancel</Button></div>
    </form>
  );
}

function Account({ account, keys }: { account: BrokerAccount; keys: BrokerKeys }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const now = useNow();
  const test = useConnectionTest(account);
  const isUsed = useShellPart((status) => status?.mode === account && status.phase !== 'stopped' && status.phase !== 'failed');
  const { isSet, ending, savedAt } = keys[account];
  return (
    <div className="key-account">
      <div className="setting">
        <div>
          <strong>{NAMES[account]}</strong>
          <p className="muted">{isSet ? <><IconKey size={12} aria-hidden /> <code>••••{ending ?? ''}</code>{savedAt !== null && <span title={bothZones(savedAt)}>, saved {age(Math.max(0, now - savedAt))} ago</span>}</> : 'No keys'}</p>
        </div>
        {!isOpen && <div className="setting-control">{(isSet || isUsed) && <TestButton account={account} act={test} />}<Button size="compact-sm" variant="default" aria-label={`${isSet ? 'Replace' : 'Enter'} ${account} keys`} onClick={() => setOpen(true)}>{isSet ? 'Replace…' : 'Enter keys…'}</Button>{isSet && <Remove account={account} isUsed={isUsed} />}</div>}
      </div>
      {isOpen && <Enter account={account} keys={keys} done={() => setOpen(false)} />}
      <TestOutcome account={account} act={test} keys={keys[account]} />
      {isOpen && isUsed && <p className="muted">New keys are used from the next start on.</p>}
    </div>
  );
}

/** The section. */
export function KeysSection({ isTarget }: { isTarget: boolean }): JSX.Element {
  const query = useBrokerKeys();
  return (
    <Section title="Broker keys (Alpaca)" isTarget={isTarget}>
      <Answer query={query}>{(keys) => <><Account account="paper" keys={keys} /><Account account="live" keys={keys} /><KeptBy keptBy={keys.keptBy} /></>}</Answer>
    </Section>
  );
}
