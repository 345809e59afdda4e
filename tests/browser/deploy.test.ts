/** Deploying and watching what was deployed, in a real browser: gates turn green, a refusal, live is held, stopping asks what becomes of what is held, log, parity, limits, and who signs. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Page } from 'playwright-core';
import { buildPage } from './built-page.ts';
import { deployWorld, RUN_ID } from './deploy-world.ts';
import type { DeployWorld } from './deploy-world.ts';
import type { ScriptedPage } from './scripted-page.ts';
import { openScriptedPage } from './scripted-page.ts';
import { SCRIPTED_ORIGIN } from './scripted-gateway.ts';

const PICTURES = resolve(import.meta.dirname, '../../out/deploy-screenshots');
const LIMIT_MS = 30_000;
const BUILD_LIMIT_MS = 180_000;

// Each test waits for a dozen things, any of which may take its time on a busy computer.
vi.setConfig({ testTimeout: 180_000 });

/** Nobody judges pictures in a run without a person: 92 of them, taken with MAINSPRING_SHOTS=all. */
const hasPictures = process.env['MAINSPRING_SHOTS'] === 'all';

/** Both themes and both sizes; where the page is narrow, `tab` brings its part to the front. */
async function shot(page: Page, name: string, tab?: 'Deploy'): Promise<void> {
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    for (const [width, height] of [[1440, 900], [1024, 700]] as const) {
      await page.setViewportSize({ width, height });
      if (tab !== undefined) await page.getByRole('tab', { name: tab, exact: true }).click();
      await page.waitForFunction(() => [...document.querySelectorAll('.js-plotly-plot')].every((plot) => (plot.querySelector('.main-svg')?.getBoundingClientRect().width ?? 0) <= plot.clientWidth + 1));
      if (hasPictures) await page.screenshot({ path: `${PICTURES}/${name}-${scheme}-${width}.png` });
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
}

beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true });
  await buildPage();
}, BUILD_LIMIT_MS);

