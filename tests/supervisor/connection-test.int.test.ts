/** The accounts of a home against our own simulator over HTTP: keys that are good and bad, a suspended account, both subscriptions, one test at a time and an end to asking. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectionTest } from '#app/contracts/connection-test.ts';
import { connectionVerdict } from '#app/contracts/connection-test.ts';
import { openAccounts, TESTS_A_MINUTE } from '#main/broker/accounts.ts';
import type { Accounts } from '#main/broker/accounts.ts';
import { forgetBrokerKeys, storeBrokerKeys } from '#main/broker-keys.ts';
import { openHome } from '#main/store/data-folder.ts';
import { plainSealer } from '#main/store/secrets.ts';
import { removeTestFolder, startTestSimulator } from '../../services/simulator/testing.ts';
import type { TestSimulator } from '../../services/simulator/testing.ts';
import { freePort } from '../support/ports.ts';

const HEADLESS = fileURLToPath(new URL('../../main/headless.ts', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'ms-accounts-'));
const home = openHome(path.join(folder, 'home'));
let simulator: TestSimulator;
let keys: { readonly keyId: string; readonly secretKey: string };
const WRONG = { keyId: 'PKWRONG0WRONG0WRONG', secretKey: 'planted0wrong0secret' };

const open = (env: Record<string, string> = {}): Accounts => openAccounts({ home, sealer: plainSealer, env: { ALPACA_BASE_URL: simulator.url, ...env }, withVault: (task) => task(), monotonic: () => performance.now() });
const kinds = ({ findings }: ConnectionTest): string[] => findings.map(({ kind }) => kind);

beforeAll(async () => {
  mkdirSync(home.homeDir, { recursive: true });
  simulator = await startTestSimulator({ isRunning: true });
  keys = { keyId: simulator.access.keyId, secretKey: simulator.access.secretKey };
  await storeBrokerKeys(home, plainSealer, 'paper', keys);
});
afterAll(async () => {
  await simulator.close();
  removeTestFolder(simulator.folder);
  rmSync(folder, { recursive: true });
});

describe('the accounts of a home', () => {
  it('are tested with the stored keys', async () => {
    const test = await open().test('paper', null);
    expect(test).toMatchObject({ keysFrom: 'stored', keyEnding: keys.keyId.slice(-4), isStandIn: true, tested: { status: 'ACTIVE', currency: 'USD', equity: '100000' }, feed: 'iex', findings: [] });
    const { account_number: number } = (await (await simulator.get('/v2/account')).json()) as { account_number: string };
    expect(test.tested?.numberEnding).toBe(number.slice(-4));
    expect(test.clock?.roundTripMs).toBeLessThan(5_000);
  });

  it('are tested with keys that were typed, which stay nowhere', async () => {
    const test = await open().test('paper', { keyId: ` ${WRONG.keyId}`, secretKey: `${WRONG.secretKey}\n` });
    expect([test.keysFrom, kinds(test), connectionVerdict(test)]).toEqual(['typed', ['keys_refused'], 'refused']);
    for (const name of readdirSync(home.homeDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())) expect(readFileSync(path.join(name.parentPath, name.name), 'utf8')).not.toContain(WRONG.secretKey);
    expect(JSON.stringify(test)).not.toContain(WRONG.secretKey);
  });

  it('use keys of the settings first, as a start does', async () => {
    const test = await open({ ALPACA_API_KEY: WRONG.keyId, ALPACA_SECRET_KEY: WRONG.secretKey }).test('paper', null);
    expect([test.keysFrom, test.keyEnding, kinds(test)]).toEqual(['settings', 'RONG', ['keys_refused']]);
  });

  it('say that there are no keys, and that keys of one account are none of the other', async () => {
    expect(kinds(await open().test('live', null))).toEqual(['no_keys']);
    expect(kinds(await open().test('live', keys))).toEqual(['wrong_account']);
  });

  it('tell a suspended account, a broker in trouble, and one that hangs up', async () => {
    await simulator.send('PATCH', '/v2/account/configurations', { suspend_trade: true });
    const suspended = await open().test('paper', null);
    expect([kinds(suspended), connectionVerdict(suspended)]).toEqual([['trading_suspended'], 'closed']);
    await simulator.send('PATCH', '/v2/account/configurations', { suspend_trade: false });
    await simulator.arm({ kind: 'http', status: 503, count: 1 });
    expect(kinds(await open().test('paper', null))).toEqual(['broker_failed']);
    expect(kinds(await open().test('paper', null))).toEqual([]);
  });

  it('tell the paid subscription, and one that asks too often', async () => {
    const paid = await startTestSimulator({ isRunning: true, options: { strictness: { plan: 'plus', requestsPerMinute: 2 } } });
    const accounts = open({ ALPACA_BASE_URL: paid.url });
    expect((await accounts.test('paper', null)).feed).toBe('sip');
    expect(kinds(await accounts.test('paper', null))).toEqual(['throttled']);
    await paid.close();
    expect(kinds(await accounts.test('paper', null))).toEqual(['unreachable']);
    removeTestFolder(paid.folder);
  });

  it('answer two who ask at once with one test, and have an end to asking', async () => {
    const accounts = open();
    const [one, other] = await Promise.all([accounts.test('paper', null), accounts.test('paper', null)]);
    expect(one).toBe(other);
    for (let count = 1; count < TESTS_A_MINUTE; count += 1) await accounts.test('live', null);
    await expect(accounts.test('paper', null)).rejects.toMatchObject({ code: 'RATE_LIMITED', message: expect.stringContaining('Wait') as string });
  });
});

describe('mainspring keys test', () => {
  type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };
  const run = (words: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
    new Promise((resolve) => {
      execFile(process.execPath, [HEADLESS, ...words], { env: { ...process.env, MAINSPRING_HOME: home.homeDir, ALPACA_BASE_URL: simulator.url, ...env } }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }));
    });

  it('tells people and programs what was found, with an exit code for each kind of end', async () => {
    const good = await run(['keys', 'test']);
    expect([good.code, good.stdout]).toEqual([0, expect.stringMatching(/Connected\. The paper account takes orders\.[\s\S]*equity +100000 USD[\s\S]*IEX/) as string]);
    const told = await run(['keys', 'test', 'paper', '--json'], { ALPACA_API_KEY: WRONG.keyId, ALPACA_SECRET_KEY: WRONG.secretKey });
    expect([told.code, (JSON.parse(told.stdout) as ConnectionTest[])[0]?.keysFrom]).toEqual([77, 'settings']);
    const nobody = await run(['keys', 'test', 'paper'], { ALPACA_BASE_URL: `http://127.0.0.1:${await freePort()}` });
    expect([nobody.code, nobody.stdout]).toEqual([69, expect.stringContaining('ECONNREFUSED') as string]);
    expect((await run(['keys', 'test', 'live'])).code).toBe(78);
    expect((await run(['keys', 'test', 'demo'])).code).toBe(64);
    await simulator.send('PATCH', '/v2/account/configurations', { suspend_trade: true });
    expect((await run(['keys', 'test', 'paper'])).code).toBe(1);
    for (const { stdout, stderr } of [good, told, nobody]) for (const secret of [keys.keyId, keys.secretKey, WRONG.keyId, WRONG.secretKey]) expect(stdout + stderr).not.toContain(secret);
    await forgetBrokerKeys(home, plainSealer, 'paper');
    expect(await run(['keys', 'test'])).toMatchObject({ code: 78, stderr: expect.stringContaining('mainspring keys set paper') as string });
  }, 90_000);
});
