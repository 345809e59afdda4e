/** The settings page in a real browser, over the settings' own keeper: search, words as one types, the diff, what waits, wider limits twice, files in and out, and formats that hold everywhere. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { ALERT_CHANNELS, ALERT_KIND_NAMES } from '#app/contracts/alert-settings.ts';
import type { AlertChoice } from '#app/contracts/alert-settings.ts';
import type { ChangeOutlook } from '#app/contracts/configuration.ts';
import type { RouteParsed } from '#app/contracts/http.ts';
import { AppError } from '#app/domain/errors.ts';
import { DEFAULT_RISK_LIMITS } from '#app/domain/limits.ts';
import type { RiskLimits } from '#app/domain/limits.ts';
import { openConfiguration } from '#main/configuration.ts';
import type { ConfigurationKeeper } from '#main/configuration.ts';
import { entriesOf } from '#main/store/read-settings.ts';
import { savedFileOf } from '#main/store/saved-settings.ts';
import { plainSealer } from '#main/store/secrets.ts';
import type { TestBrowser } from './harness.ts';
import type { Script, ScriptedGateway } from './scripted-gateway.ts';
import { openScriptedPage } from './scripted-page.ts';
import { TRADING, WORLD } from './trading-world.ts';

const LIMIT_MS = 20_000;
const folder = mkdtempSync(path.join(tmpdir(), 'ms-settings-page-'));
const envFile = path.join(folder, '.env');
let keeper: ConfigurationKeeper;
let limits: RiskLimits = DEFAULT_RISK_LIMITS;
let limitsVersion = 3;
let choices: AlertChoice[] = ALERT_KIND_NAMES.flatMap((kind) => ALERT_CHANNELS.map((channel) => ({ kind, channel, isEnabled: true, leastSeverity: 'info' as const })));
let browser: TestBrowser;
let page: Page;
let gateway: ScriptedGateway;

/** What the keeper says of a save; a refusal of its own is the answer. */
const saved = (input: RouteParsed<'saveConfiguration'>): Promise<ChangeOutlook | Error> => keeper.save({ ...input, actor: 'a test' }).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));

function script(): Script {
  return {
    ...WORLD,
    tradingState: () => ({ ...TRADING, limits, limitsVersion }),
    configuration: () => keeper.view(), checkConfiguration: ({ changes }) => keeper.check(changes), saveConfiguration: saved,
    setRiskLimits: ({ limits: next, base }) => {
      if (base !== limitsVersion) return new AppError('VERSION_CONFLICT', 'The limits were changed meanwhile.');
      limits = next;
      limitsVersion += 1;
      return { version: limitsVersion, limits };
    },
    deployments: () => ({ deployments: [] }),
    alertChoices: () => ({ choices }),
    setAlertChoice: (next) => {
      choices = choices.map((choice) => (choice.kind === next.kind && choice.channel === next.channel ? next : choice));
      return next;
    },
    sendTest: () => ({ notificationId: 'n1', ways: [], note: 'No mail server and no webhook is set up.' }),
  };
}

