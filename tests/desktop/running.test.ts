/** The desktop application from its first start to its end: welcome, demo market, tray, health without the gateway, sleep, quitting. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UnitHealth } from '#app/contracts/health.ts';
import type { ShellStatus } from '#app/contracts/shell.ts';
import { isAlive } from '../support/fake-stack.ts';
import { until } from '../support/servers.ts';
import { itemOf, openDesk, preparedHome, processesWith, SHOW_LIMIT_MS, START_LIMIT_MS } from './desk.ts';
import type { Desk } from './desk.ts';
import { cleanUp, launch } from './launch.ts';
import { drawTray, shoot } from './shots.ts';

/** What Windows gives a session that ends, twice over: this machine has other things to do. */
const SESSION_END_MS = 10_000;

let desk: Desk;
let home: string;

beforeAll(async () => {
  home = await preparedHome();
  desk = await openDesk({ home });
});
afterAll(cleanUp);

const look = () => desk.desktop.look();
const heading = (name: string | RegExp) => desk.page.getByRole('heading', { name });
const chooseTray = (item: string) => desk.desktop.probe('chooseTray', { item });
const trayItem = async (id: string) => itemOf((await look()).tray?.menu ?? [], id);

/** Waits until a unit is as `is` says. */
async function unit(id: UnitHealth['id'], what: string, is: (unit: UnitHealth) => boolean): Promise<UnitHealth> {
  return until(async () => {
    const found = (await desk.status()).stack?.units.find((candidate) => candidate.id === id);
    return found && is(found) ? found : null;
  }, `${id} to be ${what}`, START_LIMIT_MS);
}

