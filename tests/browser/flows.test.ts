/** Flows in a real browser on the real stack: the list, a run with parameters, pause, settings, a failure with its cause, and the timeline. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { FLOW_NAMES } from '#app/contracts/flows.ts';
import { cleanUp, freshDataDir, startStack } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';
import { buildPage } from './built-page.ts';
import { openBrowser } from './harness.ts';
import type { TestBrowser, WatchedPage } from './harness.ts';

/** Quick on a quiet machine; this long on one with other work to do. */
const LIMIT_MS = 60_000;
const CASE_MS = 180_000;
let stack: TestStack;
let browser: TestBrowser;
let watched: WatchedPage;
let page: Page;
let origin = '';

const row = (flow: string): ReturnType<Page['locator']> => page.locator(`.flow-table tr[data-flow=${flow}]`);

/** Closes the side sheet and waits until it has gone. */
async function closeSheet(): Promise<void> {
  await page.keyboard.press('Escape');
  await page.locator('.mantine-Drawer-content').waitFor({ state: 'detached', timeout: LIMIT_MS });
}

/** The open run once it has come to a state; its id. */
async function untilRun(state: string): Promise<string> {
  const sheet = page.locator(`.run-sheet[data-state=${state}]`);
  await sheet.waitFor({ timeout: LIMIT_MS });
  return (await sheet.getAttribute('data-run')) ?? '';
}

/** Waits until a flow is deployed like this. */
async function untilDeployed(flow: string, wanted: { readonly isCustom: boolean; readonly retries: number }): Promise<void> {
  const look = (): Promise<unknown> => page.evaluate(async (name) => {
    const session = (await (await fetch('/api/session')).json()) as { token: string };
    const { deployments } = (await (await fetch('/api/flows', { headers: { 'x-mainspring-token': session.token } })).json()) as { deployments: { name: string; isCustom: boolean; retries: number }[] };
    const found = deployments.find((one) => one.name === name);
    return { isCustom: found?.isCustom, retries: found?.retries };
  }, flow);
  await expect.poll(look, { timeout: LIMIT_MS }).toEqual(wanted);
}

beforeAll(async () => {
  await buildPage();
  stack = startStack({ dataDir: await freshDataDir() });
  const { dashboard } = await stack.announced();
  origin = new URL(dashboard).origin;
  browser = await openBrowser();
  watched = await browser.newPage();
  page = watched.page;
  await page.goto(dashboard);
  await page.getByRole('region', { name: 'Account' }).waitFor({ timeout: LIMIT_MS });
});

afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await stack.stop();
  await cleanUp();
});

/** What one case left open is not the next one's trouble. */
beforeEach(async () => {
  if ((await page.locator('.mantine-Drawer-content').count()) > 0) await closeSheet();
});

describe('the list', () => {
  it('g f leads to all flows below their services, and says whether what should have run, has run', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('f');
    await page.waitForURL(`${origin}/flows`);
    await expect.poll(() => page.locator('.flow-table tr[data-flow]').count(), { timeout: LIMIT_MS }).toBe(FLOW_NAMES.length);
    expect(await page.locator('.flow-table tr[data-flow]').evaluateAll((rows) => rows.map((one) => one.getAttribute('data-flow')))).toEqual(FLOW_NAMES);
    await page.getByRole('region', { name: 'Are the flows well?' }).getByRole('heading', { name: /^(Yes|No|Not yet)/ }).waitFor({ timeout: LIMIT_MS });
    await row('manage_orders').getByText(/^0:\d\d$|^now$/).waitFor({ timeout: LIMIT_MS });
  }, CASE_MS);

  it('is walked and searched by keys', async () => {
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-flow'))).toBe(FLOW_NAMES[1]);
    await page.keyboard.press('/');
    await page.keyboard.type('reconcile');
    await expect.poll(() => page.locator('.flow-table tr[data-flow]').count(), { timeout: LIMIT_MS }).toBe(1);
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('.flow-table tr[data-flow]').count(), { timeout: LIMIT_MS }).toBe(FLOW_NAMES.length);
  }, CASE_MS);
});