describe('deploying', () => {
  it('gates turn green one by one, and a version goes to demo', async () => {
    const world = deployWorld();
    const opened = await openScriptedPage(world.script, '/author?project=trend&pane=deploy', LIMIT_MS);
    await using _browser = opened.browser;
    const { page, gateway } = opened;
    await page.locator('.dp-gate').first().waitFor();
    expect(await page.locator('.dp-gate').evaluateAll((all) => all.map((one) => [one.getAttribute('data-gate'), [...one.classList].at(-1)].join(' ')))).toEqual(['source passed', 'look_ahead open', 'backtest passed', 'limits passed', 'out_of_sample not_needed', 'verdict_read not_needed', 'paper_days not_needed']);
    // What this market does not ask for is named, and unfolded on wish.
    expect(await page.locator('[data-gate="paper_days"]').isVisible()).toBe(false);
    await page.locator('.dp-not-needed summary').press('Enter');
    await page.locator('[data-gate="paper_days"]').getByText('on paper, without an error').waitFor();
    await page.locator('.dp-not-needed summary').press('Enter');
    await page.getByText('1 gate is closed: It does not look ahead.').waitFor();
    expect(await page.getByRole('button', { name: 'Deploy version 7 to demo' }).isDisabled()).toBe(true);
    await shot(page, 'gates-open', 'Deploy');
    await page.getByRole('button', { name: 'Check now' }).click();
    await page.locator('[data-gate="look_ahead"].passed').waitFor();
    await page.getByText('4 of 4 passed').waitFor();
    await page.getByText('Name at least one symbol').waitFor();
    await page.getByRole('combobox', { name: 'Symbols' }).pressSequentially('aapl,msft,');
    await page.getByLabel('fast', { exact: true }).fill('500');
    await page.getByText('At most 50', { exact: true }).waitFor();
    await page.getByLabel('fast', { exact: true }).fill('12');
    await page.getByLabel('Most it may hold, USD').fill('5000');
    await shot(page, 'form', 'Deploy');
    world.refusal = 'A gate is closed: the look-ahead check is older than the files. Check again.';
    await page.getByRole('button', { name: 'Deploy version 7 to demo' }).click();
    await page.locator('.dp-foot', { hasText: 'A gate is closed' }).waitFor();
    await shot(page, 'refused', 'Deploy');
    world.refusal = null;
    await page.getByRole('button', { name: 'Deploy version 7 to demo' }).click();
    await page.locator('.dp-detail[data-state="running"]').waitFor();
    expect(gateway.asked('deployStrategy').at(-1)?.input).toMatchObject({ projectId: 'trend', version: 7, name: 'Trend with a stop', symbols: ['AAPL', 'MSFT'], timeframe: '1Day', parameters: { fast: 12, slow: 30, mode: 'calm', useStop: true }, sizing: { method: 'percent_of_equity', percent: '2' }, limits: { maxNotional: '5000', maxErrors: 3 } });
  });

  it('is one deployment, also when the answer was lost and the button is pressed again; another wish is another', async () => {
    const world = deployWorld();
    for (const gate of ['look_ahead', 'verdict_read']) world.passed.add(gate);
    const opened = await openScriptedPage(world.script, '/author?project=trend&pane=deploy', LIMIT_MS);
    await using _browser = opened.browser;
    const { page, gateway } = opened;
    await page.getByRole('combobox', { name: 'Symbols' }).pressSequentially('aapl,');
    gateway.script({ deployStrategy: () => 'lost' });
    const keys = (): (string | null)[] => gateway.asked('deployStrategy').map(({ key }) => key);
    const press = async (times: number): Promise<void> => {
      await page.getByRole('button', { name: 'Deploy version 7 to demo' }).click();
      await expect.poll(() => keys().length, { timeout: LIMIT_MS }).toBe(times);
    };
    await press(1);
    await page.locator('.dp-foot .failure, .dp-foot [role="alert"]').first().waitFor();
    await press(2);
    expect(new Set(keys()).size).toBe(1);
    await page.getByLabel('Most it may hold, USD').fill('4000');
    await press(3);
    expect(keys()[2]).not.toBe(keys()[0]);
  });

  it('a narrow window opened by a link shows what the link names', async () => {
    const opened = await openScriptedPage(deployWorld().script, '/author?pane=live&strategy=trend', LIMIT_MS);
    await using _browser = opened.browser;
    const { page } = opened;
    await page.setViewportSize({ width: 1024, height: 700 });
    await page.getByRole('tab', { name: 'Code', exact: true }).waitFor();
    await page.locator('.dp-detail').waitFor();
    await page.getByRole('tab', { name: 'Live', exact: true, selected: true }).waitFor();
    await page.getByRole('tab', { name: 'Code', exact: true }).click();
    await page.locator('.dp-detail').waitFor({ state: 'hidden' });
  });

  it('a version for what runs already shows what changes', async () => {
    const world = deployWorld();
    world.passed.add('look_ahead');
    const opened = await openScriptedPage(world.script, '/author?project=trend&pane=deploy', LIMIT_MS);
    await using _browser = opened.browser;
    const { page, gateway } = opened;
    await page.getByRole('combobox', { name: 'Deployment' }).click();
    await page.getByRole('option', { name: /Trend with a stop/ }).click();
    await page.locator('.dp-diff tr', { hasText: 'Version' }).waitFor();
    await page.getByLabel('fast', { exact: true }).fill('20');
    await page.locator('.dp-diff tr', { hasText: 'Parameter fast' }).waitFor();
    expect(await page.locator('.dp-diff tr').evaluateAll((rows) => rows.map((row) => row.textContent))).toEqual(['Version6→7', 'Parameter fast12→20']);
    await page.locator('.dp-diff').scrollIntoViewIfNeeded();
    await shot(page, 'diff', 'Deploy');
    await page.getByRole('button', { name: 'Deploy version 7 to demo' }).click();
    await page.locator('.dp-detail').waitFor();
    expect(gateway.asked('deployStrategy').at(-1)?.input.strategyId).toBe('trend');
  });

  it('paper asks that the verdict was read, here and now', async () => {
    const world = deployWorld('paper');
    world.passed.add('look_ahead');
    const opened = await openScriptedPage(world.script, '/author?project=trend&pane=deploy', LIMIT_MS);
    await using _browser = opened.browser;
    const { page, gateway } = opened;
    await page.getByRole('region', { name: 'Gates' }).getByRole('button', { name: 'Read the verdict' }).click();
    await page.locator('.dp-reader', { hasText: '71 % of the profit came in 2020.' }).waitFor();
    await shot(page, 'verdict', 'Deploy');
    await page.getByRole('button', { name: 'I have read it' }).click();
    await page.locator('[data-gate="verdict_read"].passed').waitFor();
    expect(gateway.asked('readVerdict').map(({ input }) => input)).toEqual([{ projectId: 'trend', version: 7, backtestId: RUN_ID }]);
    await page.getByRole('button', { name: 'To live' }).click();
    await page.getByText('five exchange days of exactly these files').waitFor();
    await shot(page, 'paper', 'Deploy');
  });

  it('live is amber, needs days on paper, and is held', async () => {
    const world = deployWorld('live');
    for (const gate of ['look_ahead', 'verdict_read']) world.passed.add(gate);
    const opened = await openScriptedPage(world.script, '/author?project=trend&pane=deploy', LIMIT_MS);
    await using _browser = opened.browser;
    const { page, gateway } = opened;
    await page.getByText('1 gate is closed: It has run on paper.').waitFor();
    await page.getByRole('button', { name: 'How to get there' }).click();
    await page.getByText('A version proves itself on paper first').waitFor();
    await shot(page, 'live-closed', 'Deploy');
    world.passed.add('paper_days');
    await page.reload();
    await page.getByRole('combobox', { name: 'Symbols' }).pressSequentially('AAPL,');
    const hold = page.getByRole('button', { name: 'Hold to deploy version 7 with real money' });
    await hold.click();
    expect(gateway.asked('deployStrategy')).toEqual([]);
    await shot(page, 'live-open', 'Deploy');
    await hold.hover();
    await page.mouse.down();
    await page.locator('.dp-detail').waitFor();
    await page.mouse.up();
    expect(gateway.asked('deployStrategy')).toHaveLength(1);
  });
});

