/** Two fields for a broker's key pair: written, never shown again. */
import type { JSX } from 'react';
import { PasswordInput, TextInput, UnstyledButton } from '@mantine/core';
import { IconExternalLink, IconLock } from '@tabler/icons-react';
import type { BrokerAccount, BrokerKeys, KeyStatus } from '#app/contracts/broker-keys.ts';
import { useShellAction } from '../shell/shell-queries.ts';

/** A key pair being typed. */
export type KeyDraft = { readonly keyId: string; readonly secretKey: string };
/** Nothing typed. */
export const NO_KEYS: KeyDraft = { keyId: '', secretKey: '' };

const LINKS = { paper: 'alpaca_paper_keys', live: 'alpaca_live_keys' } as const;
/** Alpaca's key ids say which account they open. */
const PREFIXES: Readonly<Record<BrokerAccount, { readonly own: string; readonly other: string; readonly words: string }>> = {
  paper: { own: 'PK', other: 'AK', words: 'This looks like a key of the live account (AK…). Paper keys begin with PK.' },
  live: { own: 'AK', other: 'PK', words: 'This looks like a key of the paper account (PK…). Live keys begin with AK.' },
};

/** What is wrong with a key id for an account, as far as its letters tell; null = nothing. Pure; exported for its test. */
export function keyDoubt(account: BrokerAccount, keyId: string): string | null {
  return keyId.trim().toUpperCase().startsWith(PREFIXES[account].other) ? PREFIXES[account].words : null;
}

/** How secrets are kept, in words. */
export function KeptBy({ keptBy }: { keptBy: BrokerKeys['keptBy'] | null }): JSX.Element {
  const words = keptBy === null ? 'Keys are stored on this computer only.' : keptBy === 'system' ? 'Sealed by your system’s key store, for your user account alone. Written once, never shown again.' : 'This system has no key store: keys are kept in a file that only your user account can read. Never shown again.';
  return <p className="kept-by muted"><IconLock size={13} aria-hidden /> {words}</p>;
}

/** The fields, where to get the keys, and how they are kept. */
export function KeyFields({ account, draft, change, keptBy, stored, hasFocus = false }: { account: BrokerAccount; draft: KeyDraft; change: (draft: KeyDraft) => void; keptBy?: BrokerKeys['keptBy'] | null; stored: KeyStatus | null; hasFocus?: boolean }): JSX.Element {
  const link = useShellAction('openLink');
  const placeholder = stored?.isSet ? `stored, ends in ${stored.ending ?? '…'}` : `${PREFIXES[account].own}…`;
  const common = { autoComplete: 'off', spellCheck: false, maxLength: 128 } as const;
  return (
    <div className="key-fields">
      <div className="pair">
        <TextInput {...common} label="Key ID" placeholder={placeholder} value={draft.keyId} onChange={(event) => change({ ...draft, keyId: event.currentTarget.value })} error={keyDoubt(account, draft.keyId)} autoFocus={hasFocus} className="mono-input" />
        <PasswordInput {...common} label="Secret key" placeholder={stored?.isSet ? 'stored' : ''} value={draft.secretKey} onChange={(event) => change({ ...draft, secretKey: event.currentTarget.value })} className="mono-input" />
      </div>
      <div className="key-notes">
        {keptBy === undefined ? <span /> : <KeptBy keptBy={keptBy} />}
        <UnstyledButton className="link" onClick={() => link.mutate({ link: LINKS[account] })}>Get {account} keys at Alpaca <IconExternalLink size={12} aria-hidden /></UnstyledButton>
      </div>
      {link.error && <p className="switch-error" role="alert">{link.error.message}</p>}
    </div>
  );
}
