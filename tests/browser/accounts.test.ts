/** Broker accounts on the settings page in a real browser: kept keys are tested at a real simulator over HTTP, results stay and grow old, keyboard and screen reader included. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { AppError } from '#app/domain/errors.ts';
import { openAccounts } from '#main/broker/accounts.ts';
import type { Accounts } from '#main/broker/accounts.ts';
import { storeBrokerKeys } from '#main/broker-keys.ts';
import { openHome } from '#main/store/data-folder.ts';
import { plainSealer } from '#main/store/secrets.ts';
import { removeTestFolder, startTestSimulator } from '../../services/simulator/testing.ts';
import type { TestSimulator } from '../../services/simulator/testing.ts';
import type { TestBrowser } from './harness.ts';
import type { ScriptedGateway } from './scripted-gateway.ts';
import { openScriptedPage } from './scripted-page.ts';
import { WORLD } from './trading-world.ts';

const LIVE = { keyId: 'AKPLANTED0LIVE0KEY', secretKey: 'planted0live0secret0key' };
const folder = mkdtempSync(path.join(tmpdir(), 'ms-accounts-page-'));
const home = openHome(path.join(folder, 'home'));
let simulator: TestSimulator;
let accounts: Accounts;
let browser: TestBrowser;
let page: Page;
let gateway: ScriptedGateway;

beforeAll(async () => {
  mkdirSync(home.homeDir, { recursive: true });
  simulator = await startTestSimulator({ isRunning: true });
  accounts = openAccounts({ home, sealer: plainSealer, env: { ALPACA_BASE_URL: simulator.url }, withVault: (task) => task(), monotonic: () => performance.now() });
  ({ browser, page, gateway } = await openScriptedPage({ ...WORLD, brokerAccounts: () => accounts.keys(), testConnection: ({ account }) => accounts.test(account, null) }, '/settings?section=accounts'));
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await simulator.close();
  removeTestFolder(simulator.folder);
  rmSync(folder, { recursive: true, force: true });
});

const part = (name: string): Locator => page.locator('.se-account').filter({ has: page.locator('strong', { hasText: new RegExp(`^${name}`) }) });
const button = (account: string): Locator => page.getByRole('button', { name: `Test connection of the ${account} account` });

describe('broker accounts in a browser', () => {
  it('say which command keeps keys, and test nothing that is not kept', async () => {
    await part('Paper account').getByText('mainspring keys set paper').waitFor();
    expect(await button('paper').count()).toBe(0);
    expect(await page.locator('input[type=password]').count()).toBe(0);
  });

  it('are tested by the keyboard: account, money, clock, subscription, and where it was asked', async () => {
    await storeBrokerKeys(home, plainSealer, 'paper', { keyId: simulator.access.keyId, secretKey: simulator.access.secretKey });
    await storeBrokerKeys(home, plainSealer, 'live', LIVE);
    await page.reload();
    await button('paper').focus();
    await page.keyboard.press('Enter');
    const paper = part('Paper account');
    await paper.getByRole('status').filter({ hasText: 'Connected. The paper account takes orders.' }).waitFor();
    for (const words of ['ACTIVE', '100,000.00 USD', 'Round trip', 'IEX', 'a simulator on this computer', `••••${simulator.access.keyId.slice(-4)}`]) expect(await paper.textContent()).toContain(words);
    // What ticks each second is outside of what is read aloud.
    expect(await paper.getByRole('status').textContent()).not.toContain('ago');
    const html = await page.content();
    for (const secret of [simulator.access.keyId, simulator.access.secretKey, LIVE.keyId, LIVE.secretKey]) expect(html).not.toContain(secret);
  });

  it('tell a failure with what to do, beside what was found before, and keep both when somebody looks elsewhere', async () => {
    await simulator.send('PATCH', '/v2/account/configurations', { suspend_trade: true });
    await button('paper').click();
    await part('Paper account').getByRole('status').filter({ hasText: 'Trading was suspended by you' }).waitFor();
    await button('live').click();
    await part('Live account').getByRole('status').filter({ hasText: 'Copy key id and secret of the live account again' }).waitFor();
    await page.getByRole('navigation', { name: 'Sections of the settings' }).getByRole('link', { name: 'Appearance' }).click();
    await page.getByRole('heading', { name: 'Appearance' }).waitFor();
    await page.getByRole('navigation', { name: 'Sections of the settings' }).getByRole('link', { name: 'Broker accounts' }).click();
    await part('Live account').getByText('The keys are not taken for the live account.').waitFor();
    expect(await part('Paper account').textContent()).toContain('takes no orders');
    expect(gateway.asked('testConnection').map(({ input }) => input.account)).toEqual(['paper', 'paper', 'live']);
  });

  it.each([[1440, 900], [1024, 700]] as const)('fit a window of %i by %i', async (width, height) => {
    await page.setViewportSize({ width, height });
    expect(await page.evaluate(() => (document.querySelector('.se-content')?.scrollWidth ?? 1) - (document.querySelector('.se-content')?.clientWidth ?? 0))).toBeLessThanOrEqual(0);
  });

  it('show an outcome of earlier keys, and an old one, as what they are', async () => {
    await storeBrokerKeys(home, plainSealer, 'live', { ...LIVE, keyId: 'AKOTHER0LIVE0KEY9999' });
    // The paper keys are kept since long before that hour.
    gateway.script({
      testConnection: async ({ account }) => ({ ...(await accounts.test(account, null)), at: Date.now() - 3_600_000 }),
      brokerAccounts: async () => {
        const keys = await accounts.keys();
        return { ...keys, paper: { ...keys.paper, savedAt: Date.now() - 7_200_000 } };
      },
    });
    await button('paper').click();
    await part('Live account').getByText('of earlier keys').waitFor();
    await part('Paper account').getByText('old', { exact: true }).waitFor();
    expect(await part('Paper account').textContent()).toContain('60 min ago');
  });

  it('say why a test was not made, and that the one before is still what is known', async () => {
    gateway.script({ testConnection: () => new AppError('RATE_LIMITED', 'The connection was tested 10 times within a minute. Wait 40 s.') });
    await button('paper').click();
    await part('Paper account').getByRole('alert').filter({ hasText: 'Wait 40 s' }).waitFor();
    expect(await part('Paper account').textContent()).toContain('takes no orders');
  });

  it('say precisely where updates are made', async () => {
    await page.goto(page.url().replace('section=accounts', 'section=computer'));
    await page.getByText('not to this browser').waitFor();
  });
});
