/** Why did it (not) trade here, and the statistics under the chart, in a real browser against a gateway that says what each test is about. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import type { BarStory, ExplainedBar, StrategyStory } from '#app/contracts/explain.ts';
import { chartBook, columnsFor } from './chart-world.ts';
import type { TestBrowser } from './harness.ts';
import type { ScriptedGateway } from './scripted-gateway.ts';
import { openScriptedPage } from './scripted-page.ts';
import { story as orderStory } from './trading-world.ts';

const WAIT = { timeout: 20_000, interval: 50 };
const BAR = columnsFor('AAPL', true).time.at(-20) ?? 0;
const FLAT = { side: 'flat', weight: null } as const;

function explained(strategyId: string, change: Partial<ExplainedBar> = {}): ExplainedBar {
  return {
    strategyId, name: `Strategy ${strategyId}`, kind: 'rsi_reversion', title: 'RSI reversion', timeframe: '1Day', versionId: `${strategyId}.v1`, versionAt: 1, bar: { openTime: BAR, closeTime: BAR + 57_600_000, open: 180, high: 184, low: 179, close: 182.44, volume: 5_120_000, source: 'stream', tsSeen: BAR },
    barsInSpan: 1, nearest: { before: null, after: null }, isWatching: true, isDeployed: true, isEnabled: true, isRegular: true, isQuiet: false, isUnseen: false, warmUp: { seen: 300, needed: 15, isWarm: true }, problem: null, tookMs: 4.2,
    replay: {
      barsReplayed: 120, wasAsked: true, checksLeftOut: 0, indicators: [{ name: 'strength', label: 'RSI(14)', value: 44.1234 }], memory: { before: '{"hasMoved":true}', after: '{"hasMoved":true}' }, wish: { before: FLAT, after: FLAT }, named: null,
      checks: [{ symbol: 'AAPL', leadsTo: 'Buy', name: 'RSI below the entry level', isMet: false, value: 44.1234, threshold: 30 }, { symbol: 'AAPL', leadsTo: 'Buy', name: 'the price has moved since the first bar', isMet: true, value: null, threshold: null }, { symbol: 'AAPL', leadsTo: 'Sell', name: 'RSI above the exit level', isMet: false, value: 44.1234, threshold: 55 }],
      position: { qty: 0, averagePrice: null, barsHeld: -1 }, said: [], agrees: 'same', notes: [],
    }, ...change,
  };
}

const silent: StrategyStory = { explained: explained('quiet'), verdict: 'conditions_not_met', headline: 'It had no reason to trade', detail: 'Buy lacks: RSI below the entry level (44.123, threshold 30).', signals: [], stories: [], storiesLeftOut: 0 };
const told = orderStory();
const signal = told.signal ?? { signalId: 'sig', strategyId: 'momentum', strategyVersionId: 'momentum.v1', symbol: 'AAPL', timeframe: '1Day', barOpenTime: BAR, tsMarket: BAR, target: 'long' as const, weight: null, order: null, referencePrice: '182.44', atr: null, protection: null, reasons: [{ name: 'RSI(14)', value: '28.5', threshold: 'below 30' }], raisedAt: BAR };
const traded: StrategyStory = { explained: explained('momentum'), verdict: 'order_filled', headline: 'Bought 40 shares at 180.1 USD', detail: 'The signal was approved, sent and filled.', signals: [signal], stories: [{ ...told, signal }], storiesLeftOut: 0 };
const bar = (strategies: readonly StrategyStory[], change: Partial<BarStory> = {}): BarStory => ({ symbol: 'AAPL', timeframe: '1Day', openTime: BAR, closeTime: BAR + 86_400_000, strategies: [...strategies], strategiesLeftOut: 0, others: [], trading: null, tookMs: 9, ...change });

let browser: TestBrowser;
let page: Page;
let gateway: ScriptedGateway;

beforeAll(async () => {
  ({ browser, page, gateway } = await openScriptedPage({ ...chartBook().script, explain: () => bar([traded, silent]) }, `/analysis?symbol=AAPL&timeframe=1Day&bar=${BAR}`));
});
afterAll(() => browser[Symbol.asyncDispose]());

const card = (): Locator => page.locator('.why-card');
const drawer = (): Locator => page.locator('.stats-drawer');
const open = async (script: () => BarStory | Error): Promise<void> => {
  gateway.script({ explain: script });
  await page.reload();
  await card().waitFor();
};

describe('the bar that was clicked', () => {
  it('begins with the strategy that did something, from the bar over signal and rules to the order', async () => {
    await card().locator('[data-verdict="order_filled"]').waitFor();
    expect(gateway.asked('explain')[0]?.input).toMatchObject({ symbol: 'AAPL', timeframe: '1Day', openTime: BAR });
    expect(await card().locator('.why-step h3').allTextContents()).toEqual(['The bar closed at 182.44', 'Signal: be long', 'Risk approved it', expect.stringContaining('50 KO')]);
    expect(await card().getByRole('link', { name: 'Everything in the logs about this order' }).getAttribute('href')).toContain('about=ms-limit-ko');
  });

  it('shows each condition of another strategy with what it lacks, by the arrow keys', async () => {
    await card().getByRole('tab', { name: /Strategy momentum/ }).press('ArrowRight');
    await card().locator('[data-verdict="conditions_not_met"]').waitFor();
    expect(await card().locator('.why-group header').allTextContents()).toEqual(['Buy1 of 2', 'Sell0 of 1']);
    expect(await card().locator('.why-group li').first().textContent()).toBe('RSI below the entry level44.1234 vs 3014.1234 away');
    await card().getByText('What it knew').click();
    expect(await card().locator('.why-knowledge').textContent()).toMatch(/RSI\(14\)44\.1234.*Held for itnothing.*Run again over 120 stored bars/);
  });

  it('says that trading was halted, and where the nearest bars are when there was none', async () => {
    const nothing: StrategyStory = { ...silent, explained: explained('quiet', { bar: null, replay: null, nearest: { before: BAR - 86_400_000, after: null } }), verdict: 'no_bar', headline: 'There was no bar to look at', detail: 'No bar of 1Day is stored here.' };
    await open(() => bar([nothing], { trading: { state: 'HALTED', reason: 'a person pressed HALT', actor: 'ann', at: BAR } }));
    await card().locator('[data-verdict="no_bar"]').waitFor();
    expect(await card().textContent()).toMatch(/Trading was HALTED when this bar came: a person pressed HALT.*The nearest bars open: before it/);
    expect(await card().getByRole('tablist').count(), 'one strategy needs no tabs').toBe(0);
  });

  it('asks again after an error, and lets go of the bar', async () => {
    await open(() => new Error('The engine is busy'));
    await card().getByText('The engine is busy').waitFor();
    gateway.script({ explain: () => bar([silent]) });
    await card().getByRole('button', { name: 'Try again' }).click();
    await card().locator('[data-verdict="conditions_not_met"]').waitFor();
    await card().getByRole('button', { name: 'Close' }).click();
    await card().waitFor({ state: 'detached' });
  });
});

describe('the statistics', () => {
  it('open on a tab, tell formulas, draw each kind, and stand as they were left after a reload', async () => {
    await drawer().getByRole('tab', { name: 'Key figures' }).click();
    await drawer().getByText('Deepest fall').waitFor();
    await drawer().getByText('Deepest fall').hover();
    await page.getByText('smallest (close / highest close before − 1)').waitFor();
    const kinds: readonly (readonly [string, RegExp])[] = [['Drawdown', /Drawdown over time/], ['Returns', /Distribution of returns/], ['Volatility and beta', /Volatility over 63 bars/], ['Seasonality', /Return of each month/]];
    for (const [tab, label] of kinds) {
      await drawer().getByRole('tab', { name: tab }).click();
      await drawer().getByRole('img', { name: label }).locator('.main-svg').first().waitFor({ state: 'attached' });
    }
    const grip = drawer().getByRole('separator');
    const height = Number(await grip.getAttribute('aria-valuenow'));
    await grip.press('ArrowUp');
    await expect.poll(() => grip.getAttribute('aria-valuenow'), WAIT).toBe(String(height + 24));
    await page.reload();
    await drawer().getByRole('img', { name: /Return of each month/ }).waitFor();
    expect(await grip.getAttribute('aria-valuenow')).toBe(String(height + 24));
  });
});
