/** From bar to pixel: a replay trades, and what stands on the page is what stands in the book; HALT on the page stops it. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { journalOf } from '#main/invariants/book.ts';
import { readJournalOrders } from '#main/store/simulator-journal.ts';
import { recordBars } from '../support/recorded-bars.ts';
import { until } from '../support/servers.ts';
import { cleanUp, freshDataDir, startStack } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';
import { money, price, quantity } from '../../renderer/ui/format.ts';
import { buildPage } from './built-page.ts';
import { openBrowser } from './harness.ts';
import type { TestBrowser, WatchedPage } from './harness.ts';

const LIMIT_MS = 300_000;
/** How long a number of the book may take to stand on the page, on a machine with other work to do. */
const PIXEL_LIMIT_MS = 20_000;
const TRADE_LIMIT_MS = 120_000;
/** Times real time: five bars of each symbol a second. */
const SPEED = 300;
/** Minutes of the tape that must pass under HALT: enough for several crossovers. */
const HALTED_STEPS = 60;

type Fill = { fill_id: string; symbol: string; side: string; qty: string; price: string };

let folder: string;
let stack: TestStack;
let browser: TestBrowser;
let watched: WatchedPage;
let page: Page;

beforeAll(async () => {
  await buildPage();
  folder = recordBars({ symbols: ['AAA', 'BBB', 'CCC', 'DDD'], days: ['2024-03-04', '2024-03-05'], minutes: 200, seed: 3 });
  stack = startStack({ dataDir: await freshDataDir(), replay: folder, speed: SPEED, isKeeping: true });
  const { dashboard } = await stack.announced();
  browser = await openBrowser();
  watched = await browser.newPage();
  page = watched.page;
  await page.goto(dashboard);
  await page.getByRole('region', { name: 'Account' }).waitFor();
}, LIMIT_MS);

afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await stack.stop();
  await cleanUp();
  rmSync(folder, { recursive: true, force: true });
}, LIMIT_MS);

