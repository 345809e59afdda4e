/** The screener in a real browser against a gateway that really runs the screens over a made-up market: words, sentences, formulas, past days, sorting, columns, export, saved screens, keyboard, and the states that luck alone would bring. */
import { mkdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import type { TestBrowser, WatchedPage } from './harness.ts';
import { SCRIPTED_ORIGIN } from './scripted-gateway.ts';
import type { Script, ScriptedGateway } from './scripted-gateway.ts';
import { openScriptedPage } from './scripted-page.ts';
import { runScreen, screenerScript } from './screener-world.ts';

const PICTURES = resolve(import.meta.dirname, '../../out/screener-screenshots');
const LIMIT_MS = 30_000;
let browser: TestBrowser;
let watched: WatchedPage;
let page: Page;
let gateway: ScriptedGateway;

beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true });
  const script: Script = { ...screenerScript(), screenModel: () => ({ isThere: true, model: 'llama3.2', note: '' }), askScreen: () => ({ from: 'model', filters: ['change(20) < -10%'], rank: null, notUnderstood: ['dragons'], note: 'Suggested by llama3.2: read the filters before you trust them' }) };
  ({ browser, watched, page, gateway } = await openScriptedPage(script, '/screener', LIMIT_MS));
  await page.locator('.screen-table tbody tr[data-symbol]').first().waitFor();
});
afterAll(() => browser[Symbol.asyncDispose]());

const rows = (): Locator => page.locator('.screen-table tbody tr[data-symbol]');
const filterTexts = (): Promise<(string | null)[]> => page.locator('.filter-list > li').evaluateAll((items) => items.map((item) => item.getAttribute('data-filter')));
const lastAsked = (): NonNullable<ReturnType<typeof gateway.asked<'runScreen'>>[number]['input']>['definition'] | undefined => gateway.asked('runScreen').at(-1)?.input.definition;
/** What is shown is the answer to what is written. */
const settled = async (): Promise<void> => {
  await page.locator('.found[data-behind="false"]').waitFor();
  await page.locator('.behind-pill').waitFor({ state: 'detached' });
};
const askedFilters = (): string[] => (lastAsked()?.filters ?? []).map((filter) => filter.formula);
const openSaved = async (name: string): Promise<void> => {
  await page.locator('.saved-name', { hasText: name }).click();
  await expect.poll(() => page.getByLabel('Name of the screen').inputValue(), { timeout: LIMIT_MS }).toBe(name);
  await settled();
};

/** Each case begins with a new screen of today. */
beforeEach(async () => {
  if (await page.locator('.mantine-Drawer-content').count() > 0) {
    await page.keyboard.press('Escape');
    await page.locator('.mantine-Drawer-content').waitFor({ state: 'detached' });
  }
  await page.evaluate(() => [...document.querySelectorAll<HTMLElement>('.past-steps button')].at(-1)?.click());
  await page.getByRole('button', { name: 'New screen' }).click();
  await expect.poll(filterTexts, { timeout: LIMIT_MS }).toEqual([]);
  // It may have gone by itself meanwhile.
  await page.evaluate(() => document.querySelector<HTMLElement>('[aria-label="Close this line"]')?.click());
});

