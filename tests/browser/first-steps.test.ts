/** The first steps in the navigation, in a real browser: whatever they say, HALT and the kill switch stay in sight and in reach, and nothing of a page is covered. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { deployWorld } from './deploy-world.ts';
import type { TestBrowser } from './harness.ts';
import { openScriptedPage } from './scripted-page.ts';

const BUILD_LIMIT_MS = 300_000;
const LIMIT_MS = 20_000;
let browser: TestBrowser;
let page: Page;

beforeAll(async () => {
  ({ browser, page } = await openScriptedPage({ ...deployWorld().script, projects: () => ({ projects: [] }), deployed: () => ({ deployed: [], at: Date.now() }) }, '/portfolio'));
  await page.locator('.navigation').waitFor();
}, BUILD_LIMIT_MS);
afterAll(() => browser[Symbol.asyncDispose]());

/** What a person who clicks at the middle of an element would hit: the element itself, or something that covers it. */
const isInReach = (selector: string): Promise<boolean> => page.evaluate((name) => {
  const element = document.querySelector(name);
  const box = element?.getBoundingClientRect();
  if (!element || !box || box.height < 20 || box.bottom > innerHeight) return false;
  return element.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
}, selector);
const inReach = async (): Promise<boolean[]> => [await isInReach('.trading-switch .halt'), await isInReach('.trading-switch > :last-child'), await isInReach('.nav-link:last-of-type')];

describe('the first steps', () => {
  it.each([[1440, 900], [1440, 700], [1440, 560]] as const)('leave HALT in the window at %d x %d', async (width, height) => {
    await page.setViewportSize({ width, height });
    await page.locator('.fs-card .fs-list .next').waitFor({ state: 'attached' });
    expect(await inReach()).toEqual([true, true, true]);
  });

  it('say the next step where there is no room for all', async () => {
    await page.setViewportSize({ width: 1440, height: 700 });
    await expect.poll(() => page.locator('.fs-card li:visible').count(), { timeout: LIMIT_MS }).toBe(1);
    await page.setViewportSize({ width: 1440, height: 900 });
    await expect.poll(() => page.locator('.fs-card li:visible').count(), { timeout: LIMIT_MS }).toBe(5);
  });

  it('are an icon on a narrow window that covers nothing, and open beside the navigation', async () => {
    await page.setViewportSize({ width: 1024, height: 700 });
    await page.locator('.fs-icon').waitFor();
    expect(await inReach()).toEqual([true, true, true]);
    const column = await page.locator('.navigation').boundingBox();
    const icon = await page.locator('.fs-icon').boundingBox();
    expect((icon?.x ?? 0) + (icon?.width ?? 0)).toBeLessThanOrEqual((column?.x ?? 0) + (column?.width ?? 0));
    await page.locator('.fs-icon').click();
    const list = page.locator('.mantine-Popover-dropdown', { has: page.locator('.fs-list') });
    await list.locator('.fs-list').waitFor();
    await expect.poll(async () => {
      const box = await list.boundingBox();
      return box !== null && box.x >= (column?.width ?? 0) && box.y >= 0 && box.y + box.height <= 700;
    }, { timeout: LIMIT_MS }).toBe(true);
    expect(await inReach()).toEqual([true, true, true]);
  });
});