/** Asks the gateway as the page does. */
async function gateway(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
  const access = await until(() => desk.call('access', {}), 'the gateway');
  const headers = { authorization: `Bearer ${access.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json', 'idempotency-key': `desk-${performance.now().toFixed(3)}` }) };
  const answer = await fetch(`${access.baseUrl}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

describe('the first start', () => {
  it('welcomes: what starts, where data lives, demo or keys; nothing runs yet', async () => {
    await heading('Welcome to Mainspring').waitFor();
    expect(await desk.page.getByText(home, { exact: false }).count()).toBeGreaterThan(0);
    expect(await desk.status()).toMatchObject({ phase: 'stopped', isWelcomeDone: false, stack: null, gatewayUrl: null, mode: 'demo' });
    expect(await desk.page.getByRole('region', { name: 'What starts' }).getByRole('listitem').count()).toBeGreaterThan(10);
    const { tray } = await look();
    expect(tray?.image).toMatch(/stopped/);
    expect((await trayItem('start')).enabled).toBe(false);
    await shoot(desk, 'desktop-welcome');
  });

  it('starts the demo market, and says how far it is', async () => {
    await desk.page.getByRole('button', { name: 'Start demo' }).click();
    await desk.phase('starting');
    await until(async () => /starting/.test((await look()).tray?.image ?? ''), 'the symbol of a start');
    await heading('Starting').waitFor();
    await shoot(desk, 'desktop-starting');
    const running = await desk.phase('running');
    expect(running.stack?.units.filter((each) => !['ready', 'done', 'degraded'].includes(each.state))).toEqual([]);
    expect(running.gatewayUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('shows the portfolio with live figures', async () => {
    await desk.page.getByRole('region', { name: 'Account' }).waitFor({ timeout: SHOW_LIMIT_MS });
    const clock = desk.page.locator('.market-simulated');
    const before = await clock.textContent({ timeout: SHOW_LIMIT_MS });
    await desk.page.waitForFunction((text) => document.querySelector('.market-simulated')?.textContent !== text, before, { timeout: SHOW_LIMIT_MS });
    // The book was empty when the page asked for its curve: the points come with the pushes.
    await desk.page.locator('.curve-card .js-plotly-plot .scatterlayer').first().waitFor({ timeout: SHOW_LIMIT_MS });
    expect(desk.desktop.addressOf(desk.page)).toBe('app://mainspring/portfolio');
    expect(desk.problems).toEqual([]);
  });
});

describe('the tray', () => {
  it('says what runs, how trading stands and the P&L of today', async () => {
    const tray = await until(async () => {
      const shown = (await look()).tray;
      return shown && /running/.test(shown.image ?? '') && /Today [+-]?\$/.test(shown.tooltip) ? shown : null;
    }, 'the symbol of a running stack with its figures', START_LIMIT_MS);
    expect(tray.tooltip).toMatch(/^Mainspring \(DEMO\)\nRunning (\d+)\/\1\nTrading ACTIVE\nToday [+-]?\$[\d,.]+$/);
    expect(tray.tooltip.length).toBeLessThan(128);
    expect(tray.menu.map(({ id, enabled }) => [id, enabled]).filter(([id]) => id !== null)).toEqual([['open', true], ['start', false], ['stop', true], ['restart', true], ['halt', true], ['cancelAll', true], ['flatten', true], ['about', true], ['quit', true]]);
    await drawTray(tray, 'desktop-tray');
  });

  it('leads to the pages', async () => {
    await chooseTray('about');
    await desk.page.getByRole('heading', { name: /^Mainspring \d+\.\d+\.\d+$/ }).waitFor({ timeout: START_LIMIT_MS });
    await shoot(desk, 'desktop-about');
    await desk.page.keyboard.press('Escape');
  });
});

describe('closing the window', () => {
  it('keeps trading in the tray, and says so once', async () => {
    await desk.desktop.probe('closeWindow', {});
    await until(async () => (await look()).windows.every((window) => !window.isVisible), 'the window to be gone');
    const said = async () => [...(await look()).notifications, ...(await look()).dialogs.map(({ options }) => ({ title: options.title ?? '', body: `${options.message ?? ''} ${options.detail ?? ''}` }))].filter(({ title, body }) => /tray|keeps|goes on|running/i.test(`${title} ${body}`)).length;
    expect(await said()).toBe(1);
    await desk.desktop.probe('clickTray', {});
    await until(async () => (await look()).windows.some((window) => window.isVisible), 'the window to be back');
    await desk.desktop.probe('closeWindow', {});
    await until(async () => (await look()).windows.every((window) => !window.isVisible), 'the window to be gone again');
    expect(await said()).toBe(1);
    expect((await desk.status()).phase).toBe('running');
  });

  it('a fill is told in a notification; a click on it brings the window', async () => {
    await gateway('POST', '/api/orders', { symbol: 'KO', side: 'buy', type: 'market', timeInForce: 'day', qty: '7', limitPrice: null });
    const at = await until(async () => {
      // Fills of one moment are told together, the first three by name.
      const index = (await look()).notifications.findIndex(({ title }) => /^(Bought|Sold) [\d,.]+ [A-Z]+ at \$|^\d+ fills$/.test(title));
      return index < 0 ? null : { index };
    }, 'the notification of the fill', START_LIMIT_MS);
    await desk.desktop.probe('clickNotification', at);
    await until(async () => (await look()).windows.some((window) => window.isVisible), 'the window');
  });

  it('a second start brings the window instead of a second application', async () => {
    await desk.desktop.probe('closeWindow', {});
    expect(await desk.desktop.startAgain()).toBe(0);
    await until(async () => (await look()).windows.some((window) => window.isVisible && window.isFocused), 'the window of the first');
    expect(desk.desktop.isRunning()).toBe(true);
  });
});

describe('health without the gateway', () => {
  /** The supervisor gives a part up that ends again and again; that takes a while, in which the other tests go on. */
  let givenUp: Promise<UnitHealth> = Promise.reject(new Error('not begun'));
  givenUp.catch(() => undefined);
  beforeAll(() => {
    givenUp = until(async () => {
      const found = (await desk.status()).stack?.units.find(({ id }) => id === 'notification');
      if (typeof found?.pid === 'number' && ['starting', 'ready'].includes(found.state) && isAlive(found.pid)) process.kill(found.pid, 'SIGKILL');
      return found?.state === 'failed' ? found : null;
    }, 'the supervisor to give up', START_LIMIT_MS);
    givenUp.catch(() => undefined);
  });

  it('the shell goes on telling how every part is', async () => {
    await desk.call('stopUnit', { unitId: 'gateway' });
    await unit('gateway', 'stopped', ({ state }) => state === 'stopped');
    await desk.page.keyboard.press('Escape');
    await desk.desktop.probe('chooseMenu', { item: 'Health' });
    await desk.page.locator('table.units tbody tr.opens').nth(11).waitFor({ timeout: SHOW_LIMIT_MS });
    await desk.page.getByText(/The gateway is stopped/).first().waitFor({ timeout: SHOW_LIMIT_MS });
    expect((await desk.status()).gatewayUrl).toBeNull();
    expect(await desk.call('access', {})).toBeNull();
    await shoot(desk, 'desktop-health-no-gateway');
  });

  it('the log of a part is there, and grows', async () => {
    const { lines } = await desk.call('unitLogs', { unitId: 'execution', lines: 100 });
    expect(lines.length).toBeGreaterThan(2);
    await desk.page.locator('table.units tr', { hasText: 'Risk management' }).click();
    await desk.page.locator('.log-line').first().waitFor({ timeout: SHOW_LIMIT_MS });
    await desk.page.keyboard.press('Escape');
  });

  it('a killed worker comes back; what happened is told with its first and last lines', async () => {
    const before = await unit('analytics', 'ready', ({ state }) => state === 'ready');
    process.kill(before.pid ?? 0, 'SIGKILL');
    await unit('analytics', 'back', ({ state, pid }) => state === 'ready' && pid !== null && pid !== before.pid);
    const { incidents } = await desk.call('unitHistory', { unitId: 'analytics', limit: 50 });
    const exit = incidents.find((incident) => incident.exit !== null)?.exit;
    expect(exit?.reason).toMatch(/SIGKILL|killed/i);
    expect((exit?.firstLines.length ?? 0) + (exit?.lastLines.length ?? 0)).toBeGreaterThan(0);
    await desk.page.getByRole('heading', { name: 'What happened' }).first().waitFor();
    await desk.page.locator('.incident', { hasText: 'Analytics' }).first().waitFor({ timeout: SHOW_LIMIT_MS });
  });

  it('HALT from the tray works past the gateway', async () => {
    await chooseTray('halt');
    await until(async () => (await look()).dialogs.some(({ options }) => /halt/i.test(`${options.title} ${options.message}`)) || (await look()).notifications.some(({ title, body }) => /halt/i.test(`${title} ${body}`)), 'the word that trading is halted');
  });

  it('the gateway is started from the panel, and the page is whole again, halted', async () => {
    await desk.page.getByRole('button', { name: 'Start gateway' }).first().click();
    await unit('gateway', 'ready', ({ state }) => state === 'ready');
    await desk.page.getByText('HALTED').first().waitFor({ timeout: SHOW_LIMIT_MS });
    await until(async () => (await desk.status()).trading?.state === 'HALTED', 'the shell to hear of it', SHOW_LIMIT_MS);
    expect(await gateway('GET', '/api/trading-state')).toMatchObject({ state: 'HALTED' });
    // The tray is told a moment after the status knows.
    await until(async () => (await trayItem('halt')).enabled === false, 'HALT in the tray to rest');
    await gateway('POST', '/api/trading-state', { state: 'ACTIVE', reason: 'The test goes on' });
    await until(async () => (await desk.status()).trading?.state === 'ACTIVE', 'trading to be active', SHOW_LIMIT_MS);
  });

  it('a part that fails for good is told in a notification', async () => {
    expect((await givenUp).restarts).toBeGreaterThan(3);
    await until(async () => (await look()).notifications.some(({ title }) => /Notification.*failed/i.test(title)), 'the notification');
    await until(async () => /failed/.test((await look()).tray?.image ?? ''), 'the red symbol');
    await desk.call('startUnit', { unitId: 'notification' });
    await unit('notification', 'ready', ({ state }) => state === 'ready');
  });
});

describe('sleep', () => {
  it('is told to the parts; nothing takes it for a failure', async () => {
    const restarts = (status: ShellStatus) => status.stack?.units.map(({ id, restarts: count }) => [id, count]);
    const before = restarts(await desk.status());
    await desk.desktop.probe('power', { event: 'suspend' });
    await desk.desktop.probe('power', { event: 'resume' });
    await until(async () => (await desk.status()).stack?.notices.some(({ text }) => /held up/.test(text)), 'the word of the pause');
    const after = await until(async () => {
      const status = await desk.status();
      return status.stack?.healthy === true ? status : null;
    }, 'everything to be healthy', START_LIMIT_MS);
    expect(restarts(after)).toEqual(before);
  });
});

describe('settings of the application', () => {
  it('are shown and kept', async () => {
    await desk.desktop.probe('chooseMenu', { item: 'Application settings' });
    await desk.page.getByRole('region', { name: 'Market' }).waitFor();
    await shoot(desk, 'desktop-settings');
    expect(await desk.call('setPreferences', { notifyRisk: false })).toMatchObject({ notifyRisk: false, notifyFills: true, updates: false, startWithSystem: false });
    await desk.page.keyboard.press('Escape');
  });
});

describe('stop, start, quit', () => {
  it('Stop and Start from the tray: the page says so, and comes back', async () => {
    // A strategy may have an order open just now: then it asks.
    await desk.desktop.probe('answer', { method: 'showMessageBox', result: { response: 0, checkboxChecked: false } });
    await chooseTray('stop');
    await desk.phase('stopped');
    await desk.desktop.probe('forgetAnswers', {});
    await heading('Mainspring is stopped').waitFor();
    await until(async () => /stopped/.test((await look()).tray?.image ?? ''), 'the symbol of rest');
    await shoot(desk, 'desktop-stopped');
    await chooseTray('start');
    await desk.phase('running');
    await heading('Mainspring is stopped').waitFor({ state: 'detached' });
    await desk.page.locator('.trading-state', { hasText: 'ACTIVE' }).waitFor({ timeout: START_LIMIT_MS });
  });

  it('asks before it quits while an order is open, and stays when the person changes their mind', async () => {
    // After the start just now risk may not know the price yet. An order that was denied, or one of a strategy's that fills meanwhile, is none to ask for.
    const order = { symbol: 'KO', side: 'buy', type: 'limit', timeInForce: 'gtc', qty: '1', limitPrice: '1' };
    await until(async () => JSON.stringify(await gateway('POST', '/api/orders', order)).includes('"approved"'), 'an approved order', SHOW_LIMIT_MS);
    await until(async () => JSON.stringify(await gateway('GET', '/api/orders?scope=open')).includes('"symbol":"KO"'), 'the resting order', SHOW_LIMIT_MS);
    await until(async () => ((await desk.status()).trading?.openOrders ?? 0) > 0, 'the open order', SHOW_LIMIT_MS);
    await chooseTray('quit');
    const asked = await until(async () => (await look()).dialogs.find(({ options }) => /^\d+ orders? (is|are) open in the demo market/.test(options.message ?? '')), 'the question');
    expect(asked.options.buttons?.length).toBe(2);
    expect((await desk.status()).phase).toBe('running');
  });

  it('is told where the window was, and leaves nothing running', async () => {
    await desk.desktop.probe('setBounds', { bounds: { x: 60, y: 40, width: 1111, height: 777 } });
    const status = await desk.status();
    expect(status.stack?.units.length).toBeGreaterThan(10);
    await desk.desktop.probe('answer', { method: 'showMessageBox', result: { response: 0, checkboxChecked: false } });
    await chooseTray('quit');
    expect(await desk.desktop.exited()).toBe(0);
    await desk.nothingLeft();
    expect(desk.problems).toEqual([]);
  });
});

describe('the next start', () => {
  it('shows no welcome, starts what ran, with the window where it was', async () => {
    desk = await openDesk({ home });
    const running = await desk.phase('running');
    expect(running).toMatchObject({ isWelcomeDone: true, mode: 'demo' });
    await desk.desktop.probe('chooseMenu', { item: 'Portfolio' });
    await desk.page.locator('.curve-card .js-plotly-plot .scatterlayer').first().waitFor({ timeout: SHOW_LIMIT_MS });
    expect(desk.problems).toEqual([]);
    await shoot(desk, 'desktop-window');
    expect((await look()).windows[0]?.bounds).toEqual({ x: 60, y: 40, width: 1111, height: 777 });
    expect(await desk.call('preferences', {})).toMatchObject({ notifyRisk: false });
  });

  it('--quit ends it', async () => {
    await until(async () => (await desk.status()).trading !== null, 'the figures', SHOW_LIMIT_MS);
    await gateway('POST', '/api/orders/cancel', { clientOrderId: null });
    await until(async () => (await desk.status()).trading?.openOrders === 0, 'no open order', SHOW_LIMIT_MS);
    await desk.desktop.probe('answer', { method: 'showMessageBox', result: { response: 0, checkboxChecked: false } });
    expect(await desk.desktop.startAgain(['--quit'])).toBe(0);
    expect(await desk.desktop.exited()).toBe(0);
    await desk.nothingLeft();
  });

  it('by a click on an old notification shows the window, and trades nothing', async () => {
    desk = await openDesk({ home, args: ['-Embedding'] });
    await heading('Mainspring is stopped').waitFor();
    expect(await desk.status()).toMatchObject({ phase: 'stopped', isWelcomeDone: true, stack: null });
    expect((await look()).windows).toMatchObject([{ isVisible: true }]);
    await chooseTray('quit');
    expect(await desk.desktop.exited()).toBe(0);
  });

  it('the end of the session waits until everything has stopped at once', async () => {
    const hidden = await launch({ home, args: ['--hidden'] });
    await until(async () => /running/.test((await hidden.look()).tray?.image ?? ''), 'the symbol of a running stack', START_LIMIT_MS);
    expect((await hidden.look()).windows).toMatchObject([{ isVisible: false, url: expect.not.stringContaining('app:') as string }]);
    const began = performance.now();
    expect(await hidden.probe('endSession', {})).toBe(true);
    expect(await hidden.exited()).toBe(0);
    expect(performance.now() - began).toBeLessThan(SESSION_END_MS);
    expect(processesWith(home)).toEqual([]);
  });
});
