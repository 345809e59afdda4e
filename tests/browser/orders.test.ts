/** What a trader sees of orders, positions and risk, in a real browser against a gateway that says what each test is about: states that a running market shows only by luck. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import type { OrderView } from '#app/contracts/views.ts';
import { anOrder } from '../../renderer/data/an-order.ts';
import type { TestBrowser, WatchedPage } from './harness.ts';
import { SCRIPTED_ORIGIN } from './scripted-gateway.ts';
import type { ScriptedGateway } from './scripted-gateway.ts';
import { openScriptedPage } from './scripted-page.ts';
import { decision, MARKET_NOW, ORDERS, orderList, ticks, WORLD } from './trading-world.ts';

let browser: TestBrowser;
let watched: WatchedPage;
let page: Page;
let gateway: ScriptedGateway;

beforeAll(async () => {
  ({ browser, watched, page, gateway } = await openScriptedPage(WORLD, '/portfolio'));
  await page.locator('.market-simulated').waitFor();
  gateway.push(ticks());
});
afterAll(() => browser[Symbol.asyncDispose]());

const tab = (name: RegExp): Promise<void> => page.getByRole('tab', { name }).click();
const row = (orderId: string): Locator => page.locator(`tr[data-order="${orderId}"]`);
const closeSheet = async (): Promise<void> => {
  await page.keyboard.press('Escape');
  await page.locator('.mantine-Drawer-content').waitFor({ state: 'detached' });
};

describe('the ticket', () => {
  const ticket = (): Locator => page.locator('.ticket');
  beforeEach(async () => {
    gateway.script({ placeOrder: () => decision(true), previewOrder: () => decision(true) });
    if (await page.locator('.mantine-Drawer-content').count() > 0) await closeSheet();
    await page.keyboard.press('b');
    await ticket().getByRole('combobox', { name: 'Symbol' }).fill('AAPL');
    await ticket().getByLabel('Quantity, shares').fill('10');
  });

  it('makes a bracket of stop and target, says what they risk and pay, and sends it with Enter', async () => {
    await ticket().getByText('With exits').click();
    await ticket().getByLabel('Stop-loss, USD').fill('178.44');
    await ticket().getByRole('button', { name: '2 R' }).click();
    expect(await ticket().getByLabel('Take-profit, USD').inputValue()).toBe('190.44');
    expect(await ticket().locator('.ladder-sums').textContent()).toMatch(/At risk40\.00 USD.*Reward80\.00 USD.*2\.00 R/);
    await ticket().getByText('would pass').waitFor();
    await ticket().getByLabel('Take-profit, USD').press('Enter');
    await page.getByRole('button', { name: 'Follow this order' }).waitFor();
    const [sent] = gateway.asked('placeOrder');
    expect(sent?.input).toMatchObject({ symbol: 'AAPL', side: 'buy', qty: '10', type: 'market', orderClass: 'bracket', takeProfit: { limitPrice: '190.44' }, stopLoss: { stopPrice: '178.44', limitPrice: null } });
  });

  it('names what the broker would refuse at its field, and sends nothing', async () => {
    const before = gateway.asked('placeOrder').length;
    await ticket().getByText('Stop limit').click();
    await ticket().getByLabel('Stop price, USD').fill('170');
    await ticket().getByLabel('Limit price, USD').fill('183.005');
    await ticket().getByText('A stop to buy must lie above the price now, 182.44').waitFor();
    await ticket().getByText(/finer than the exchange takes/).waitFor();
    await ticket().getByLabel('Limit price, USD').press('Enter');
    expect(gateway.asked('placeOrder')).toHaveLength(before);
  });

  it('turns dollars into shares and shows which', async () => {
    await ticket().getByRole('radiogroup', { name: 'Amount in' }).getByText('USD').click();
    await ticket().getByLabel('Amount, USD').fill('1000');
    await ticket().getByText('5 shares').waitFor();
    await ticket().getByRole('button', { name: /^Buy 5 AAPL/ }).waitFor();
  });

  it('shows the rule that would deny it and what would pass', async () => {
    gateway.script({ previewOrder: () => decision(false) });
    await ticket().getByLabel('Quantity, shares').fill('139');
    await ticket().getByText('would be denied').waitFor();
    await ticket().getByText('Would pass: at most 19 shares').waitFor();
  });

  it('without an answer asks again under the same key, and lets nobody write another by accident', async () => {
    const before = gateway.asked('placeOrder').length;
    gateway.script({ placeOrder: () => 'lost' });
    await ticket().getByText('would pass').waitFor();
    await ticket().getByLabel('Quantity, shares').press('Enter');
    await ticket().getByText(/may or may not stand/).waitFor();
    expect(await ticket().getByLabel('Quantity, shares').isDisabled()).toBe(true);
    gateway.script({ placeOrder: () => decision(true) });
    await ticket().getByRole('button', { name: 'Ask again' }).click();
    await page.getByRole('button', { name: 'Follow this order' }).waitFor();
    const keys = gateway.asked('placeOrder').slice(before).map((one) => one.key);
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
  });
});

describe('the blotter', () => {
  beforeAll(async () => {
    await closeSheet();
    await tab(/Orders/);
  });

  it('draws a bracket as a tree and folds a changed order over what it was', async () => {
    await row('entry:stop_loss').waitFor();
    expect(await row('entry:take_profit').textContent()).toContain('take-profit');
    expect(await row('limit-ko-1').count()).toBe(0);
    await row('limit-ko').getByLabel('1 more orders belong to it').click();
    expect(await row('limit-ko-1').textContent()).toContain('before');
    expect(await row('unknown').textContent()).toContain('answer unknown');
  });

  it('finds by status, source and symbol', async () => {
    await page.getByLabel('Orders of symbol').fill('msft');
    expect(await page.locator('.blotter tr[data-order]').count()).toBe(1);
    await page.getByLabel('Orders of symbol').fill('');
    await page.getByRole('radiogroup', { name: 'Which orders' }).getByText('Open').click();
    await row('refused').waitFor({ state: 'detached' });
    await page.getByRole('radiogroup', { name: 'Which orders' }).getByText('Today').click();
  });

  it('changes an order in place: a denial keeps it, an approval closes the line', async () => {
    gateway.script({ replaceOrder: () => decision(false) });
    await row('limit-ko').focus();
    await page.keyboard.press('e');
    const strip = page.locator('.edit-strip');
    await strip.getByLabel('Quantity').fill('15');
    await strip.getByText('20 are filled: leave more than that, or cancel the rest').waitFor();
    await strip.getByLabel('Quantity').fill('60');
    await strip.getByLabel('Limit').fill('60.8');
    await strip.getByText('would pass').waitFor();
    expect(gateway.asked('previewReplaceOrder').at(-1)?.input).toMatchObject({ qty: '60', limitPrice: '60.8' });
    await strip.getByLabel('Limit').press('Enter');
    await strip.getByText('The order stands as it was.').waitFor();
    gateway.script({ replaceOrder: () => decision(true) });
    await strip.getByLabel('Limit').fill('60.7');
    await strip.getByLabel('Limit').press('Enter');
    await strip.waitFor({ state: 'detached' });
    expect(gateway.asked('replaceOrder').map((one) => one.input)).toEqual([{ clientOrderId: 'ms-limit-ko', qty: '60', limitPrice: '60.8', stopPrice: null, trail: null }, { clientOrderId: 'ms-limit-ko', qty: '60', limitPrice: '60.7', stopPrice: null, trail: null }]);
  });

  it('reads a change back before it goes to the live account', async () => {
    const asked = gateway.asked('replaceOrder').length;
    gateway.script({ session: () => ({ token: 'scripted', mode: 'live', version: '0.1.0', instanceId: 'scripted', actor: 'owner', uiState: { tab: 'orders' }, serverTime: Date.now() }) });
    await page.reload();
    await row('limit-ko').locator('.price').click();
    const strip = page.locator('.edit-strip');
    await strip.getByLabel('Limit').fill('60.6');
    await strip.getByLabel('Limit').press('Enter');
    await strip.getByText('Change buy KO: limit 60.5 to 60.6').waitFor();
    expect(gateway.asked('replaceOrder').length).toBe(asked);
    await page.keyboard.press('Escape');
    await strip.getByLabel('Limit').press('Enter');
    await strip.getByRole('button', { name: 'Send to the live account' }).click();
    await strip.waitFor({ state: 'detached' });
    expect(gateway.asked('replaceOrder').at(-1)?.input).toMatchObject({ limitPrice: '60.6', qty: null });
    gateway.script({ session: WORLD.session ?? (() => new Error('no session')) });
    await page.reload();
    await tab(/Orders/);
    gateway.push(ticks());
  });

  it('cancels in place, and all of a symbol', async () => {
    await row('trail').getByLabel('Cancel order of MSFT').click();
    await page.getByRole('button', { name: 'Cancel…' }).click();
    await page.locator('.cancel-symbols').getByText('AAPL').click();
    await page.locator('.cancel-symbols').waitFor({ state: 'detached' });
    expect(gateway.asked('cancelOrder').map((one) => one.input.clientOrderId)).toEqual(['ms-trail', 'ms-entry:take_profit', 'ms-entry:stop_loss']);
  });

  it('keeps an exit that is pushed while an older answer is on its way', async () => {
    const waiting: (() => void)[] = [];
    gateway.script({ orders: ({ scope }) => new Promise((resolve) => {
      waiting.push(() => resolve(orderList([anOrder('in-the-answer'), ...ORDERS].filter((order) => scope === 'all' || (scope === 'open') !== order.isClosed))));
    }) });
    const asked = gateway.asked('orders').length;
    await row('trail').getByLabel('Cancel order of MSFT').click();
    await expect.poll(() => gateway.asked('orders').length).toBe(asked + 2);
    gateway.push({ type: 'orders', orders: [anOrder('pushed', { status: 'held', role: 'stop_loss', parentOrderId: 'entry' })] });
    await row('pushed').waitFor();
    for (const answer of waiting) answer();
    await row('in-the-answer').waitFor();
    expect(await row('pushed').count()).toBe(1);
    gateway.script({ orders: WORLD.orders ?? (() => new Error('no orders')) });
    await page.reload();
    await tab(/Orders/);
    gateway.push(ticks());
  });

  it('tells each state with its teller, its message and the time between', async () => {
    await row('limit-ko').click();
    const timeline = page.locator('.timeline-list');
    await timeline.getByText('Accepted by the broker').waitFor();
    expect(await timeline.locator('li').count()).toBe(4);
    expect(await timeline.textContent()).toMatch(/Sent to the broker[^]*\+12 ms[^]*accepted for bidding[^]*\+45 ms[^]*Filled, 20 in all20 × 60\.50/);
    await page.getByText('before the change').waitFor();
    await page.getByText('2 inputs').click();
    await page.getByText('newest bar').waitFor();
    await closeSheet();
  });

  it('keeps ten thousand orders light', async () => {
    const newest = Date.now();
    const numbered = (n: number): OrderView => anOrder(`many-${n}`, { createdAt: newest - n, tsMarket: MARKET_NOW });
    const after = (before: string | undefined): number => (before === undefined ? 0 : Number(before.replace('many-', '')) + 1);
    gateway.script({ orders: ({ before, limit }) => ({ ...orderList(Array.from({ length: limit }, (_none, n) => numbered(after(before) + n))), openTotal: 10_000, total: 10_000 }) });
    gateway.push({ type: 'resync', reason: 'test' });
    await row('many-0').waitFor();
    expect(await page.locator('.blotter tr[data-order]').count()).toBeLessThan(120);
    await page.getByRole('button', { name: 'Show older orders (9,800 more)' }).click();
    await page.getByRole('button', { name: 'Show older orders (9,500 more)' }).waitFor();
    await page.locator('.page').evaluate((element) => element.scrollTo(0, 12_000));
    await row('many-400').waitFor();
    // An old order moves: its line follows, although it is far from the newest ones that pushes keep.
    gateway.push({ type: 'orders', orders: [{ ...numbered(400), version: 9, status: 'canceled', isClosed: true }] });
    await page.locator('tr[data-order="many-400"][data-status="canceled"]').waitFor();
    await page.getByRole('button', { name: 'Show older orders (9,500 more)' }).click();
    await page.getByRole('button', { name: 'Show older orders (9,000 more)' }).waitFor();
    expect(await page.locator('.blotter').getAttribute('aria-rowcount')).toBe('1000');
    expect(await page.locator('.blotter tr[data-order]').count()).toBeLessThan(120);
    gateway.script({ orders: () => orderList(ORDERS) });
  });
});

describe('positions and the books', () => {
  beforeAll(() => tab(/Positions/));
  const line = (symbol: string): Locator => page.getByRole('table', { name: 'Positions' }).locator('tr.opens', { hasText: symbol });

  it('say what protects them, and what was found beside them', async () => {
    expect(await line('AAPL').textContent()).toContain('stop 175.00target 195.00');
    expect(await line('MSFT').textContent()).toContain('stop 412.00 (5 of 12)');
    await line('KO').getByText('unprotected').waitFor();
    await page.locator('.after-row').getByRole('button', { name: 'Mend…' }).click();
    await page.getByText('Places a stop for 100 shares at 58.81').waitFor();
    await page.getByRole('button', { name: 'Do this' }).click();
    await page.getByText('A stop for 100 KO at 58.81 was placed.').waitFor();
    await page.keyboard.press('Escape');
  });

  it('are reduced by a part of one holder’s share', async () => {
    await line('AAPL').getByLabel('Reduce AAPL').click();
    await page.getByText('25 %').click();
    await page.getByRole('button', { name: /^Sell 7 AAPL/ }).click();
    await expect.poll(() => gateway.asked('reducePosition').map((one) => one.input)).toEqual([{ symbol: 'AAPL', strategyId: 'momentum', qty: '7' }]);
  });

  it('are reversed, and protected by a ticket that is filled in already', async () => {
    await line('MSFT').getByLabel('Reverse MSFT').click();
    await page.getByRole('button', { name: 'Reverse to long 12' }).click();
    await expect.poll(() => gateway.asked('reversePosition').map((one) => one.input)).toEqual([{ symbol: 'MSFT' }]);
    await line('KO').getByText('unprotected').click();
    const ticket = page.locator('.ticket');
    expect(await ticket.getByLabel('Quantity, shares').inputValue()).toBe('100');
    await ticket.getByLabel('Stop-loss, USD').fill('58');
    await ticket.getByRole('button', { name: /^Protect 100 KO/ }).click();
    await page.getByRole('button', { name: 'Follow this order' }).waitFor();
    expect(gateway.asked('placeOrder').at(-1)?.input).toMatchObject({ side: 'sell', type: 'stop', stopPrice: '58', timeInForce: 'gtc', orderClass: 'simple' });
    await closeSheet();
  });

  it('are compared with the broker’s in a report', async () => {
    await page.locator('.books-mark').click();
    await page.getByText('booked from the broker’s activities').waitFor();
    expect(await page.locator('.comparison').count()).toBe(5);
    await page.getByText('With differences', { exact: true }).click();
    await expect.poll(() => page.locator('.comparison').count()).toBe(1);
    await page.locator('.findings', { hasText: 'SPY' }).getByRole('button', { name: 'Leave alone…' }).first().click();
    await page.getByLabel('Why is it right as it is?').fill('The broker is down');
    await page.getByRole('button', { name: 'Leave it alone' }).click();
    await expect.poll(() => gateway.asked('dismissFinding').map((one) => one.input)).toEqual([{ findingId: 'stuck_order:unknown', reason: 'The broker is down' }]);
    await closeSheet();
  });

  it('are left by the kill switch: a press does nothing, a hold says what came of it', async () => {
    await page.getByLabel(/^Kill switch/).click();
    const button = page.getByLabel('Hold to: Cancel everything');
    await button.click();
    expect(gateway.asked('kill')).toEqual([]);
    await button.hover();
    await page.mouse.down();
    await page.getByText('Cancel everything: Execution stopped after 38 ms.').waitFor();
    await page.mouse.up();
    expect(gateway.asked('kill').map((one) => one.input)).toEqual([{ level: 'cancel_all', reason: 'Kill switch on the dashboard' }]);
    await page.keyboard.press('Escape');
  });

  it('have their proof on the health page, and fit a small screen', async () => {
    await page.setViewportSize({ width: 1024, height: 700 });
    for (const path of ['/health', '/portfolio']) {
      await page.goto(`${SCRIPTED_ORIGIN}${path}`);
      await page.locator(path === '/health' ? '.proof-figures' : '.headline').waitFor();
      expect(await page.evaluate(() => (document.querySelector('.page')?.scrollWidth ?? 0) - (document.querySelector('.page')?.clientWidth ?? 0))).toBeLessThanOrEqual(0);
      if (path === '/health') expect(await page.locator('.proof-figures').textContent()).toBe('18,240faults survived0orders doubled0fills lost');
    }
  });

  it('went without an error or a violated policy, but for the answer that was lost and the refusals', () => {
    expect(watched.problems.filter((problem) => !/CONNECTION_RESET|409/.test(problem))).toEqual([]);
  });
});
