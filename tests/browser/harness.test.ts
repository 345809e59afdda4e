/** The harness sees what goes wrong in a page; otherwise a broken dashboard would pass. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser } from './harness.ts';
import type { TestBrowser } from './harness.ts';

const PAGES: Readonly<Record<string, readonly [status: number, body: string]>> = {
  '/good': [200, '<title>good</title><p id="theme"></p><script>theme.textContent = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"</script>'],
  '/throws': [200, '<script>throw new Error("boom")</script>'],
  '/says': [200, '<script>console.error("bad news")</script>'],
  '/breaks-policy': [200, '<meta http-equiv="Content-Security-Policy" content="script-src \'none\'"><script>1</script>'],
  '/asks': [200, '<script>fetch("/dies")</script>'],
  '/dies': [500, 'no'],
};

let server: Server;
let browser: TestBrowser;
let origin = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    const [status, body] = PAGES[request.url ?? ''] ?? [204, ''];
    response.writeHead(status, { 'content-type': 'text/html' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  origin = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
  browser = await openBrowser();
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('the harness', () => {
  it.each(['light', 'dark'] as const)('shows a healthy page in %s without a complaint', async (theme) => {
    await using opened = await browser.newPage({ theme });
    await opened.page.goto(`${origin}/good`);
    expect(await opened.page.textContent('#theme')).toBe(theme);
    expect(opened.problems).toEqual([]);
  });

  it.each([
    ['/throws', /^uncaught: boom/],
    ['/says', /^console: bad news/],
    ['/breaks-policy', /^console: .*Content Security Policy/],
    ['/asks', /^answer: 500 /],
  ])('notices what is wrong with %s', async (path, problem) => {
    await using opened = await browser.newPage();
    await opened.page.goto(origin + path);
    await expect.poll(() => opened.problems.some((text) => problem.test(text)), { timeout: 5_000 }).toBe(true);
  });
});
