/** The last test of each account, kept while the page lives: a result does not vanish because somebody looked at another page. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { UseMutationResult } from '@tanstack/react-query';
import type { BrokerAccount, KeyPair } from '#app/contracts/broker-keys.ts';
import type { ConnectionTest } from '#app/contracts/connection-test.ts';
import { call } from '../data/client.ts';
import { createStore, useStore } from '../data/external-store.ts';
import { hasShell, shellCall } from '../shell/bridge.ts';

/** What a browser knows of the kept keys. */
export const KEPT_KEYS = ['brokerAccounts'] as const;

const last = createStore<Readonly<Partial<Record<BrokerAccount, ConnectionTest>>>>({});

/** The last test of an account; null = none since the page was opened. */
export function useLastTest(account: BrokerAccount): ConnectionTest | null {
  return useStore(last, (tests) => tests[account] ?? null);
}

/** Tests an account: typed keys through the window's shell alone, kept ones (null) also from a browser. */
export function useConnectionTest(account: BrokerAccount): UseMutationResult<ConnectionTest, Error, KeyPair | null> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (typed: KeyPair | null) => (hasShell ? shellCall('testConnection', { account, typed }) : call('testConnection', { account })),
    onSuccess: (test) => last.update((tests) => ({ ...tests, [account]: test })),
    // The outcome is read beside the keys that are kept now: somebody may have stored others on the command line.
    onSettled: () => void client.invalidateQueries({ queryKey: KEPT_KEYS }),
    // Typed keys pass through here: they are not kept after the answer.
    gcTime: 0,
  });
}
