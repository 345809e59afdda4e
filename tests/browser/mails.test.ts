/** Mails as people see them: received by a real server, rendered in Chromium, light and dark, wide and on a telephone. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smtpCarrier } from '../../services/notification/delivery/smtp.ts';
import { fillsLetter, type FillRow } from '../../services/notification/letters/fills-letter.ts';
import type { Letter } from '../../services/notification/letters/letter.ts';
import { alertLetter, noticeLetter } from '../../services/notification/letters/notice-letter.ts';
import { summaryLetter } from '../../services/notification/letters/summary-letter.ts';
import type { SymbolDay } from '../../services/notification/summary/read-day.ts';
import { startSmtp, type TestSmtp } from '../support/smtp-server.ts';
import { openBrowser, type TestBrowser } from './harness.ts';

const PICTURES = path.resolve(import.meta.dirname, '..', '..', 'out', 'mail-screenshots');
const AT = Date.parse('2026-03-04T23:00:07Z');
const CLOSE = Date.parse('2026-03-04T21:00:00Z');

const symbol = (name: string, qty: string, last: string, dayPnl: string): SymbolDay => ({ symbol: name, qty, avgPrice: '171.2', lastPrice: last, value: (Number(qty) * Number(last)).toFixed(2), dayPnl, fills: 1 });
const fill = (n: number, side: 'buy' | 'sell', name: string): FillRow => ({ fillId: `f${n}`, at: CLOSE - n * 61_000, symbol: name, side, qty: String(10 + n), price: '187.25', value: ((10 + n) * 187.25).toFixed(2), fee: '0', strategyId: n % 3 === 0 ? null : 'sma-cross-of-a-rather-long-name' });

const LETTERS: Readonly<Record<string, Letter>> = {
  summary: summaryLetter({
    mode: 'paper', writtenAt: AT, failed: { flows: [{ flow: 'archive_old_data', times: 2, lastAt: AT - 60_000_000, lastError: 'Only 412 MB are free where the data lies' }], problem: null },
    day: {
      day: '2026-03-04', account: { equity: '103412.87', cash: '48120.10', opening: '102890.11', pnl: '522.76', pnlFraction: 0.00508, asOf: CLOSE }, trades: { fills: 14, bought: '18230.40', sold: '9120.00', fees: '1.42' },
      symbols: [symbol('AAPL', '120', '187.25', '412.80'), symbol('MSFT', '40', '402.11', '221.06'), symbol('NVDA', '15', '880.4', '-111.10'), symbol('KO', '-30', '60.12', '0')],
      incidents: [{ at: AT - 9_000_000, severity: 'critical', what: 'DAILY_LOSS_NEAR', detail: 'The loss of the day came within 80 % of its limit of $2,000.00.' }, { at: AT - 12_000_000, severity: 'warning', what: 'Buy order in TSLA rejected', detail: 'The broker rejected the order over 3 TSLA (by sma): insufficient qty available.' }], incidentsTotal: 2,
    },
  }),
  fills: fillsLetter([fill(1, 'buy', 'AAPL'), fill(2, 'sell', 'MSFT'), fill(3, 'buy', 'NVDA'), fill(4, 'buy', 'AAPL')], { bought: '8051.75', sold: '2247.00', fees: '0.00' }, 'demo', AT),
  halt: noticeLetter({ notificationId: 'h', kind: 'trading_state', severity: 'critical', title: 'Trading is halted', body: 'risk_management: the loss of the day reached its limit of $2,000.00', context: { state: 'HALTED', version: 7 } }, 'live', AT),
  failure: noticeLetter({ notificationId: 'f', kind: 'health', severity: 'critical', title: 'execution has failed', body: 'It ended five times within a minute. The supervisor has given it up for now and tries again after a while.', context: { unit: 'execution', reasons: [], lastLines: ['{"level":"error","unit":"execution","msg":"Cannot go on","error":"connect ECONNREFUSED 127.0.0.1:5432"}', 'Error: connect ECONNREFUSED 127.0.0.1:5432', '    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1637:16)'] } }, 'live', AT),
  alert: alertLetter({ alertId: 'a', severity: 'warning', title: 'Exposure is near its limit', body: 'The portfolio holds more than usual in one symbol.', items: [{ label: 'Gross exposure', value: '$91,204.10', note: '91 % of the limit of $100,000.00' }, { label: 'Largest position: AAPL', value: '$22,470.00', note: '24.6 % of equity' }], context: {} }, 'paper', AT),
};

let smtp: TestSmtp;
let browser: TestBrowser;
const pages = new Map<string, string>();
beforeAll(async () => {
  [smtp, browser] = await Promise.all([startSmtp(), openBrowser()]);
  const carry = smtpCarrier({ host: '127.0.0.1', port: smtp.port, security: 'none', user: null, password: null, from: { name: 'Mainspring', address: 'm@example.com' }, to: ['a@example.com'] });
  for (const [name, letter] of Object.entries(LETTERS)) {
    const claimed = { deliveryId: name, notificationId: name, kind: name, recipient: 'a@example.com', attempts: 1, messageId: `<${name}@example.com>`, createdAt: AT, letter };
    expect(await carry(claimed, { handOver: () => Promise.resolve(), signal: new AbortController().signal })).toMatchObject({ status: 'sent' });
    const html = smtp.mails.at(-1)?.html;
    pages.set(name, typeof html === 'string' ? html : '');
  }
  mkdirSync(PICTURES, { recursive: true });
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await smtp.stop();
});

/** Text of which the contrast with what lies behind it is below 4.5:1, measured in the page. */
function faintTexts(): string[] {
  const light = (colour: string): number => {
    const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number).map((part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element: Element | null): string => {
    const colour = element ? getComputedStyle(element).backgroundColor : 'rgb(255, 255, 255)';
    return colour === 'rgba(0, 0, 0, 0)' ? behind(element?.parentElement ?? null) : colour;
  };
  return [...document.body.querySelectorAll('*')].filter((element) => element.checkVisibility() && [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && (node.textContent ?? '').trim() !== '')).flatMap((element) => {
    const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    return ratio >= 4.5 ? [] : [`${ratio.toFixed(2)} ${element.textContent.slice(0, 40)}`];
  });
}

describe.each(Object.keys(LETTERS))('the mail "%s"', (name) => {
  it.each([['light', 700], ['dark', 700], ['light', 390], ['dark', 390]] as const)('is whole and readable in %s at %i pixels', async (theme, width) => {
    await using shown = await browser.newPage({ theme, width, height: 600 });
    const { page, problems } = shown;
    await page.setContent(pages.get(name) ?? '');
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
    expect(await page.evaluate(faintTexts)).toEqual([]);
    expect(problems).toEqual([]);
    await page.screenshot({ path: path.join(PICTURES, `mail-${name}-${theme}-${width}.png`), fullPage: true });
  });
});
