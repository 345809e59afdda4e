/** What a trader does on the analysis page, in a real browser against a gateway that keeps what it is told: indicators, drawings, layouts, scales, comparison, replay, live bars, marks, the keyboard. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { LIVE_PROTOCOL } from '#app/contracts/live.ts';
import { chartBook, columnsFor, LAST_MINUTE, minuteBar } from './chart-world.ts';
import type { TestBrowser, WatchedPage } from './harness.ts';
import { SCRIPTED_ORIGIN, scriptGateway } from './scripted-gateway.ts';
import type { ScriptedGateway } from './scripted-gateway.ts';
import { openScriptedPage } from './scripted-page.ts';
import { pulse } from './trading-world.ts';

const WAIT = { timeout: 20_000, interval: 50 };
let browser: TestBrowser;
let watched: WatchedPage;
let page: Page;
let gateway: ScriptedGateway;
const book = chartBook();

beforeAll(async () => {
  ({ browser, watched, page, gateway } = await openScriptedPage(book.script, '/analysis?symbol=AAPL&timeframe=1Day'));
  await drawn();
});
afterAll(() => browser[Symbol.asyncDispose]());

const values = (): Locator => page.locator('.bar-values');
const chip = (id: string): Locator => page.locator(`.indicator-chip[data-indicator="${id}"]`);
const shownIndex = async (): Promise<number> => Number(await values().getAttribute('data-index'));
/** The chart stands: bars are drawn and its numbers are there. */
async function drawn(): Promise<void> {
  await values().waitFor();
  await page.locator('.navigable .scatterlayer path').first().waitFor({ state: 'attached' });
}
/** Parts of the chart's width and height as a place on the screen. */
async function place(x: number, y: number): Promise<[number, number]> {
  const box = await page.locator('.chart-area').boundingBox();
  if (box === null) throw new Error('The chart is not on the page');
  return [box.x + box.width * x, box.y + box.height * y];
}
/** Picks one of those that were searched when the others are gone: until then the rows still move under the pointer. */
async function pickFound(name: RegExp, found: RegExp): Promise<void> {
  await expect.poll(() => page.getByRole('option').filter({ hasNotText: found }).count(), WAIT).toBe(0);
  await page.getByRole('option', { name }).click();
}
async function pull(from: [number, number], to: [number, number]): Promise<void> {
  await page.mouse.move(...from);
  await page.mouse.down();
  await page.mouse.move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2);
  await page.mouse.move(...to);
  await page.mouse.up();
}
async function add(id: string): Promise<void> {
  await page.getByRole('button', { name: 'Indicators', exact: true }).click();
  await page.getByLabel('Look for an indicator').fill(id);
  await page.keyboard.press('Enter');
  await page.getByText(`${id} added.`).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.indicator-picker').waitFor({ state: 'detached' });
}

describe('indicators', () => {
  it('are picked from the whole catalogue, drawn in panes, and follow their edited numbers', async () => {
    await add('RSI');
    await expect.poll(() => page.locator('.pane-edge').count(), WAIT).toBe(1);
    const before = await chip('RSI').locator('.chip-value').textContent();
    await chip('RSI').getByRole('button', { name: 'RSI 14: settings' }).click();
    const field = page.getByLabel('Period');
    await field.fill('5');
    await chip('RSI').getByRole('button', { name: 'RSI 5: settings' }).waitFor();
    await expect.poll(() => chip('RSI').locator('.chip-value').textContent(), WAIT).not.toBe(before);
    await field.fill('0');
    await page.getByText(/the chart still shows RSI 5/).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.indicator-settings').waitFor({ state: 'detached' });
  });

  it('give the numbers of the bar under the pointer', async () => {
    await page.mouse.move(...await place(0.4, 0.3));
    const index = await shownIndex();
    const loaded = columnsFor('AAPL', true).close.slice(-1_500);
    expect(await values().textContent()).toContain(`C${(loaded[index] ?? 0).toFixed(2)}`);
    await page.keyboard.press('ArrowRight');
    await expect.poll(shownIndex, WAIT).toBe(index + 1);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(shownIndex, WAIT).toBe(index - 1);
  });
});