beforeAll(async () => {
  writeFileSync(envFile, 'REDIS_PORT=6400\n');
  keeper = openConfiguration({ envFile, env: {}, sealer: plainSealer, choice: undefined, isWithoutBroker: false, now: Date.now, apply: () => undefined, note: () => undefined }, entriesOf({ envFile, env: {} }).entries);
  ({ browser, page, gateway } = await openScriptedPage(script(), '/settings'));
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Waits for as long as a busy computer may need. */
const eventually = (ask: () => unknown): ReturnType<typeof expect.poll> => expect.poll(ask, { timeout: LIMIT_MS });
const go = (name: string): Promise<void> => page.getByRole('navigation', { name: 'Sections of the settings' }).getByRole('link', { name }).click();
const bar = (): Locator => page.locator('.se-bar');
const field = (name: string): Locator => page.getByRole('textbox', { name, exact: true });
/** The days that are saved. */
const retention = async (): Promise<string | null | undefined> => (await keeper.view()).settings.find(({ key }) => key === 'LOG_RETENTION_DAYS')?.value;
const row = (title: string): Locator => page.locator('.se-row').filter({ has: page.locator('strong', { hasText: new RegExp(`^${title}`) }) });

describe('the settings page', () => {
  it('finds a setting by any of its words, and its section with it', async () => {
    await page.getByLabel('Search settings').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('mail recipients');
    await page.getByRole('heading', { name: 'Notifications' }).waitFor();
    expect(await page.locator('.se-section').allTextContents()).toEqual(['Notifications']);
    expect(await page.locator('.se-words strong').allTextContents()).toEqual(expect.arrayContaining(['Recipients']));
    await page.getByLabel('Search settings').fill('drawdown');
    await page.getByRole('heading', { name: 'Risk limits' }).waitFor();
    await page.getByLabel('Search settings').fill('');
  });

  it('says what is wrong while it is written, and saves nothing until it is right', async () => {
    await go('Notifications');
    await field('Mail server').fill('mail.example.com');
    await bar().getByText('problem', { exact: false }).waitFor();
    await row('Recipients').getByText('is missing while SMTP_HOST is set').waitFor();
    expect(await bar().getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await field('Recipients').fill('me@example.com');
    await field('Sender').fill('Desk <desk@example.com>');
    await eventually(() => bar().locator('li').allTextContents()).toHaveLength(3);
    expect(await bar().textContent()).toContain('Starts again by itself: notification');
    await bar().getByRole('button', { name: 'Save' }).click();
    await page.getByRole('status').filter({ hasText: 'Saved.' }).waitFor();
    expect(JSON.parse(readFileSync(savedFileOf(envFile), 'utf8'))).toMatchObject({ settings: { MAIL_TO: { value: 'me@example.com' } } });
    expect(gateway.asked('saveConfiguration').at(-1)?.key).toMatch(/^[A-Za-z0-9._-]{8,64}$/);
  });

  it('says so when nobody can tell what a change would do', async () => {
    gateway.script({ checkConfiguration: () => new Error('The supervisor does not answer') });
    await field('Port').fill('2525');
    await bar().getByText('cannot be saved: The supervisor does not answer').waitFor();
    expect(await bar().getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    gateway.script({ checkConfiguration: ({ changes }) => keeper.check(changes) });
    await bar().getByRole('button', { name: 'Discard' }).click();
  });

  it('keeps a secret to itself: it can be replaced and removed, never read', async () => {
    await field('Signing secret').fill('a-long-secret-of-a-hook');
    await field('Address').fill('https://hooks.example.com/x');
    await eventually(() => bar().locator('li').count()).toBe(2);
    expect(await bar().textContent()).not.toContain('a-long-secret');
    await bar().getByRole('button', { name: 'Save' }).click();
    await eventually(() => field('Signing secret').getAttribute('placeholder')).toContain('is set');
    expect(await page.content()).not.toContain('a-long-secret');
    await row('Signing secret').getByRole('button', { name: 'Remove what is set' }).click();
    await bar().getByText('none: calls are not signed').waitFor();
    await row('Signing secret').getByRole('button', { name: /Take back/ }).click();
    await eventually(() => page.locator('.se-bar:not(.done)').count()).toBe(0);
  });

  it('says what is sent by which way, and changes it at once', async () => {
    const table = page.getByRole('region', { name: 'What is sent by which way' });
    const way = (name: string): Locator => table.getByLabel(name, { exact: true });
    await table.getByText('Findings of the guardian').waitFor();
    // One that is always as loud as it is has no choice of how loud.
    expect(await way('Fills: E-mail, from which severity on').count()).toBe(0);
    await way('Risk events: E-mail, from which severity on').selectOption('critical');
    await eventually(() => choices.find(({ kind, channel }) => kind === 'risk_event' && channel === 'email')?.leastSeverity).toBe('critical');
    for (const channel of ['Desktop', 'E-mail', 'Webhook']) {
      await way(`Fills: ${channel}`).press('Space');
      await eventually(() => way(`Fills: ${channel}`).isChecked()).toBe(false);
    }
    await table.locator('tr', { hasText: 'Fills' }).getByText('nobody is told').waitFor();
    expect(gateway.asked('setAlertChoice').map(({ key }) => key)).toHaveLength(new Set(gateway.asked('setAlertChoice').map(({ key }) => key)).size);
    await page.getByLabel('Search settings').fill('guardian');
    await eventually(() => table.locator('tbody tr').count()).toBe(1);
    await page.getByLabel('Search settings').fill('');
    for (const [width, height] of [[1440, 900], [1024, 700]] as const) {
      await page.setViewportSize({ width, height });
      expect(await page.evaluate(() => (document.querySelector('.se-content')?.scrollWidth ?? 1) - (document.querySelector('.se-content')?.clientWidth ?? 0))).toBeLessThanOrEqual(0);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  it('does not let a file be overruled, and says what waits for a start', async () => {
    await go('Ports and servers');
    await row('Redis').first().getByText('line 1, which wins').waitFor();
    expect(await field('Redis').isDisabled()).toBe(true);
    await field('Dashboard').fill('8001');
    await page.getByText('which data_ingestion has').or(page.getByText('which gateway has')).first().waitFor();
    await field('Dashboard').fill('8123');
    await bar().getByText('counts at the next start of everything').waitFor();
    await bar().getByRole('button', { name: 'Save' }).click();
    await row('Dashboard').getByText('waits for a start').waitFor();
  });

  it('takes a stricter limit at once and asks twice for a wider one', async () => {
    await go('Risk limits');
    await field('Daily loss').fill('0');
    await row('Daily loss').getByRole('alert').waitFor();
    // A change that cannot be is a change all the same.
    expect(await bar().textContent()).toMatch(/^1 change1 problem above/);
    await field('Daily loss').fill('1500');
    await bar().getByRole('button', { name: 'Save' }).click();
    await eventually(() => limits.maxDailyLoss).toBe('1500');
    await page.getByRole('status').filter({ hasText: 'Saved.' }).waitFor();
    await field('Largest order').fill('25,000');
    await row('Largest order').getByText('wider than before').waitFor();
    // Written with its thousands apart, with its unit, and told in the list of sections.
    expect([await field('Largest order').inputValue(), await row('Largest order').locator('.se-unit').textContent()]).toEqual(['25,000', 'USD']);
    await bar().getByText('25,000 USD').waitFor();
    await page.locator('.se-section', { hasText: 'Risk limits' }).getByLabel('has changes that are not saved').waitFor();
    expect(await bar().getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await bar().getByRole('checkbox').check();
    await field('Largest order').fill('26000');
    // Other numbers are another question.
    await eventually(() => bar().getByRole('checkbox').isChecked()).toBe(false);
    await bar().getByRole('checkbox').check();
    await bar().getByRole('button', { name: 'Save' }).click();
    await eventually(() => limits.maxOrderNotional).toBe('26000');
  });

  it('asks again whether a wider limit is meant when another window has changed what it would be wider than', async () => {
    await field('Largest order').fill('30000');
    await bar().getByRole('checkbox').check();
    [limits, limitsVersion] = [{ ...limits, maxOrderNotional: '1000' }, limitsVersion + 1];
    await bar().getByRole('button', { name: 'Save' }).click();
    await bar().getByRole('alert').filter({ hasText: 'changed meanwhile' }).waitFor();
    await eventually(() => bar().locator('li code').allTextContents()).toEqual(['1,000 USD', '30,000 USD']);
    expect([await bar().getByRole('checkbox').isChecked(), await bar().getByRole('button', { name: 'Save' }).isDisabled(), limits.maxOrderNotional]).toEqual([false, true, '1000']);
    await bar().getByRole('checkbox').check();
    await bar().getByRole('button', { name: 'Save' }).click();
    await eventually(() => limits.maxOrderNotional).toBe('30000');
  });

  it('overwrites nothing that another window has saved: it says so, shows the difference anew, and loses nothing that was typed', async () => {
    await go('Logs');
    await field('Kept for').fill('7');
    await bar().locator('li', { hasText: 'Kept for' }).waitFor();
    await keeper.save({ changes: { LOG_RETENTION_DAYS: '21' }, base: (await keeper.view()).savedAt, actor: 'another window' });
    await bar().getByRole('button', { name: 'Save' }).click();
    await bar().getByRole('alert').filter({ hasText: 'saved by another window or program meanwhile' }).waitFor();
    await eventually(() => bar().locator('li code').allTextContents()).toEqual(['21', '7']);
    expect([await field('Kept for').inputValue(), await retention()]).toEqual(['7', '21']);
    await bar().getByRole('button', { name: 'Save' }).click();
    await page.getByRole('status').filter({ hasText: 'Saved.' }).waitFor();
    expect(await retention()).toBe('7');
  });

  it('says "Saved." of nothing that was discarded, and shows no refusal of earlier changes', async () => {
    await field('Kept for').fill('8');
    await bar().locator('li').first().waitFor();
    await bar().getByRole('button', { name: 'Discard' }).click();
    await eventually(() => bar().count()).toBe(0);
    gateway.script({ saveConfiguration: () => new Error('The disk is full') });
    await field('Kept for').fill('9');
    await bar().getByRole('button', { name: 'Save' }).click();
    await bar().getByText('The disk is full').waitFor();
    await bar().getByRole('button', { name: 'Discard' }).click();
    await field('Kept for').fill('10');
    await bar().locator('li', { hasText: '10' }).waitFor();
    expect(await bar().getByText('The disk is full').count()).toBe(0);
    gateway.script({ saveConfiguration: saved });
  });

  it('keeps what is typed while a save is on its way', async () => {
    const held = Promise.withResolvers<undefined>();
    gateway.script({ saveConfiguration: (input) => held.promise.then(() => saved(input)) });
    await bar().getByRole('button', { name: 'Save' }).click();
    await eventually(() => gateway.asked('saveConfiguration').at(-1)?.input.changes).toEqual({ LOG_RETENTION_DAYS: '10' });
    await field('Kept for').fill('12');
    held.resolve(undefined);
    await eventually(() => bar().locator('li code').allTextContents()).toEqual(['10', '12']);
    gateway.script({ saveConfiguration: saved });
    await bar().getByRole('button', { name: 'Save' }).click();
    await page.getByRole('status').filter({ hasText: 'Saved.' }).waitFor();
    expect(await retention()).toBe('12');
  });

  it('hands everything out as a file without secrets, and shows what a file would change before it counts', async () => {
    await go('Take along');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export settings' }).click();
    const file = readFileSync(await (await download).path(), 'utf8');
    expect(file).not.toContain('a-long-secret');
    const content = JSON.parse(file) as { settings: Record<string, string>; limits: RiskLimits };
    expect(content).toMatchObject({ format: 'mainspring-settings', settings: { WEB_SERVER_PORT: '8123', MAIL_TO: 'me@example.com' }, limits: { maxOrderNotional: '30000' } });
    const chooser = page.locator('input[type=file]');
    await chooser.setInputFiles({ name: 'other.json', mimeType: 'application/json', buffer: Buffer.from('{"format":"something"}') });
    await page.getByRole('alert').filter({ hasText: 'is no file of settings' }).waitFor();
    const other = { ...content, settings: { ...content.settings, WEB_SERVER_PORT: '8200' }, limits: { ...content.limits, maxDailyLoss: '900' } };
    await chooser.setInputFiles({ name: 'mine.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(other)) });
    await bar().getByText('8200').waitFor();
    await bar().getByText('900 USD').waitFor();
    expect(limits.maxDailyLoss).toBe('1500');
    await bar().getByRole('button', { name: 'Discard' }).click();
  });

  it('writes numbers and times as they are wanted, on every page', async () => {
    await go('Appearance');
    await page.getByText('1.234,56').click();
    await page.getByText('−1.234.567,89').waitFor();
    await page.getByText('Compact').click();
    await eventually(() => page.evaluate(() => document.documentElement.dataset['density'])).toBe('compact');
    await page.keyboard.press('g');
    await page.keyboard.press('p');
    await page.getByRole('region', { name: 'Account' }).waitFor();
    await eventually(() => page.locator('.headline').textContent()).toMatch(/\d\.\d{3},\d{2}/);
  });
});