describe('what was deployed', () => {
  let world: DeployWorld;
  let opened: ScriptedPage;
  let page: Page;
  beforeAll(async () => {
    world = deployWorld();
    opened = await openScriptedPage(world.script, '/author?pane=live', LIMIT_MS);
    ({ page } = opened);
  });
  afterAll(() => opened.browser[Symbol.asyncDispose]());

  it('stands as cards, what needs somebody first', async () => {
    await page.locator('.dp-card').first().waitFor();
    expect(await page.locator('.dp-card').evaluateAll((all) => all.map((one) => one.getAttribute('data-strategy')))).toEqual(['broken', 'gap_fade', 'momentum', 'trend']);
    await expect.poll(() => page.locator('[data-strategy="gap_fade"]').textContent()).toContain('Paused by itself: 3 errors in a row, the last one: TypeError');
    expect(await page.locator('[data-strategy="trend"]').textContent()).toContain('Version 7 exists');
    await shot(page, 'list');
  });

  it('tells what it sees, what risk said, and what it earned against its band', async () => {
    await page.locator('[data-strategy="trend"]').click();
    await page.locator('.dp-cell').first().waitFor();
    expect(await page.locator('.dp-cell').first().textContent()).toContain('wants long 2.0 %');
    await shot(page, 'now');
    await page.getByRole('tab', { name: 'Signals' }).click();
    await shot(page, 'signals');
    await page.getByRole('button', { name: /MSFT long: Denied/ }).click();
    await page.locator('.mantine-Drawer-content .story').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.mantine-Drawer-content').waitFor({ state: 'detached' });
    await page.getByRole('tab', { name: 'P&L', exact: true }).click();
    await page.locator('.dp-band .js-plotly-plot').waitFor();
    await shot(page, 'pnl');
  });

  it('shows its log as it is written, filtered, and held', async () => {
    await page.getByRole('tab', { name: 'Log' }).click();
    await page.locator('.dp-log .log-line').nth(2).waitFor();
    world.write('info', 'a line that came later');
    await page.locator('.dp-log .log-line', { hasText: 'a line that came later' }).waitFor();
    await page.getByRole('button', { name: 'Hold', exact: true }).click();
    world.write('warn', 'unseen while held');
    await page.getByRole('button', { name: 'Go on, 1 line more' }).waitFor();
    expect(await page.locator('.dp-log .log-line', { hasText: 'unseen' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Go on, 1 line more' }).click();
    await page.locator('.dp-log .log-line', { hasText: 'unseen' }).waitFor();
    await page.locator('[aria-label="Level"] label', { hasText: 'Errors' }).click();
    await expect.poll(() => page.locator('.dp-log .log-line').count()).toBe(1);
    await shot(page, 'log');
  });

  it('gives the reason of each difference of a day that was run again', async () => {
    await page.getByRole('tab', { name: 'Parity' }).click();
    await page.locator('.dp-differences li').nth(1).waitFor();
    expect(await page.locator('.dp-differences').textContent()).toContain('the strategy held all that it may hold');
    await shot(page, 'parity');
  });

  it('takes new limits, and says why it would not take some', async () => {
    await page.getByRole('tab', { name: 'Limits' }).click();
    const loss = page.getByLabel('Loss of a day that pauses it, USD');
    await loss.fill('999999');
    await page.getByText('The whole account stops at').waitFor();
    expect(await page.getByRole('button', { name: 'Save limits' }).isDisabled()).toBe(true);
    await loss.fill('150');
    await page.getByRole('button', { name: 'Save limits' }).click();
    await page.getByText('Saved. They hold from the next order on.').waitFor();
    expect(opened.gateway.asked('setStrategyLimits').at(-1)?.input.limits).toEqual({ maxNotional: '8000', maxOrdersPerDay: 20, maxDailyLoss: '150', maxErrors: 3 });
    await shot(page, 'limits');
  });

  it('is paused and started by a press, and asks before it stops what becomes of what is held', async () => {
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('.dp-detail[data-state="paused"]').waitFor();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.locator('.dp-detail[data-state="running"]').waitFor();
    await page.getByRole('button', { name: 'Stop…' }).click();
    expect(await page.getByRole('button', { name: 'Choose first' }).isDisabled()).toBe(true);
    await page.getByRole('radio', { name: /Close it now/ }).check();
    await shot(page, 'stop');
    await page.getByRole('button', { name: 'Stop and close' }).click();
    await page.locator('.dp-detail[data-state="stopped"]').waitFor();
    await page.getByText('Two orders that close its share were approved').waitFor();
    expect(opened.gateway.asked('stopStrategy').map(({ input }) => input.positions)).toEqual(['flatten']);
  });

  it('says why it was paused by itself, and what to do', async () => {
    await page.goto(`${SCRIPTED_ORIGIN}/author?pane=live&strategy=gap_fade`);
    await page.locator('.dp-trouble', { hasText: 'Look at the log, correct the cause and deploy the new version' }).waitFor();
    await shot(page, 'paused-by-errors');
    expect(opened.watched.problems).toEqual([]);
  });
});

describe('in the live market', () => {
  it('starting and stopping are held, and the market cannot be mistaken', async () => {
    const world = deployWorld('live');
    const opened = await openScriptedPage(world.script, '/author?pane=live&strategy=gap_fade', LIMIT_MS);
    await using _browser = opened.browser;
    const { page, gateway } = opened;
    const start = page.getByRole('button', { name: 'Hold to start Gap fade with real money' });
    await start.click();
    expect(gateway.asked('startStrategy')).toEqual([]);
    await start.hover();
    await page.mouse.down();
    await page.locator('.dp-detail[data-state="running"]').waitFor();
    await page.mouse.up();
    expect(gateway.asked('startStrategy')).toHaveLength(1);
    await shot(page, 'live-market');
  });
});

describe('who signs', () => {
  let world: DeployWorld;
  let opened: ScriptedPage;
  let page: Page;
  beforeAll(async () => {
    world = deployWorld();
    opened = await openScriptedPage(world.script, '/portfolio', LIMIT_MS);
    ({ page } = opened);
    await page.getByRole('button', { name: 'Appearance and links' }).click();
    await page.getByRole('menuitem', { name: 'Author profile' }).click();
    await page.locator('.profile').waitFor();
  });
  afterAll(() => opened.browser[Symbol.asyncDispose]());

  it('is checked as it is typed, and shows the signature as it will appear', async () => {
    await page.getByLabel('Contact').fill('ada@example.com');
    await page.getByText('Give a name: it is what a signature begins with').waitFor();
    expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true);
    await page.getByLabel('Name', { exact: true }).fill('Ada Field');
    await page.locator('.author-signature', { hasText: 'Ada Field · ada@example.com' }).waitFor();
  });

  it('takes a picture, made small in the browser, and refuses what is none', async () => {
    const large = await page.evaluate(() => {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [1200, 900];
      const context = canvas.getContext('2d');
      for (let n = 0; n < 4_000; n += 1) {
        if (context !== null) context.fillStyle = `rgb(${(n * 37) % 255}, ${(n * 91) % 255}, ${(n * 53) % 255})`;
        context?.fillRect((n * 131) % 1200, (n * 197) % 900, 40, 40);
      }
      return canvas.toDataURL('image/png').split(',')[1] ?? '';
    });
    const chooser = page.locator('input[type="file"]');
    await chooser.setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no picture') });
    await page.getByText('notes.txt is not a PNG, JPEG or WebP picture').waitFor();
    await chooser.setInputFiles({ name: 'broken.png', mimeType: 'image/png', buffer: Buffer.from('no picture either') });
    await page.getByText('broken.png cannot be read as a picture').waitFor();
    await shot(page, 'profile-refused');
    await chooser.setInputFiles({ name: 'face.png', mimeType: 'image/png', buffer: Buffer.from(large, 'base64') });
    await page.locator('.profile-picture img').waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved', { exact: true }).waitFor();
    const [asked] = opened.gateway.asked('saveAuthorProfile');
    const picture = asked?.input.profile.picture ?? '';
    expect(picture).toMatch(/^data:image\/(png|webp);base64,/);
    expect(Buffer.from(picture.split(',')[1] ?? '', 'base64').length).toBeLessThanOrEqual(200_000);
    expect(await page.locator('.profile-picture img').evaluate((image: HTMLImageElement) => [image.naturalWidth, image.naturalHeight])).toEqual([256, 256]);
    await shot(page, 'profile');
  });

  it('is taken back by a press', async () => {
    await page.getByRole('button', { name: 'Take the last save back' }).click();
    await expect.poll(() => world.profile?.name).toBe('');
  });

  it('stands in About, beside the product', async () => {
    world.profile = { name: 'Ada Field', contact: 'ada@example.com', bio: 'Trend follower since 2009.', picture: null };
    await page.goto(`${SCRIPTED_ORIGIN}/portfolio`);
    await page.getByRole('button', { name: 'Appearance and links' }).click();
    await page.getByRole('menuitem', { name: 'About Mainspring' }).click();
    await page.locator('.about-author', { hasText: 'Ada Field' }).waitFor();
    await page.getByText('PostgreSQL').waitFor();
    await shot(page, 'about');
    expect(opened.watched.problems).toEqual([]);
  });
});

describe('beside the author page', () => {
  it('the portfolio and the health page say which strategy stopped by itself, and lead to it', async () => {
    const world = deployWorld();

    const row = { strategyId: 'gap_fade', name: 'Gap fade, with a name that somebody wrote on a rainy Sunday afternoon and never made shorter', kind: 'project', symbols: ['KO'], timeframe: '5Min', parameters: {}, sizing: {}, isEnabled: false, versionId: 'gap_fade-1', signals: 4, approved: 4, denied: 0, fills: 6, openPositions: 0, realizedPnl: '18', openPnl: '0', lastSignalAt: null };
    const opened = await openScriptedPage({ ...world.script, strategies: () => ({ strategies: [row], manual: { fills: 0, realizedPnl: '0', openPnl: '0' } }) }, '/portfolio', LIMIT_MS);
    await using _browser = opened.browser;
    const { page } = opened;
    await page.getByRole('tab', { name: 'By strategy' }).click();
    await page.locator('.strategy-troubles', { hasText: 'Paused by itself: 3 errors in a row, the last one: TypeError' }).waitFor();
    await shot(page, 'portfolio');
    // A name of any length leaves the figures in sight.
    expect(await page.locator('.strategy-name').evaluate((cell) => cell.getBoundingClientRect().width)).toBeLessThanOrEqual(340);
    expect(await page.locator('.strategy-name').first().evaluate((cell) => { const table = cell.closest('table'); return (table?.scrollWidth ?? 1) - (table?.parentElement?.clientWidth ?? 0); })).toBeLessThanOrEqual(0);
    await page.goto(`${SCRIPTED_ORIGIN}/health`);
    await page.locator('.verdict', { hasText: 'Gap fade' }).waitFor();
    await shot(page, 'health');
    await page.locator('.verdict').getByRole('link', { name: 'Gap fade' }).click();
    await page.locator('.dp-detail[aria-label="Gap fade"]').waitFor();
    expect(opened.watched.problems).toEqual([]);
  });
});