describe('the chart', () => {
  it('is moved by hand to older bars, which are asked for before it gets there, and back with End', async () => {
    const asked = gateway.asked('bars').length;
    await page.keyboard.press('Home');
    await expect.poll(() => gateway.asked('bars').slice(asked).some(({ input }) => input.before !== undefined), WAIT).toBe(true);
    await page.mouse.move(...await place(0.02, 0.3));
    const oldest = await page.locator('.time-tag').textContent();
    await pull(await place(0.3, 0.3), await place(0.6, 0.3));
    await page.mouse.move(...await place(0.02, 0.31));
    await expect.poll(() => page.locator('.time-tag').textContent(), WAIT).not.toBe(oldest);
    await page.keyboard.press('End');
    await page.mouse.move(...await place(0.88, 0.3));
    await expect.poll(async () => (await page.locator('.time-tag').textContent()) ?? '', WAIT).toMatch(/(Feb|Mar) 26/);
  });

  it('takes a logarithmic scale, and other symbols in percent', async () => {
    await page.keyboard.press('l');
    await expect.poll(() => page.url(), WAIT).toContain('isLog=true');
    await page.keyboard.press('l');
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByLabel('Compare with').fill('MSFT');
    await pickFound(/MSFT/, /MSFT/);
    await page.getByRole('button', { name: 'Stop comparing with MSFT' }).waitFor();
    await expect.poll(() => page.locator('.navigable .ytick text').allTextContents(), WAIT).toContainEqual(expect.stringContaining('%'));
    // As far back as the chart was moved: its first bars and those before them, each once.
    await expect.poll(() => gateway.asked('bars').filter(({ input }) => input.symbol === 'MSFT').map(({ input }) => input.before !== undefined), WAIT).toEqual([false, true]);
    await page.getByRole('button', { name: 'Stop comparing with MSFT' }).click();
    await expect.poll(() => page.locator('.navigable .ytick text').allTextContents(), WAIT).not.toContainEqual(expect.stringContaining('%'));
  });

  it('shows own trades, signals and corporate actions, each in words', async () => {
    expect(await page.locator('.mark.buy').count()).toBe(2);
    expect(await page.locator('.mark.denied').count()).toBe(1);
    await page.locator('.mark.sell').hover();
    await page.getByRole('tooltip').getByText(/Sold 40 at .*\+212\.40 USD/).waitFor();
    await page.locator('.action-mark[data-action="D"]').hover();
    await page.getByRole('tooltip').getByText(/Dividend \$0\.24.*ex 2025-11-10/).waitFor();
    await page.getByText(/^Long 40 · average/).waitFor();
    await page.getByText(/^Sell 40 stop/).waitFor();
  });
});

