/** What a new user does, on the real stack: a template, an edit with an error, the fix, a back-test, a search, its verdict, a deployment to the demo, and the first order understood. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { cleanUp, freshDataDir, startStack } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';
import { buildPage } from './built-page.ts';
import { openBrowser } from './harness.ts';
import type { TestBrowser } from './harness.ts';

/** How long a run, a search or a first order may take on a busy machine. */
const LONG_MS = 120_000;
/** The promise of the first steps: from the first look to the first back-test. */
const FIRST_BACKTEST_MS = 180_000;
let stack: TestStack;
let browser: TestBrowser;
let page: Page;
let begun = 0;

const bar = (): Locator => page.getByRole('group', { name: 'Run, optimise, deploy' });
const squiggles = (): Promise<number> => page.locator('.squiggly-error').count();
const step = (title: string): Locator => page.getByRole('region', { name: 'First steps' }).getByRole('listitem').filter({ hasText: title });
const done = (title: string): Promise<void> => step(title).getByLabel('Done').waitFor({ timeout: LONG_MS });

beforeAll(async () => {
  await buildPage();
  stack = startStack({ dataDir: await freshDataDir() });
  const link = (await stack.announced(LONG_MS)).dashboard;
  browser = await openBrowser();
  ({ page } = await browser.newPage());
  page.setDefaultTimeout(LONG_MS);
  begun = performance.now();
  await page.goto(link);
}, 2 * LONG_MS);

afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await stack.stop();
  await cleanUp();
});

describe('a new user', () => {
  it('is led to the gallery and begins with a template', async () => {
    await step('Begin with a template').getByRole('button').click();
    const card = page.getByRole('listitem').filter({ hasText: 'Falls in a row' });
    await card.getByRole('button', { name: 'Start from this' }).click();
    await page.locator('.monaco-editor .view-line', { hasText: 'falls' }).first().waitFor();
    await done('Begin with a template');
  });

  it('sees an error as it is written, and that it is gone once it is mended', async () => {
    // At a place of the editor: a line is wider than what is shown of it, and would be scrolled to its middle.
    await page.locator('.monaco-editor').first().click({ position: { x: 120, y: 20 } });
    await page.keyboard.press('ControlOrMeta+Home');
    await page.keyboard.type('const many: number = "three";');
    await page.locator('.squiggly-error').first().waitFor();
    await page.getByRole('button', { name: /1 error/ }).first().waitFor();
    await page.keyboard.press('Shift+Home');
    await page.keyboard.type('// Mine: three falls in a row.');
    await expect.poll(squiggles, { timeout: LONG_MS }).toBe(0);
    await page.keyboard.press('ControlOrMeta+s');
    await page.getByText('Version 2').first().waitFor();
  }, LONG_MS);

  it('runs it, and reads the verdict before any figure', async () => {
    await bar().getByRole('button', { name: 'Run', exact: true }).click();
    const verdict = page.getByRole('region', { name: 'Verdict' });
    await verdict.getByRole('heading', { name: /^(Believe it|Doubtful|Do not believe it)/ }).waitFor({ timeout: LONG_MS });
    const [above, below] = [await verdict.boundingBox(), await page.getByText('Round trips').first().boundingBox()];
    expect((above?.y ?? Infinity) < (below?.y ?? -Infinity)).toBe(true);
    expect(performance.now() - begun).toBeLessThan(FIRST_BACKTEST_MS);
    await done('Run a back-test');
    await done('Read the verdict');
  }, 2 * LONG_MS);

  it('optimises: what luck could have done stands before what was found', async () => {
    await bar().getByRole('button', { name: 'Optimise' }).click();
    await page.getByRole('button', { name: /^Try \d+ points$/ }).click();
    await page.getByRole('table', { name: 'Best points' }).waitFor({ timeout: 2 * LONG_MS });
    await page.getByRole('region', { name: 'Verdict' }).getByRole('heading', { level: 2 }).waitFor({ timeout: LONG_MS });
  }, 4 * LONG_MS);

  it('deploys it to the demo once the gates are open', async () => {
    await bar().getByRole('button', { name: 'Deploy' }).click();
    const gates = page.getByRole('region', { name: 'Gates' });
    const check = gates.getByRole('button', { name: 'Check now' });
    await gates.getByText(/of \d passed/).waitFor();
    if (await check.isVisible()) await check.click();
    await gates.getByText('4 of 4 passed').waitFor({ timeout: LONG_MS });
    await page.getByRole('textbox', { name: 'Name' }).fill('My falls');
    // Minutes, so that the first order does not let one wait.
    await page.getByRole('combobox', { name: 'Timeframe' }).click();
    await page.getByRole('option', { name: '1Min', exact: true }).click();
    await page.getByRole('button', { name: /^Deploy version 2 to demo/ }).click();
    await page.getByRole('article', { name: 'My falls' }).waitFor({ timeout: LONG_MS });
    await done('Deploy it to the demo');
  }, 3 * LONG_MS);

  it('sees its first order, and why there is one', async () => {
    const live = page.getByRole('article', { name: 'My falls' });
    await live.getByRole('tab', { name: /Signals/ }).click();
    const signal = live.getByRole('button', { name: /approved/i }).first();
    await signal.waitFor({ timeout: 2 * LONG_MS });
    await signal.click();
    const story = page.getByRole('dialog');
    await story.getByText('falls in a row', { exact: false }).first().waitFor();
    await story.getByRole('link', { name: /version 2/i }).first().waitFor();
    await done('Understand an order');
  }, 4 * LONG_MS);
});
