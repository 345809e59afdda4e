/** The data page in a real browser: the map of days, the findings and their decisions, the universe, the preview of an import. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { DATA_WORLD } from './data-world.ts';
import type { TestBrowser } from './harness.ts';
import type { ScriptedGateway } from './scripted-gateway.ts';
import { openScriptedPage } from './scripted-page.ts';

let browser: TestBrowser;
let page: Page;
let gateway: ScriptedGateway;

beforeAll(async () => {
  ({ browser, page, gateway } = await openScriptedPage(DATA_WORLD, '/data'));
});
afterAll(() => browser[Symbol.asyncDispose]());

const tab = (name: string): Promise<void> => page.getByRole('tab', { name }).click();
const caption = (): Locator => page.locator('.year-map figcaption');

describe('the data page', () => {
  it('says of each day how whole it is, to the pointer and to the keyboard', async () => {
    const map = page.getByRole('img', { name: 'Coverage of 2025, day by day' });
    await map.waitFor();
    expect(await page.locator('.year-map .cov').count()).toBe(250);
    await map.focus();
    await map.press('ArrowRight');
    await map.press('ArrowDown');
    await expect.poll(() => caption().textContent()).toMatch(/^Fri,? 3 Jan 2025: 60 of 60 bars \(100\.0 %\); all 60 series are whole; in the archive$/);
    await page.getByRole('button', { name: 'The next year' }).click();
    await page.getByRole('img', { name: 'Coverage of 2026, day by day' }).waitFor();
  });

  it('shows the series behind it, and reads a day of one symbol again', async () => {
    await page.getByRole('row', { name: /XOM/ }).getByText('1Day').click();
    await page.getByRole('heading', { name: /Coverage of XOM/ }).waitFor();
    expect(new URL(page.url()).search).toBe('?symbol=XOM');
    await page.getByRole('img', { name: 'Coverage of 2025, day by day' }).waitFor();
    await page.locator('.year-map .cov-none').first().click();
    await page.getByRole('button', { name: 'Read this day from the broker' }).click();
    await expect.poll(() => gateway.asked('startBackfill').at(-1)?.input).toMatchObject({ symbols: ['XOM'], timeframe: '1Day', from: expect.stringMatching(/^2025-/) as string });
  });

  it('explains a finding by its rule and takes a decision', async () => {
    await tab('Quality');
    await page.getByText('The bars can be used; some are worth a look').waitFor();
    const finding = page.locator('.bar-finding', { hasText: 'ten times those' });
    await finding.getByRole('button', { name: 'Decimal point shifted' }).click();
    await page.getByText('A bar whose prices are 10 or 100 times those around it.').waitFor();
    await page.keyboard.press('Escape');
    await finding.getByRole('button', { name: 'It is right' }).click();
    await expect.poll(() => gateway.asked('decideDataFinding').at(-1)?.input).toEqual({ findingId: 31, decision: 'dismiss' });
  });

  it('puts another bar in the place of one in quarantine, once its numbers are numbers', async () => {
    const table = page.getByRole('table', { name: 'Bars in quarantine' });
    await table.getByText('XOM').click();
    await page.getByRole('button', { name: 'Put another in its place …' }).click();
    const close = page.locator('.bar-fields').getByLabel('close');
    await close.fill('11x');
    const store = page.getByRole('button', { name: 'Store these numbers' });
    expect(await store.isDisabled()).toBe(true);
    await close.fill('111.75');
    await store.click();
    await expect.poll(() => gateway.asked('decideQuarantine').at(-1)?.input).toMatchObject({ quarantineId: 5, answer: { decision: 'replace', bar: { close: '111.75' } } });
  });

  it('follows a symbol, and shows everything about one', async () => {
    await tab('Universe');
    await page.getByRole('switch', { name: 'Follow NEE' }).click({ force: true });
    await expect.poll(() => gateway.asked('setWatched').at(-1)?.input).toEqual({ symbols: ['NEE'], isWatched: true });
    await page.getByRole('row', { name: /Coca-Cola/ }).click();
    await page.getByText('Split 4:1').waitFor();
    await page.getByText('182.40 × 300 / 182.44 × 200').waitFor();
  });

  it('imports nothing that was not looked at', async () => {
    await tab('Import and export');
    const path = page.getByLabel('File or folder on this computer');
    const start = page.getByRole('button', { name: 'Import', exact: true });
    await path.fill('/data/spy.csv');
    expect(await start.isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Look at it first' }).click();
    await page.getByText('1 row cannot be used; they would be kept aside').click();
    await page.getByText('The high lies below the low').waitFor();
    await path.fill('/data/other.csv');
    await expect.poll(() => start.isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Look at it first' }).click();
    await start.click();
    await expect.poll(() => gateway.asked('startImport').at(-1)?.input).toEqual({ paths: ['/data/other.csv'], policy: 'keep' });
  });
});
