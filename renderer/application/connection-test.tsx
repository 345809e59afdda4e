/** Beside the keys of an account: the button that asks the broker, and what it found out last. */
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import type { UseMutationResult } from '@tanstack/react-query';
import type { BrokerAccount, KeyPair, KeyStatus } from '#app/contracts/broker-keys.ts';
import type { ConnectionTest } from '#app/contracts/connection-test.ts';
import { ConnectionResult } from './connection-result.tsx';
import { useLastTest } from './connection-tests.ts';

/** A test that a button begins. */
export type TestAct = UseMutationResult<ConnectionTest, Error, KeyPair | null>;

/** Tests the keys that are kept. */
export function TestButton({ account, act }: { account: BrokerAccount; act: TestAct }): JSX.Element {
  return <Button size="compact-sm" variant="default" loading={act.isPending} onClick={() => act.mutate(null)} aria-label={`Test connection of the ${account} account`}>Test connection</Button>;
}

/** What the last test of an account found; it stays until the next one. */
export function TestOutcome({ account, act, keys }: { account: BrokerAccount; act: TestAct; keys: KeyStatus }): JSX.Element {
  const test = useLastTest(account);
  return (
    <>
      {!act.isPending && act.error && <p className="switch-error" role="alert">The test was not made: {act.error.message}</p>}
      <ConnectionResult test={test} keys={keys} isPending={act.isPending} />
    </>
  );
}