describe('filters', () => {
  it('come from plain words, and what was not understood is marked', async () => {
    const field = page.getByLabel('What do you look for?');
    await field.fill('tech stocks with RSI below 45 and volume above 100k made by dragons');
    await page.locator('.echo-missed', { hasText: 'dragons' }).waitFor();
    await field.press('Enter');
    await expect.poll(filterTexts, { timeout: LIMIT_MS }).toEqual(['sector = "Information Technology"', 'rsi(14) < 45', 'volume > 100k']);
    expect(await field.inputValue()).toContain('dragons');
    await field.fill('');
    await expect.poll(askedFilters, { timeout: LIMIT_MS }).toHaveLength(3);
    await settled();
    expect(await rows().count()).toBeGreaterThan(3);
  });

  it('are found by what they are, and edited by fields', async () => {
    await page.keyboard.press('a');
    await page.getByLabel('Search for a filter').fill('relative strength');
    await page.getByLabel('Search for a filter').press('Enter');
    await expect.poll(filterTexts, { timeout: LIMIT_MS }).toEqual(['rsi(14) < 30']);
    await page.getByLabel('What is looked at: Period').fill('7');
    await page.getByLabel('Compared with, number').fill('25');
    await page.getByRole('combobox', { name: 'How it is compared' }).click();
    await page.getByRole('option', { name: 'at most' }).click();
    await expect.poll(filterTexts, { timeout: LIMIT_MS }).toEqual(['rsi(7) <= 25']);
    await page.locator('.filter-words', { hasText: 'RSI(7) at most 25' }).waitFor();
    await expect.poll(askedFilters, { timeout: LIMIT_MS }).toEqual(['rsi(7) <= 25']);
  });

  it('are formulas with their fault at its place, mended by what is offered; meanwhile nothing is asked and the old answer is grey', async () => {
    await page.keyboard.press('a');
    await page.getByLabel('Search for a filter').fill('close > 5 and volume > 1k');
    await page.getByLabel('Search for a filter').press('Enter');
    await settled();
    const before = gateway.asked('runScreen').length;
    const field = page.getByRole('combobox', { name: 'Formula of the filter' });
    await field.fill('close > smaa(20)');
    await page.locator('.formula-fault', { hasText: 'There is no "smaa"' }).waitFor();
    expect(await page.locator('.formula-mirror .wrong').textContent()).toBe('smaa');
    await page.locator('.found[data-behind="true"]').waitFor();
    await page.locator('.behind-pill', { hasText: 'A filter is not finished' }).waitFor();
    expect(gateway.asked('runScreen')).toHaveLength(before);
    await page.getByRole('button', { name: /Did you mean/ }).click();
    await expect.poll(() => field.inputValue(), { timeout: LIMIT_MS }).toBe('close > sma(20)');
    await expect.poll(askedFilters, { timeout: LIMIT_MS }).toEqual(['close > sma(20)']);
    await settled();
  });

  it('are completed by name, and explained where the cursor is', async () => {
    await page.keyboard.press('a');
    await page.getByLabel('Search for a filter').fill('close > 5 and volume > 1k');
    await page.getByLabel('Search for a filter').press('Enter');
    const field = page.getByRole('combobox', { name: 'Formula of the filter' });
    await field.fill('');
    await field.pressSequentially('from_h');
    await page.locator('.offers li.chosen', { hasText: 'from_high52' }).waitFor();
    await field.press('Enter');
    await field.pressSequentially(' > -5%');
    expect(await field.inputValue()).toBe('from_high52 > -5%');
    await page.locator('.offers').waitFor({ state: 'detached' });
    await field.press('Home');
    await page.locator('.formula-help', { hasText: '52-week high' }).waitFor();
    await expect.poll(askedFilters, { timeout: LIMIT_MS }).toEqual(['from_high52 > -5%']);
  });

  it('are sectors by a chip, switched off without being lost, and removed with a way back', async () => {
    await page.getByRole('button', { name: 'Sectors' }).click();
    await page.getByRole('button', { name: 'Energy', exact: true }).click();
    await page.getByRole('button', { name: 'Utilities', exact: true }).click();
    await page.getByRole('button', { name: 'Sectors' }).click();
    await expect.poll(askedFilters, { timeout: LIMIT_MS }).toEqual(['sector in ("Energy", "Utilities")']);
    await page.locator('.filter-list input[type=checkbox]').uncheck();
    // Without a filter it is the question that was answered a moment ago: the answer is there at once.
    await expect.poll(() => page.locator('.status-count b').textContent(), { timeout: LIMIT_MS }).toBe('1,200');
    await page.locator('.filter-line').first().hover();
    await page.getByRole('button', { name: /^Remove: sector/ }).click();
    await expect.poll(filterTexts, { timeout: LIMIT_MS }).toEqual([]);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(filterTexts, { timeout: LIMIT_MS }).toEqual(['sector in ("Energy", "Utilities")']);
  });
});

