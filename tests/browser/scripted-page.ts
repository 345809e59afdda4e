/** The page, in front of a scripted gateway: how the tests of a page's states begin. */
import type { Page } from 'playwright-core';
import { afterAll } from 'vitest';
import { buildPage } from './built-page.ts';
import { openBrowser } from './harness.ts';
import type { TestBrowser, WatchedPage } from './harness.ts';
import { SCRIPTED_ORIGIN, scriptGateway } from './scripted-gateway.ts';
import type { Script, ScriptedGateway } from './scripted-gateway.ts';
import { pulse } from './trading-world.ts';

/** What such a test holds; to dispose of `browser` closes its pages. */
export type ScriptedPage = { readonly browser: TestBrowser; readonly watched: WatchedPage; readonly page: Page; readonly gateway: ScriptedGateway };

let chromium: Promise<TestBrowser> | null = null;

/** One Chromium for all tests of a file: each has pages, cookies and storage of its own, and nobody waits for another start. */
async function openOwnPages(): Promise<TestBrowser> {
  chromium ??= openBrowser();
  const browser = await chromium;
  const opened: WatchedPage[] = [];
  return {
    async newPage(options) {
      const watched = await browser.newPage(options);
      opened.push(watched);
      return watched;
    },
    async [Symbol.asyncDispose]() {
      for (const watched of opened.splice(0)) await watched[Symbol.asyncDispose]();
    },
  };
}

afterAll(async () => {
  const browser = await chromium;
  chromium = null;
  await browser?.[Symbol.asyncDispose]();
});

/** Builds the page when it is out of date and opens `address` (a path with its query). Waits of the page last `limitMs` at most. */
export async function openScriptedPage(script: Script, address: string, limitMs = 20_000): Promise<ScriptedPage> {
  await buildPage();
  const browser = await openOwnPages();
  try {
    const watched = await browser.newPage();
    const { page } = watched;
    page.setDefaultTimeout(limitMs);
    const gateway = await scriptGateway(page, script, pulse);
    await page.goto(`${SCRIPTED_ORIGIN}${address}`);
    return { browser, watched, page, gateway };
  } catch (error) {
    await browser[Symbol.asyncDispose]();
    throw error;
  }
}
