/** The gateway's look over a strategy's files when it cannot be had: what waits for it is not left waiting. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { authorBook } from './author-world.ts';
import type { TestBrowser } from './harness.ts';
import { openScriptedPage } from './scripted-page.ts';

const LIMIT_MS = 30_000;
/** The page is built first, or another process that builds it is waited for. */
const BUILD_MS = 240_000;
let browser: TestBrowser;
let page: Page;

beforeAll(async () => {
  ({ browser, page } = await openScriptedPage(authorBook().script, '/author?project=dip_in_an_uptrend', LIMIT_MS));
}, BUILD_MS);
afterAll(() => browser[Symbol.asyncDispose]());

it('is asked for again by itself, and told until it is there', async () => {
  const problems = page.locator('.ed-status-problems');
  await expect.poll(() => problems.innerText(), { timeout: LIMIT_MS }).toBe('No problems');
  const body = JSON.stringify({ error: { code: 'UNIT_TIMEOUT', family: 'temporary', message: 'The part strategy_engine does not answer' } });
  let asked = 0;
  await page.route('**/api/author/check', async (route) => {
    asked += 1;
    await (asked > 2 ? route.fallback() : route.fulfill({ status: 503, contentType: 'application/json', body }));
  });
  await page.getByRole('textbox', { name: 'Source of the strategy' }).focus();
  await page.keyboard.press('Control+End');
  await page.keyboard.insertText('\n// one more line');
  const missing = page.locator('.ed-status', { hasText: 'Source not checked' });
  await missing.waitFor();
  // Twice in vain, the third time with an answer, and nobody has pressed anything.
  await expect.poll(() => asked, { timeout: LIMIT_MS }).toBe(3);
  await missing.waitFor({ state: 'detached' });
  expect(await problems.innerText()).toBe('No problems');
});