describe('the result', () => {
  it('shows thousands in a window of rows, walked by keys to the last and opened by Enter', async () => {
    await page.getByRole('button', { name: /^show 1,200$/ }).click();
    await expect.poll(() => page.locator('.screen-table').getAttribute('aria-rowcount'), { timeout: LIMIT_MS }).toBe('1201');
    await settled();
    expect(await rows().count()).toBeLessThan(150);
    await page.locator('.screen-scroll').focus();
    await page.keyboard.press('End');
    const active = page.locator('.screen-table tr.active');
    await expect.poll(() => active.getAttribute('aria-rowindex'), { timeout: LIMIT_MS }).toBe('1201');
    await page.keyboard.press('ArrowUp');
    await expect.poll(() => active.getAttribute('aria-rowindex'), { timeout: LIMIT_MS }).toBe('1200');
    const symbol = await active.getAttribute('data-symbol');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname === '/analysis' && url.searchParams.get('symbol') === symbol);
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.locator('.screen-table tbody tr[data-symbol]').first().waitFor();
  });

  it('is sorted by any column and exported as it is shown, with units and nothing that a spreadsheet runs', async () => {
    await openSaved('Near the 52-week high');
    const header = page.locator('.screen-table th').filter({ hasText: 'Price' });
    await header.getByRole('button').click();
    await expect.poll(() => header.getAttribute('aria-sort'), { timeout: LIMIT_MS }).toBe('descending');
    const prices = await rows().evaluateAll((lines) => lines.map((line) => Number(line.querySelector('td.number.num')?.textContent.replaceAll(',', ''))));
    expect(prices.length).toBeGreaterThan(3);
    expect(prices).toEqual([...prices].sort((a, b) => b - a));
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export as CSV' }).click()]);
    const lines = readFileSync(await download.path(), 'utf8').split('\r\n').filter((line) => line !== '');
    expect(download.suggestedFilename()).toMatch(/^screen-near-the-52-week-high-\d{4}-\d{2}-\d{2}\.csv$/);
    expect(lines[0]).toMatch(/^\uFEFFSymbol,.*Price \(USD\),Change \(%\),Volume \(shares\).*,Bar \(UTC\)$/);
    const shown = await rows().evaluateAll((all) => all.map((one) => one.getAttribute('data-symbol')));
    expect(lines.slice(1, 40).map((line) => line.split(',')[0])).toEqual(shown.slice(0, 39));
    expect(lines).toHaveLength(1 + Number((await page.locator('.status-count b').textContent())?.replaceAll(',', '')));
    await header.getByRole('button').click();
    await header.getByRole('button').click();
    await expect.poll(() => header.getAttribute('aria-sort'), { timeout: LIMIT_MS }).toBe('none');
  });

  it('has columns of one’s own', async () => {
    await page.getByRole('button', { name: /^Columns/ }).click();
    await page.getByRole('button', { name: 'RSI 14' }).click();
    await page.getByRole('button', { name: 'Formula', exact: true }).click();
    await page.getByRole('combobox', { name: 'Formula of the column' }).fill('close / sma(20) - 1');
    await page.getByLabel('Title of the column').fill('Over its mean');
    await page.locator('.screen-table th', { hasText: 'Over its mean' }).waitFor();
    // The button that was pressed is gone, and the keyboard is still in the card.
    await page.locator('.columns-card').getByRole('button', { name: 'Volatility', exact: true }).click();
    await page.getByRole('button', { name: 'Remove column Volatility' }).click();
    await page.keyboard.press('Escape');
    await page.locator('.columns-card').waitFor({ state: 'detached' });
    await settled();
    await expect.poll(() => lastAsked()?.columns, { timeout: LIMIT_MS }).toEqual([{ formula: 'rsi(14)', title: 'RSI 14' }, { formula: 'close / sma(20) - 1', title: 'Over its mean' }]);
  });

  it('shows a chart beside the row that is pointed at, with nothing after the day that is looked at', async () => {
    await page.goto(`${SCRIPTED_ORIGIN}/screener?screen=own-tech&asOf=2025-11-28`);
    await page.locator('.past-banner', { hasText: 'As of Fri, 28 Nov 2025: nothing later was looked at.' }).waitFor();
    await settled();
    await expect.poll(() => lastAsked()?.asOf, { timeout: LIMIT_MS }).toBe('2025-11-28');
    await rows().first().hover();
    const card = page.locator('.preview-card');
    await card.locator('svg').waitFor();
    expect(await card.textContent()).toContain('to 2025-11-28');
    await page.mouse.move(5, 5);
    await card.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'The session before' }).click();
    await page.locator('.past-banner', { hasText: 'As of Wed, 26 Nov 2025' }).waitFor();
    await expect.poll(() => lastAsked()?.asOf, { timeout: LIMIT_MS }).toBe('2025-11-26');
    await page.waitForURL(/asOf=2025-11-26/);
    await page.getByRole('button', { name: 'Back to now' }).click();
    await page.locator('.past-banner').waitFor({ state: 'detached' });
  });
});