describe('drawings', () => {
  const items = (): Locator => page.locator('.drawing-layer [data-drawing]');

  it('are kept in the book as they were traded, moved, taken back, and there after a reload', async () => {
    await page.keyboard.press('t');
    await page.locator('.drawing-canvas').waitFor();
    await pull(await place(0.35, 0.25), await place(0.6, 0.45));
    await expect.poll(() => book.drawings.length, WAIT).toBe(1);
    const first = structuredClone(book.drawings[0]);
    expect(first).toMatchObject({ kind: 'trend', symbol: 'AAPL' });
    await pull(await place(0.475, 0.35), await place(0.5, 0.4));
    await expect.poll(() => JSON.stringify(book.drawings[0]?.points), WAIT).not.toBe(JSON.stringify(first?.points));
    await page.keyboard.press('Control+z');
    await expect.poll(() => book.drawings[0]?.points, WAIT).toEqual(first?.points);
    await page.keyboard.press('Escape');
    await page.keyboard.press('h');
    await page.locator('.drawing-canvas').waitFor();
    await page.mouse.click(...await place(0.5, 0.3));
    await expect.poll(() => book.drawings.length, WAIT).toBe(2);
    await page.reload();
    await drawn();
    await expect.poll(() => items().count(), WAIT).toBe(2);
    await chip('RSI').waitFor();
  });

  it('wait for a gateway that is away: they stand on the page, it is told, and they are kept when it is back', async () => {
    gateway.script({ saveDrawing: () => 'lost' });
    const before = items();
    const count = await before.count();
    await page.keyboard.press('h');
    await page.locator('.drawing-canvas').waitFor();
    await page.mouse.click(...await place(0.5, 0.2));
    await page.getByRole('alert').getByText(/not kept yet/).waitFor();
    // A gateway that comes back tells of everything anew, also of drawings that it does not know.
    gateway.push({ type: 'welcome', protocol: LIVE_PROTOCOL, instanceId: 'another' });
    expect(await items().count()).toBe(count + 1);
    const { saveDrawing } = book.script;
    if (saveDrawing !== undefined) gateway.script({ saveDrawing });
    await expect.poll(() => book.drawings.length, WAIT).toBe(count + 1);
    await page.getByRole('alert').getByText(/not kept yet/).waitFor({ state: 'detached' });
    expect(await items().count()).toBe(count + 1);
    await page.keyboard.press('Control+z');
    await expect.poll(() => book.drawings.length, WAIT).toBe(count);
  });

  it('stay at their bars in other views of the prices and in other widths', async () => {
    const y = async (): Promise<number> => Number(await page.locator('[data-kind="horizontal"] line').first().getAttribute('y1'));
    const before = await y();
    await page.getByRole('radio', { name: 'Total return', exact: true }).click();
    await expect.poll(() => gateway.asked('bars').some(({ input }) => input.adjustment === 'all'), WAIT).toBe(true);
    await drawn();
    await expect.poll(async () => Math.abs((await y()) - before) < 12, WAIT).toBe(true);
    await page.getByRole('radio', { name: '1 week', exact: true }).click();
    await drawn();
    await expect.poll(() => items().count(), WAIT).toBe(2);
    await page.getByRole('radio', { name: '1 day', exact: true }).click();
    await page.getByRole('radio', { name: 'Splits', exact: true }).click();
    await expect.poll(() => page.url(), WAIT).toContain('adjustment=split');
    await drawn();
    await expect.poll(async () => Math.abs((await y()) - before) < 1, WAIT).toBe(true);
  });

  it('go with Delete', async () => {
    await page.locator('[data-kind="horizontal"] .grip').first().click({ position: { x: 60, y: 0 }, force: true });
    await page.locator('.drawing.selected').waitFor();
    await page.keyboard.press('Delete');
    await expect.poll(() => book.drawings.map((drawing) => drawing.kind), WAIT).toEqual(['trend']);
  });
});

describe('the first second of a page', () => {
  it('has the keys of its page: a letter is not the second one of a jump to another page', async () => {
    const { page: fresh } = await browser.newPage();
    // A clock that is slow: the page is still in its first second when the key comes.
    await fresh.addInitScript(() => {
      const real = performance.now.bind(performance);
      performance.now = () => real() / 100;
    });
    await scriptGateway(fresh, book.script, pulse);
    await fresh.goto(`${SCRIPTED_ORIGIN}/analysis?symbol=AAPL&timeframe=1Day`);
    await fresh.locator('.bar-values').waitFor();
    await fresh.keyboard.press('h');
    await fresh.locator('.drawing-canvas').waitFor();
    expect(fresh.url()).toContain('/analysis');
    await fresh.close();
  });
});

