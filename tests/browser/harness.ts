/** Chromium for the browser tests: one process per test file, and pages that remember everything that went wrong in them. */
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';

/** How a page is shown. */
export interface PageOptions {
  readonly theme?: 'light' | 'dark';
  /** CSS pixels. */
  readonly width?: number;
  readonly height?: number;
}

/** A page in a context (cookies, storage) of its own. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /**
   * Uncaught errors, console errors (a violated content security policy is one), failed requests and answers of 500
   * and above, in the order in which they came. A test of a healthy page ends with `expect(problems).toEqual([])`.
   */
  readonly problems: readonly string[];
}

/** A running Chromium. */
export interface TestBrowser extends AsyncDisposable {
  newPage(options?: PageOptions): Promise<WatchedPage>;
}

/** Debian's and Ubuntu's names; `npm test` sets MAINSPRING_CHROMIUM to the one it found. */
const CANDIDATES = [process.env['MAINSPRING_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/**
 * Starts Chromium; dispose of it at the end of the file.
 * @throws Error when none is installed
 */
export async function openBrowser(): Promise<TestBrowser> {
  const executablePath = CANDIDATES.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) throw new Error('No Chromium found. Remedy: apt-get install chromium, or set MAINSPRING_CHROMIUM.');
  // The sandbox needs user namespaces or a setuid helper, which containers do not give; the pages here are our own.
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  return {
    newPage: (options) => openPage(browser, options),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

async function openPage(browser: Browser, { theme = 'light', width = 1440, height = 900 }: PageOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: 'reduce',
    locale: 'en-US',
    timezoneId: 'America/New_York',
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  page.on('requestfailed', (request) => {
    // A page that navigates away cancels what it was loading.
    const reason = request.failure()?.errorText ?? 'unknown';
    if (reason !== 'net::ERR_ABORTED') problems.push(`request: ${request.method()} ${request.url()} ${reason}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 500) problems.push(`answer: ${response.status()} ${response.url()}`);
  });
  return { page, context, problems, [Symbol.asyncDispose]: () => context.close() };
}