describe('states', () => {
  it('nothing found: says which filter stands in the way, and switches it off', async () => {
    await page.getByLabel('What do you look for?').fill('RSI below 45 and RSI above 99');
    await page.getByLabel('What do you look for?').press('Enter');
    const worst = page.locator('.why-list li.worst');
    await worst.filter({ hasText: 'above 99' }).waitFor();
    await worst.getByRole('button', { name: 'Switch off' }).click();
    await expect.poll(askedFilters, { timeout: LIMIT_MS }).toEqual(['rsi(14) < 45']);
    await rows().first().waitFor();
  });

  it('an older answer never looks fresh, and a lost one is told with the old one kept', async () => {
    await settled();
    gateway.script({ runScreen: () => new Error('The bars of this width are being loaded; try again in a minute.') });
    await page.getByRole('button', { name: 'Sectors' }).click();
    await page.getByRole('button', { name: 'Materials', exact: true }).click();
    await page.getByRole('button', { name: 'Sectors' }).click();
    await page.locator('.run-failure', { hasText: 'are being loaded' }).waitFor();
    await page.locator('.found[data-behind="true"]').waitFor();
    expect(await rows().count()).toBeGreaterThan(10);
    gateway.script({ runScreen });
    await page.getByRole('button', { name: 'Try again' }).click();
    await settled();
    await page.locator('.run-failure').waitFor({ state: 'detached' });
    gateway.script({ runScreen: (input) => ({ ...runScreen(input), rows: [], matched: 0, looked: 0, barTime: null }) });
    await page.keyboard.press('Control+Enter');
    await page.getByText('There are no bars to look at').waitFor();
    gateway.script({ runScreen });
    await page.keyboard.press('Control+Enter');
    await rows().first().waitFor();
  });
});

describe('a local model', () => {
  it('is offered where one runs, and what it says is seen before it is used', async () => {
    await page.getByLabel('What do you look for?').fill('fallen dragons');
    await page.getByRole('button', { name: 'Ask the local model' }).click();
    await page.getByText('Suggested by llama3.2').waitFor();
    expect(await filterTexts()).toEqual([]);
    await page.getByRole('button', { name: 'Use these', exact: true }).click();
    await expect.poll(filterTexts, { timeout: LIMIT_MS }).toEqual(['change(20) < -10%']);
    await page.getByLabel('What do you look for?').fill('');
  });
});