describe('a run', () => {
  it('with a parameter is checked beside its field, runs, and shows its steps, parameters and result', async () => {
    await page.getByLabel('Parameters and settings of fetch_market_data').click();
    const form = page.getByRole('form', { name: 'Run fetch_market_data' });
    await form.getByRole('radiogroup').getByText('no', { exact: true }).click();
    await form.getByRole('button', { name: 'Run now' }).click();
    const runId = await untilRun('COMPLETED');
    expect(runId).toMatch(/^fetch_market_data:manual:/);
    expect(await page.locator('.run-sheet .step.completed').count()).toBeGreaterThanOrEqual(2);
    await page.locator('.run-sheet .figure', { hasText: 'Validated' }).getByText('no').first().waitFor();
    await page.locator('.run-sheet .log-line').first().waitFor({ timeout: LIMIT_MS });
    // An open run can be sent to somebody as a link, and the link opens it.
    await page.waitForURL((url) => url.searchParams.get('run') === runId);
    await page.reload();
    expect(await untilRun('COMPLETED')).toBe(runId);
    await closeSheet();
    await page.waitForURL(`${origin}/flows`);
  }, CASE_MS);

  it('that fails says why, in which step, and is repeated from there', async () => {
    await page.getByLabel('Parameters and settings of archive_old_data').click();
    const form = page.getByRole('form', { name: 'Run archive_old_data' });
    await form.getByRole('combobox', { name: 'Action' }).click();
    await page.getByRole('option', { name: 'restore' }).click();
    const months = form.getByRole('combobox', { name: 'Months' });
    await months.fill('never');
    await months.press('Enter');
    await form.getByRole('button', { name: 'Run now' }).click();
    await form.getByText('“never” does not have the form').waitFor();
    await months.press('Backspace');
    await months.fill('1999-01');
    await months.press('Enter');
    await form.getByRole('button', { name: 'Run now' }).click();
    const failed = await untilRun('FAILED');
    await page.getByRole('alert').getByText('There is no archive of 1999-01').first().waitFor();
    await page.getByRole('button', { name: /^Retry from “/ }).click();
    await page.locator(`.run-sheet:not([data-run="${failed}"])[data-state=FAILED]`).waitFor({ timeout: LIMIT_MS });
    expect(await untilRun('FAILED')).toContain(':again');
    await page.locator('.run-sheet .run-head').getByText('Repeats').waitFor();
    await closeSheet();
  }, CASE_MS);
});

describe('a schedule', () => {
  it('is paused and resumed by its button', async () => {
    await row('reconcile_trades').getByLabel('Pause reconcile_trades').click();
    await row('reconcile_trades').getByText('paused').first().waitFor({ timeout: LIMIT_MS });
    await row('reconcile_trades').getByLabel('Resume reconcile_trades').click();
    await row('reconcile_trades').getByLabel('Pause reconcile_trades').waitFor({ timeout: LIMIT_MS });
  }, CASE_MS);

  it('is changed with a preview and a list of changes, refused while it makes no sense, and put back', async () => {
    await row('reconcile_trades').locator('.flow-name').click();
    await page.locator('.flow-views').getByText('Settings').click();
    const cron = page.getByLabel('Minute, hour, day, month, weekday');
    const bar = page.getByRole('region', { name: 'Changes' });
    await cron.fill('99 * * * *');
    await page.locator('.schedule-preview .switch-error').waitFor({ timeout: LIMIT_MS });
    expect(await bar.getByRole('button', { name: /^Save/ }).isDisabled()).toBe(true);
    await cron.fill('30 7 * * 1');
    await expect.poll(() => page.locator('.schedule-preview:not(.behind) li').count(), { timeout: LIMIT_MS }).toBe(5);
    await page.getByLabel('Retries', { exact: true }).fill('4');
    await bar.getByRole('button', { name: 'Save 2 changes' }).click();
    await untilDeployed('reconcile_trades', { isCustom: true, retries: 4 });
    await page.getByRole('button', { name: 'Back to default' }).click();
    await untilDeployed('reconcile_trades', { isCustom: false, retries: 3 });
    await bar.waitFor({ state: 'detached', timeout: LIMIT_MS });
    await closeSheet();
  }, CASE_MS);
});

describe('runs', () => {
  it('stand on the timeline, chosen and opened by keys', async () => {
    await page.keyboard.press('2');
    await page.locator('.timeline canvas').waitFor();
    await expect.poll(() => page.locator('.timeline canvas').getAttribute('aria-label'), { timeout: LIMIT_MS }).toMatch(/^[1-9]\d* runs/);
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.locator('.run-sheet').waitFor({ timeout: LIMIT_MS });
    await closeSheet();
    await page.keyboard.press('ArrowLeft');
    await page.getByRole('button', { name: 'Now' }).click();
    await page.getByRole('button', { name: 'Now' }).waitFor({ state: 'detached' });
  }, CASE_MS);

  it('are listed by state and searched by their errors', async () => {
    await page.keyboard.press('3');
    await page.getByRole('combobox', { name: 'State' }).click();
    await page.getByRole('option', { name: 'failed or crashed' }).click();
    const rows = page.getByRole('table', { name: 'Runs' }).locator('tbody tr');
    await expect.poll(() => rows.count(), { timeout: LIMIT_MS }).toBe(2);
    await page.getByLabel('Search runs').fill('no archive of 1999');
    await page.locator('.run-list:not(.waiting)').getByText(/2 runs shown, found in/).waitFor({ timeout: LIMIT_MS });
    await page.getByLabel('Search runs').fill('nothing like this');
    await page.getByText('No run matches').waitFor({ timeout: LIMIT_MS });
    await page.getByLabel('Search runs').fill('');
  }, CASE_MS);
});

describe('the whole visit', () => {
  it('fits a small screen without scrolling sideways', async () => {
    await page.setViewportSize({ width: 1024, height: 700 });
    for (const key of ['1', '2', '3']) {
      await page.locator('.tab-row').first().click({ position: { x: 300, y: 5 } });
      await page.keyboard.press(key);
      expect(await page.evaluate(() => (document.querySelector('.page')?.scrollWidth ?? 0) - (document.querySelector('.page')?.clientWidth ?? 0))).toBeLessThanOrEqual(0);
    }
  }, CASE_MS);

  it('went without an error or a violated policy, but for what was refused on purpose', () => {
    expect(watched.problems).toEqual([]);
  }, CASE_MS);
});
