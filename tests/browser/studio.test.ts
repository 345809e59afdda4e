/** The studio's runs in a real browser, against a gateway that really runs them: settings, verdict first, curve before statistics, trades, bars one by one, log, comparison, search, and every state without a result. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import type { TestBrowser, WatchedPage } from './harness.ts';
import type { Script, ScriptedGateway } from './scripted-gateway.ts';
import { openScriptedPage } from './scripted-page.ts';
import { studioWorld } from './studio-world.ts';
import type { StudioWorld } from './studio-world.ts';

/** Where pictures of each state go, in both themes and sizes; without it none are taken. */
const PICTURES = process.env['MAINSPRING_PICTURES'];
const LIMIT_MS = 60_000;
const WAIT = { timeout: LIMIT_MS };
const SIZES = [[1440, 900], [1024, 700]] as const;
// Each of the tests goes on from where the one before it left the page.
let browser: TestBrowser;
let watched: WatchedPage;
let page: Page;
let gateway: ScriptedGateway;
let world: StudioWorld;
/** Lets the list of symbols come. */
const { promise: symbolsCome, resolve: letSymbolsCome } = Promise.withResolvers<void>();

beforeAll(async () => {
  if (PICTURES !== undefined) mkdirSync(PICTURES, { recursive: true });
  world = studioWorld();
  const { chartSymbols } = world.script;
  const late: Script = { chartSymbols: async (input) => { await symbolsCome; return chartSymbols?.(input) ?? 'lost'; } };
  ({ browser, watched, page, gateway } = await openScriptedPage({ ...world.script, ...late }, '/author?project=crossover', LIMIT_MS));
  await page.getByRole('group', { name: 'Run, optimise, deploy' }).waitFor();
}, 180_000);
afterAll(() => browser[Symbol.asyncDispose]());

const bar = (): Locator => page.getByRole('group', { name: 'Run, optimise, deploy' });
const setting = (name: string): Locator => bar().getByRole('button', { name: new RegExp(`^${name}`) });
const tab = (name: string): Locator => page.getByRole('tablist', { name: 'Questions about the run' }).getByRole('tab', { name: new RegExp(`^${name}`) });
const pane = (name: string): Locator => page.getByRole('tablist', { name: 'Parts of the page' }).getByRole('tab', { name, exact: true });

/** The page as it stands, in both themes and sizes. */
async function picture(name: string): Promise<void> {
  if (PICTURES === undefined) return;
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme });
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height });
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      await page.screenshot({ path: resolve(PICTURES, `${name}-${theme}-${width}.png`) });
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** What of the page is cut off or hangs over the edge: parts that scroll, and words that end in three dots by intent, are none. */
const cutOff = (): Promise<string[]> => page.evaluate(() => [...document.querySelectorAll<HTMLElement>('.ed-status > *, .rs-setting, .rs-acts > *, .rs-trips thead th, .rs-headline dd, .rs-tabs > *')].flatMap((part) => {
  const { left, right, width } = part.getBoundingClientRect();
  const frame = part.closest('footer, table, dl, [role=tablist]')?.parentElement?.getBoundingClientRect();
  return width > 0 && frame !== undefined && (right > frame.right + 1 || left < frame.left - 1 || right > innerWidth + 1) ? [`${part.className} ${part.textContent}: ${Math.round(right)} beyond ${Math.round(frame.right)}`] : [];
}));

