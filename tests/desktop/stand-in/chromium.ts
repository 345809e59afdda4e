/** The Chromium behind the stand-in's windows: one process per application, with a debugging port at which the test attaches. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { BrowserContext } from 'playwright-core';
import { standInFolder } from './app.ts';
import { openProxy } from './proxy.ts';
import type { Proxy, SchemeHandler } from './proxy.ts';

const CANDIDATES = [process.env['MAINSPRING_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The running Chromium. `endpoint`: where a debugger attaches. */
export type ChromiumProcess = { readonly context: BrowserContext; readonly endpoint: string; readonly proxy: Proxy; close(): Promise<void> };

/** Starts Chromium with a fresh profile. @throws Error when none is installed */
export async function startChromium(handlers: ReadonlyMap<string, SchemeHandler>): Promise<ChromiumProcess> {
  const executablePath = CANDIDATES.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) throw new Error('No Chromium found. Remedy: apt-get install chromium, or set MAINSPRING_CHROMIUM.');
  const profile = mkdtempSync(join(standInFolder(), 'window-'));
  const proxy = await openProxy(handlers);
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    viewport: null,
    locale: 'en-US',
    timezoneId: 'America/New_York',
    reducedMotion: 'reduce',
    args: [
      // Containers give no user namespaces; the pages are our own.
      '--no-sandbox', '--disable-dev-shm-usage',
      // Loopback addresses, too, go through the proxy: there the page's origin gets its real name.
      `--proxy-server=${proxy.address}`, '--proxy-bypass-list=<-loopback>', '--remote-debugging-port=0',
    ],
  });
  const [port] = readFileSync(join(profile, 'DevToolsActivePort'), 'utf8').split('\n');
  return {
    context,
    proxy,
    endpoint: `http://127.0.0.1:${port ?? ''}`,
    async close() {
      await context.close();
      proxy.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