describe('saved screens', () => {
  it('are saved, changed, renamed, scheduled, duplicated and deleted with a way back', async () => {
    await page.getByLabel('What do you look for?').fill('price below 20');
    await page.getByLabel('What do you look for?').press('Enter');
    await page.getByLabel('Name of the screen').fill('Cheap ones');
    await page.keyboard.press('Control+s');
    const own = page.locator('.saved-screen', { hasText: 'Cheap ones' });
    await own.waitFor();
    await page.getByTestId('unsaved').waitFor({ state: 'detached' });
    expect(gateway.asked('saveScreen').at(-1)?.input).toMatchObject({ screenId: null, name: 'Cheap ones', definition: { filters: [{ formula: 'close < 20', isEnabled: true }], asOf: null } });

    await page.getByLabel('Name of the screen').fill('Cheap ones indeed');
    await page.getByTestId('unsaved').waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByTestId('unsaved').waitFor({ state: 'detached' });
    expect(gateway.asked('saveScreen').at(-1)?.input).toMatchObject({ version: 1, name: 'Cheap ones indeed' });

    await page.getByRole('button', { name: 'Schedule and alerts' }).click();
    await page.getByText('After the close').click();
    // Alerts come from runs of its own: they can be switched on once the schedule is saved.
    await expect.poll(() => gateway.asked('saveScreen').at(-1)?.input, { timeout: LIMIT_MS }).toMatchObject({ schedule: 'daily' });
    await page.locator('.schedule-card [role=switch]:not([disabled])').first().waitFor();
    await page.getByLabel('Tell me when a symbol comes in').check();
    await expect.poll(() => gateway.asked('saveScreen').at(-1)?.input, { timeout: LIMIT_MS }).toMatchObject({ schedule: 'daily', alerts: { onEntry: true, onExit: false } });
    await page.keyboard.press('Escape');

    await own.hover();
    await page.getByRole('button', { name: 'More about Cheap ones indeed' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await own.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Undo' }).click();
    await own.waitFor();
    expect(gateway.asked('deleteScreen')).toEqual([]);
    await own.hover();
    await page.getByRole('button', { name: 'More about Cheap ones indeed' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Close this line' }).click();
    await expect.poll(() => gateway.asked('deleteScreen').length, { timeout: LIMIT_MS }).toBe(1);
  });

  it('of the house are saved as one’s own, and unsaved work is brought back', async () => {
    await openSaved('Unusual volume');
    await page.locator('.filter-list input[type=checkbox]').first().uncheck();
    await page.getByTestId('unsaved').waitFor();
    await page.locator('.saved-name', { hasText: 'Gaps down' }).click();
    await page.getByText('“Unusual volume” was left with unsaved changes.').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => page.getByLabel('Name of the screen').inputValue(), { timeout: LIMIT_MS }).toBe('Unusual volume');
    await page.getByRole('button', { name: 'Save as mine' }).click();
    await page.locator('.saved-screen', { hasText: 'Unusual volume (mine)' }).waitFor();
  });

  it('give a strategy its universe after telling what changes, once', async () => {
    await openSaved('Gaps down over 2 %');
    await page.getByRole('button', { name: 'Use as a strategy’s universe' }).click();
    const sheet = page.locator('.mantine-Drawer-content');
    await sheet.locator('.universe-part.out', { hasText: 'SPY' }).waitFor();
    await sheet.locator('.universe-part.same', { hasText: 'AAPL' }).waitFor();
    await sheet.getByRole('button', { name: 'Give these symbols to Momentum' }).click();
    await sheet.getByText('now works on 2 symbols').waitFor();
    expect(gateway.asked('screenToStrategy').map((one) => [one.input, one.key?.startsWith('page-')])).toEqual([[{ screenId: 'own-gaps', strategyId: 'momentum' }, true]]);
    await sheet.getByText('The broker does not trade it').waitFor();
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Run history' }).click();
    await sheet.getByRole('button', { name: '+ AADA' }).waitFor();
  });
});

describe('the whole visit', () => {
  it('fits small and large windows in both themes', async () => {
    await openSaved('Tech pullbacks');
    for (const [width, height] of [[1_024, 700], [1_440, 900]] as const) {
      await page.setViewportSize({ width, height });
      for (const scheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: scheme });
        await settled();
        expect(await page.evaluate(() => [document.documentElement.scrollWidth - innerWidth, (document.querySelector('.page')?.scrollWidth ?? 0) - (document.querySelector('.page')?.clientWidth ?? 0)])).toEqual([0, 0]);
        await page.screenshot({ path: resolve(PICTURES, `screener-${scheme}-${width}.png`) });
      }
    }
  });

  it('went without an error or a violated policy, but for what was refused on purpose', () => {
    expect(watched.problems.filter((problem) => !problem.includes('409'))).toEqual([]);
  });
});