describe('the runs of the studio', () => {
  it('begins with what a run will show, and with a symbol that has bars', async () => {
    await page.getByText('Is this idea any good?').waitFor();
    // A setting that is changed before the symbols are known does not leave the bar without one.
    await setting('Costs').click();
    await page.getByLabel('Amount').fill('3');
    await page.keyboard.press('Escape');
    letSymbolsCome();
    await expect.poll(() => setting('Symbols').textContent(), WAIT).toContain('AAPL');
    await picture('nothing');
  }, LIMIT_MS);

  it('says in words what is wrong while one types', async () => {
    await setting('Account').click();
    await page.getByLabel('Capital').fill('-5');
    await page.getByText('From 1 to 1,000,000,000,000').first().waitFor();
    expect(await bar().getByRole('button', { name: 'Run', exact: true }).isDisabled()).toBe(true);
    await picture('wrong');
    await page.getByLabel('Capital').fill('50,000');
    await page.keyboard.press('Escape');
    await expect.poll(() => setting('Account').textContent(), WAIT).toContain('50,000 USD');
  }, LIMIT_MS);

  it('finds symbols by their letters, and keeps them as chips', async () => {
    await setting('Symbols').click();
    await page.getByLabel('Add a symbol').fill('ms');
    await expect.poll(() => page.getByRole('listbox', { name: 'Symbols that were found' }).getByRole('option').allTextContents(), WAIT).toEqual([expect.stringContaining('Microsoft')]);
    await page.getByLabel('Add a symbol').press('Enter');
    await page.getByRole('button', { name: 'Leave MSFT out' }).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => setting('Symbols').textContent(), WAIT).toContain('AAPL, MSFT');
  }, LIMIT_MS);

  it('shows the curve while the statistics are worked out, then the verdict first', async () => {
    world.hold('running');
    await page.keyboard.press('Control+Enter');
    await page.getByText(/Running over the bars · 42 %/).first().waitFor();
    expect(world.requests.at(-1)).toMatchObject({ symbols: ['AAPL', 'MSFT'], startingCash: '50000', project: { projectId: 'crossover', version: 2 }, timeframe: '1Day', from: '2021-02-27' });
    await picture('running');
    world.hold('ran');
    await page.getByRole('heading', { name: 'Statistics are being worked out' }).waitFor();
    await page.getByRole('img', { name: 'Equity, benchmark and falls of the run' }).waitFor();
    await picture('ran');
    world.hold(null);
    await page.getByRole('region', { name: 'Verdict' }).getByRole('heading', { name: /believe it|Doubtful/i }).waitFor();
    await page.getByRole('img', { name: 'Return of each month' }).waitFor();
    await picture('done');
  }, LIMIT_MS);

  it('tells of each figure how it is made', async () => {
    await page.getByRole('button', { name: 'Sharpe ratio: how it is made' }).hover();
    await page.getByText('mean(r − rf) / sample deviation(r) × √252').waitFor();
    await page.mouse.move(5, 5);
  }, LIMIT_MS);

  it('places a round trip on the price, and steps into it', async () => {
    await tab('Trades').click();
    const rows = page.getByRole('table', { name: 'Round trips' }).locator('tbody tr');
    await rows.first().waitFor();
    await page.getByRole('button', { name: 'Profit USD' }).click();
    await rows.first().click();
    await page.locator('.rs-trip').waitFor();
    await picture('trades');
    await page.getByRole('button', { name: /^Step through/ }).click();
    const bars = page.getByRole('group', { name: /^Bar by bar/ });
    await bars.getByText('filled', { exact: true }).waitFor();
    const day = (): Promise<string | null> => bars.locator('.rs-where').textContent();
    const before = await day();
    await bars.press('ArrowLeft');
    await expect.poll(day, WAIT).not.toBe(before);
    await bars.press('ArrowRight');
    await expect.poll(day, WAIT).toBe(before);
    await bars.getByRole('button', { name: 'Next act' }).click();
    await expect.poll(day, WAIT).not.toBe(before);
    await bars.getByText('filled', { exact: true }).waitFor();
    await picture('bars');
  }, LIMIT_MS);

  it('cuts nothing off, wide or narrow', async () => {
    await tab('Trades').click();
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height });
      await expect.poll(cutOff, WAIT).toEqual([]);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  }, LIMIT_MS);

  it('finds lines of the log, and goes from one to its bar', async () => {
    await tab('Log').click();
    await page.getByLabel('Find in the log').fill('out at');
    await expect.poll(() => page.locator('.rs-log .rs-words').allTextContents().then((all) => all.length > 0 && all.every((words) => words.startsWith('out at'))), WAIT).toBe(true);
    await picture('log');
    await page.locator('.rs-log .link-button').first().click();
    await page.getByRole('group', { name: /^Bar by bar/ }).getByText('sell').first().waitFor();
  }, LIMIT_MS);

  it('searches parameters, says what to make of them first, and hands a point to the bar', async () => {
    await pane('Optimise').click();
    await page.getByRole('button', { name: 'Try 88 points' }).waitFor();
    await page.getByLabel('fast from').fill('99');
    await page.getByText(/From must not lie above to|At most/).first().waitFor();
    await page.getByLabel('fast from').fill('5');
    await picture('optimise');
    await page.getByRole('button', { name: 'Try 88 points' }).click();
    await page.getByRole('region', { name: 'Verdict' }).getByText('Overfitting').first().waitFor();
    expect(world.requests.at(-1)?.search).toMatchObject({ ranges: { fast: { from: 5, to: 15, step: 1 } }, walkForward: { folds: 5 } });
    await page.getByRole('img', { name: 'Each window in sample and out of sample' }).waitFor();
    await picture('search');
    await page.locator('.rs-map').scrollIntoViewIfNeeded();
    await picture('search-map');
    await page.getByRole('button', { name: 'Take these parameters' }).first().click();
    await expect.poll(() => setting('Parameters').textContent(), WAIT).toContain('changed');
  }, LIMIT_MS);

  it('lays runs side by side with what differs, and says when the code has changed since', async () => {
    await pane('Runs').click();
    const boxes = page.locator('.rs-runs tbody input');
    await expect.poll(() => boxes.count(), WAIT).toBe(2);
    await picture('runs');
    for (const box of await boxes.all()) await box.check();
    await page.getByRole('button', { name: 'Compare 2 runs' }).click();
    const table = page.getByRole('table', { name: 'Compared runs' });
    await table.locator('.rs-differs').first().waitFor();
    expect(await table.locator('.best').count()).toBeGreaterThan(3);
    await picture('compare');
    await table.locator('thead .link-button').first().click();
    await tab('Curve').waitFor();
    await pane('Runs').click();
    await page.getByRole('button', { name: 'All runs' }).or(page.locator('.rs-runs')).first().waitFor();
    await page.getByRole('button', { name: /^Run again what ran/ }).last().click();
    await expect.poll(() => world.requests.length, WAIT).toBe(3);
    expect(world.requests[2]).toEqual(world.requests[0]);
    await tab('Curve').waitFor();
  }, LIMIT_MS);

  it('cancels a run, and names the place where one failed', async () => {
    world.hold('running');
    await bar().getByRole('button', { name: 'Run', exact: true }).click();
    await bar().getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('The run was cancelled').waitFor();
    await picture('cancelled');
    world.hold(null);
    world.fail({ code: 'STRATEGY_FAILED', message: 'TypeError: cannot read properties of undefined', path: 'strategy.ts', line: 12, column: 12, symbol: 'AAPL', openTime: Date.parse('2024-05-01T04:00:00Z') });
    await bar().getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText('The run failed').waitFor();
    await picture('failed');
    await page.getByRole('button', { name: 'strategy.ts:12:12' }).click();
    await page.getByText(/Line 12, column 12/).waitFor();
    world.fail(null);
  }, LIMIT_MS);

  it('says that nothing was tried where no position was opened, and not that nothing was earned', async () => {
    await setting('Account').click();
    await page.getByLabel('Capital').fill('100');
    await page.keyboard.press('Escape');
    await bar().getByRole('button', { name: 'Run', exact: true }).click();
    const verdict = page.getByRole('region', { name: 'Verdict' });
    await verdict.getByRole('heading', { name: 'Nothing was tried' }).waitFor();
    // A share costs more than the whole account.
    await verdict.getByText(/^It raised \d+ signals, and none became a trade\. No money was at risk/).waitFor();
    expect(await verdict.innerText()).not.toMatch(/earned nothing|not believe/i);
    expect(await page.getByRole('img', { name: /could have been|daily returns/ }).count()).toBe(0);
    await picture('untried');
    await pane('Runs').click();
    await page.locator('.rs-runs tbody tr').first().getByText('Nothing tried').waitFor();
    await pane('Back-test').click();
    await setting('Account').click();
    await page.getByLabel('Capital').fill('50,000');
    await page.keyboard.press('Escape');
  }, LIMIT_MS);

  it('says that the gateway is away, and goes on by itself', async () => {
    gateway.script({ startBacktest: () => 'lost' });
    await bar().getByRole('button', { name: 'Run', exact: true }).click();
    await bar().getByText(/The gateway does not answer/).waitFor();
    await picture('away');
    const first = gateway.asked('startBacktest').at(-1);
    gateway.script({ startBacktest: world.script.startBacktest ?? (() => 'lost') });
    await bar().getByRole('button', { name: 'Run', exact: true }).click();
    await tab('Curve').waitFor();
    // The same press again: whatever became of the first, nothing is run twice.
    expect(gateway.asked('startBacktest').at(-1)?.key).toBe(first?.key);
    expect(watched.problems.filter((problem) => !/ERR_CONNECTION_RESET|Failed to load resource/.test(problem))).toEqual([]);
  }, LIMIT_MS);
});
