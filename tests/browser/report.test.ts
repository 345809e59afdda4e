/** The daily report as people see it: opened from a folder, light and dark, wide and narrow; it runs nothing and asks for nothing. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportPage } from '../../services/analytics/report/page.ts';
import { sampleReport } from '../support/sample-report.ts';
import { openBrowser, type TestBrowser } from './harness.ts';

const PICTURES = path.resolve(import.meta.dirname, '..', '..', 'out', 'report-screenshots');
const REPORTS = { paper: sampleReport('2025-09-02', '2026-01-05', 'paper'), demo: sampleReport('2026-01-05', '2026-01-05', 'demo'), live: { ...sampleReport('2026-01-02', '2026-01-05', 'live'), curve: null, metrics: [], groups: [], strategies: [], fills: [], trips: [], totals: { trips: 0, fills: 0 }, positions: [], decisions: [], riskNotes: [], reconciled: null } };

let browser: TestBrowser;
let folder: string;
beforeAll(async () => {
  browser = await openBrowser();
  folder = mkdtempSync(path.join(tmpdir(), 'ms-report-'));
  mkdirSync(PICTURES, { recursive: true });
  for (const [name, facts] of Object.entries(REPORTS)) writeFileSync(path.join(folder, `${name}.html`), reportPage(facts));
});
afterAll(() => browser[Symbol.asyncDispose]());

describe('a report', () => {
  it.each([['paper', 'light', 1440], ['paper', 'dark', 1440], ['paper', 'light', 1024], ['paper', 'dark', 1024], ['demo', 'dark', 1440], ['live', 'light', 1024], ['paper', 'light', 420]] as const)('%s, %s, %d wide: fits, asks nobody, breaks no policy', async (name, theme, width) => {
    await using watched = await browser.newPage({ theme, width });
    const asked: string[] = [];
    watched.page.on('request', (request) => asked.push(request.url()));
    const url = pathToFileURL(path.join(folder, `${name}.html`)).href;
    await watched.page.goto(url);
    await watched.page.getByRole('heading', { level: 1 }).waitFor();
    expect(await watched.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
    expect(await watched.page.locator('.mode').textContent()).toContain({ paper: 'PAPER', demo: 'DEMO', live: 'LIVE' }[name]);
    await watched.page.screenshot({ path: path.join(PICTURES, `report-${name}-${theme}-${width}.png`), fullPage: true });
    expect(asked).toEqual([url]);
    expect(watched.problems).toEqual([]);
  });
});