describe('layouts', () => {
  it('are saved under a name and bring the indicators back', async () => {
    await page.getByRole('button', { name: 'Layouts and templates' }).click();
    await page.getByLabel('Name of the layout').fill('Swing');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /^Swing layout/ }).waitFor();
    await page.getByRole('button', { name: 'Make Swing the default' }).click();
    await expect.poll(() => book.layouts[0]?.isDefault, WAIT).toBe(true);
    await page.keyboard.press('Escape');
    await page.locator('.layouts').waitFor({ state: 'detached' });
    await chip('RSI').hover();
    await chip('RSI').getByRole('button', { name: /^Remove RSI/ }).click();
    await chip('RSI').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Layouts and templates' }).click();
    await page.getByRole('button', { name: /^Swing layout/ }).click();
    await chip('RSI').waitFor();
  });
});

describe('a replay', () => {
  it('shows nothing of the future and goes on bar by bar', async () => {
    await page.keyboard.press('End');
    await page.mouse.move(0, 0);
    await page.getByRole('button', { name: 'Replay', exact: true }).click();
    await page.locator('.replay-bar').waitFor();
    const loaded = columnsFor('AAPL', true);
    const ahead = async (): Promise<number> => Number(/(\d+) bars ahead/.exec((await page.locator('.replay-bar').textContent()) ?? '')?.[1]);
    const hidden = await ahead();
    expect(hidden).toBeGreaterThan(50);
    const close = (loaded.close.at(-1 - hidden) ?? 0).toFixed(2);
    await expect.poll(() => values().textContent(), WAIT).toContain(`C${close}`);
    await expect.poll(() => page.locator('.mark.sell, .mark.denied').count(), WAIT).toBe(0);
    expect(await page.getByText(/^Long 40 · average/).count()).toBe(0);
    const rsi = await chip('RSI').locator('.chip-value').textContent();
    await page.getByRole('button', { name: 'One bar on' }).click();
    await expect.poll(ahead, WAIT).toBe(hidden - 1);
    await expect.poll(() => values().textContent(), WAIT).toContain(`C${(loaded.close.at(-hidden) ?? 0).toFixed(2)}`);
    await expect.poll(() => chip('RSI').locator('.chip-value').textContent(), WAIT).not.toBe(rsi);
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await expect.poll(ahead, WAIT).toBeLessThan(hidden - 2);
    await page.getByRole('button', { name: 'Back to now' }).click();
    await page.locator('.replay-bar').waitFor({ state: 'detached' });
  });
});

describe('live bars', () => {
  it('extend the last bar, open the next one, and are corrected', async () => {
    await page.getByRole('radio', { name: '1 minute', exact: true }).click();
    await expect.poll(() => page.url(), WAIT).toContain('timeframe=1Min');
    await drawn();
    await page.mouse.move(0, 0);
    const before = await shownIndex();
    gateway.push(minuteBar(LAST_MINUTE + 60_000, 205.5));
    await expect.poll(shownIndex, WAIT).toBe(before + 1);
    expect(await values().textContent()).toContain('C205.50');
    gateway.push(minuteBar(LAST_MINUTE + 60_000, 206.25, { isRevision: true }));
    await expect.poll(() => values().textContent(), WAIT).toContain('C206.25');
    expect(await shownIndex()).toBe(before + 1);
  });
});

describe('symbols', () => {
  it('are found by sector and shown, also those without bars, with a way to fill them', async () => {
    await page.keyboard.press('/');
    await page.getByLabel('Look for a symbol').fill('staples');
    await pickFound(/KO/, /staples/i);
    await expect.poll(() => page.url(), WAIT).toContain('symbol=KO');
    await page.getByRole('radio', { name: '1 day', exact: true }).click();
    await drawn();
    await page.goto(`${SCRIPTED_ORIGIN}/analysis?symbol=EMPTY`);
    await page.getByText(/No 1Day bars of EMPTY are stored/).waitFor();
    await page.getByRole('button', { name: /It is called KO now/ }).click();
    await expect.poll(() => page.url(), WAIT).toContain('symbol=KO');
    await drawn();
  });

  it('leave no error behind', () => {
    // The gateway that was away on purpose is all that the browser complained of.
    expect(watched.problems.filter((problem) => !problem.endsWith('net::ERR_CONNECTION_RESET'))).toEqual([]);
  });
});