/** One number out of the book. */
async function count(sql: string, params: readonly unknown[] = []): Promise<number> {
  const [row] = await stack.read((query) => query<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`, params));
  return row?.n ?? 0;
}

const newestFill = (): Promise<Fill | null> => stack.read((query) => query<Fill>('SELECT fill_id, symbol, side, qty, price FROM execution.trades ORDER BY ledger_seq DESC LIMIT 1')).then(([fill]) => fill ?? null);

/** Waits until a table of the page has a row with all of these texts. */
async function untilRow(label: string, texts: readonly string[]): Promise<void> {
  let row = page.getByRole('table', { name: label }).locator('tbody tr');
  for (const text of texts) row = row.filter({ hasText: text });
  await row.first().waitFor({ timeout: PIXEL_LIMIT_MS });
}

describe('from bar to pixel', () => {
  it('a fill that the book has stands on the page with its quantity and price', async () => {
    await page.getByRole('tab', { name: /Fills/ }).click();
    const fill = await until(newestFill, 'the first fill', TRADE_LIMIT_MS);
    await untilRow('Fills', [fill.symbol, quantity(fill.qty), price(fill.price), fill.fill_id.slice(-13)]);
    const before = fill.fill_id;
    const next = await until(async () => {
      const newest = await newestFill();
      return newest !== null && newest.fill_id !== before ? newest : null;
    }, 'another fill', TRADE_LIMIT_MS);
    // The page was open before this one happened: it came by itself.
    await untilRow('Fills', [next.symbol, quantity(next.qty), price(next.price), next.fill_id.slice(-13)]);
  }, LIMIT_MS);

  it('an order placed with the ticket reaches the broker and comes back as a fill', async () => {
    await page.getByRole('button', { name: 'New order', exact: true }).click();
    const ticket = page.locator('.ticket');
    await ticket.getByLabel('Symbol', { exact: true }).fill('DDD');
    await ticket.getByLabel('Quantity, shares').fill('3');
    // An opposite order of a strategy may be open for a moment: the preview is asked again and again.
    await until(async () => {
      const words = await ticket.innerText();
      if (!words.includes('would pass')) throw new Error(`The ticket says: ${words}`);
      return true;
    }, 'the preview to pass', TRADE_LIMIT_MS);
    await ticket.getByRole('button', { name: /^Buy 3 DDD/ }).click();
    const [order] = await until(
      async () => {
        const rows = await stack.read((query) => query<{ client_order_id: string; fill_id: string }>(`SELECT o.client_order_id, t.fill_id FROM execution.orders o JOIN execution.trades t USING (order_id) WHERE o.source = 'manual'`));
        return rows.length > 0 ? rows : null;
      }, 'the fill of the manual order', TRADE_LIMIT_MS);
    expect(readJournalOrders(journalOf(stack.dataDir))?.find((known) => known.clientOrderId === order?.client_order_id)).toMatchObject({ status: 'filled', filledQty: '3' });
    await page.keyboard.press('Escape');
    await ticket.waitFor({ state: 'detached' });
    await untilRow('Fills', ['DDD', 'manual', order?.fill_id.slice(-13) ?? '']);
  }, LIMIT_MS);

  it('HALT on the page stops every new order, while bars and signals go on', async () => {
    await page.locator('.halt').hover();
    await page.mouse.down();
    await page.getByText('HALTED').first().waitFor({ timeout: PIXEL_LIMIT_MS });
    await page.mouse.up();
    const [halt] = await stack.read((query) => query<{ state: string; version: number; at: number }>('SELECT state, version, at FROM risk_management.trading_state ORDER BY version DESC LIMIT 1'));
    expect(halt?.state).toBe('HALTED');
    const at = new Date(halt?.at ?? 0).toISOString();
    const signals = await count('strategy_engine.strategy_signals');
    const bars = await count('data_ingestion.market_data');
    await until(async () => (await count('data_ingestion.market_data')) >= bars + 4 * HALTED_STEPS, 'the tape to go on', TRADE_LIMIT_MS);
    await until(async () => (await count('strategy_engine.strategy_signals')) > signals, 'a signal under HALT', TRADE_LIMIT_MS);
    expect(await count('execution.orders WHERE submitted_at > $1', [at])).toBe(0);
    // To stop waits for nobody: the decision that was being made when HALT came may have read the state before. From the first that read HALT none approves.
    const sawHalt = `record->'inputs' @> '[{"name": "trading_state", "value": "HALTED"}]'`;
    expect(await count(`risk_management.risk_decisions WHERE outcome = 'denied' AND ${sawHalt} AND decided_at > $1`, [at])).toBeGreaterThan(0);
    expect(await count(`risk_management.risk_decisions WHERE outcome = 'approved' AND (${sawHalt} OR decided_at > (SELECT min(decided_at) FROM risk_management.risk_decisions WHERE ${sawHalt}))`)).toBe(0);
    await page.getByRole('button', { name: 'Resume trading' }).click();
    await page.getByLabel('Why is it right to trade again?').fill('The test goes on');
    await page.keyboard.press('Enter');
    await page.locator('.trading-state', { hasText: 'ACTIVE' }).waitFor({ timeout: PIXEL_LIMIT_MS });
  }, LIMIT_MS);

  it('at the end of the tape equity, cash and every position on the page are those of the book', async () => {
    const end = await until(() => stack.replayEnd(), 'the end of the tape', TRADE_LIMIT_MS);
    expect(end).toMatchObject({ violations: 0, broken: [] });
    const headline = page.getByRole('region', { name: 'Account' });
    const [ledger] = await stack.read((query) => query<{ cash: string }>('SELECT cash FROM execution.account_ledger'));
    await headline.getByText(money(end.finalEquity), { exact: true }).first().waitFor({ timeout: PIXEL_LIMIT_MS });
    await headline.getByText(money(ledger?.cash ?? null), { exact: true }).first().waitFor({ timeout: PIXEL_LIMIT_MS });
    await page.getByRole('tab', { name: /Positions/ }).click();
    const positions = await stack.read((query) => query<{ symbol: string; qty: string; avg_price: string; last_close: string }>(`
      SELECT p.symbol, p.qty, p.avg_price, s.last_close FROM execution.positions p JOIN data_ingestion.ingestion_status s ON s.symbol = p.symbol AND s.timeframe = '1Min' WHERE p.qty <> 0 ORDER BY 1`));
    expect(positions.length).toBeGreaterThan(0);
    for (const { symbol, qty, avg_price, last_close } of positions) await untilRow('Positions', [symbol, quantity(qty), price(avg_price), price(last_close)]);
    expect(await page.getByRole('table', { name: 'Positions' }).locator('tbody tr').count()).toBe(positions.length);
  }, LIMIT_MS);

  it('went without an error or a violated policy', () => {
    expect(watched.problems).toEqual([]);
  });
});
