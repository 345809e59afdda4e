/** The accounts of a home as people test them: which keys are used, one test of an account at a time, and not too many in a minute. */
import type { BrokerAccount, BrokerKeys, KeyPair } from '#app/contracts/broker-keys.ts';
import type { ConnectionTest } from '#app/contracts/connection-test.ts';
import { ownKeysOf } from '#app/contracts/settings.ts';
import { AppError } from '#app/domain/errors.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import { readBrokerKeys, storedKeysOf } from '../broker-keys.ts';
import type { Home } from '../store/data-folder.ts';
import { entriesOf } from '../store/read-settings.ts';
import type { Sealer } from '../store/secrets.ts';
import { testConnection } from './connection-test.ts';
import type { TestQuestion } from './connection-test.ts';

/** Three questions each: never more than a sixth of what Alpaca allows a minute, for orders come first. */
export const TESTS_A_MINUTE = 10;

/** What a test reads. `withVault` runs a task that opens the vault when nobody else does. */
export type AccountParts = {
  readonly home: Home;
  readonly sealer: Sealer;
  readonly env: Readonly<Record<string, string | undefined>>;
  withVault<T>(task: () => Promise<T>): Promise<T>;
  readonly monotonic: () => number;
};

/** The tests of a home. */
export type Accounts = {
  /** What may be told of the stored keys. @throws AppError CONFIG_UNREADABLE (operator) when the vault cannot be opened. */
  keys(): Promise<BrokerKeys>;
  /**
   * Tests the connection of an account: with typed keys, or (null) with those that the next start in its market uses. A test of the same account that is under way answers for both.
   * @throws AppError RATE_LIMITED (temporary) when too many were asked for; CONFIG_INVALID, CONFIG_UNREADABLE (operator) when settings or vault cannot be read.
   */
  test(account: BrokerAccount, typed: KeyPair | null): Promise<ConnectionTest>;
};

/** Keys in the settings win, as they do at a start. */
async function questionOf({ home, env, sealer, withVault }: AccountParts, account: BrokerAccount, typed: KeyPair | null): Promise<TestQuestion> {
  const { entries } = entriesOf({ envFile: home.envFile, env });
  if (typed !== null) return { account, entries, keysFrom: 'typed', keys: { keyId: typed.keyId.trim(), secretKey: typed.secretKey.trim() } };
  const own = ownKeysOf(entries);
  if (own?.account === account) return { account, entries, keysFrom: 'settings', keys: own.keys };
  return { account, entries, keysFrom: 'stored', keys: await withVault(() => storedKeysOf(home, sealer, account)) };
}

/** Opens them; nothing is asked yet. */
export function openAccounts(parts: AccountParts): Accounts {
  const underWay = new Map<BrokerAccount, Promise<ConnectionTest>>();
  let begun: number[] = [];
  const admit = (): void => {
    const now = parts.monotonic();
    begun = begun.filter((at) => now - at < MINUTE_MS);
    const [oldest] = begun;
    if (begun.length >= TESTS_A_MINUTE && oldest !== undefined) throw new AppError('RATE_LIMITED', `The connection was tested ${TESTS_A_MINUTE} times within a minute. Wait ${Math.ceil((oldest + MINUTE_MS - now) / 1_000)} s: the broker counts these questions together with those of your orders.`);
    begun.push(now);
  };
  return {
    keys: () => parts.withVault(() => readBrokerKeys(parts.home, parts.sealer)),
    async test(account, typed) {
      const same = typed === null ? underWay.get(account) : undefined;
      if (same !== undefined) return same;
      admit();
      const work = questionOf(parts, account, typed).then((question) => testConnection(question));
      if (typed !== null) return work;
      underWay.set(account, work);
      try {
        return await work;
      } finally {
        underWay.delete(account);
      }
    },
  };
}
