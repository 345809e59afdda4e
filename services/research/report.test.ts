/** The report of a back-test: whole, closed in itself, and deaf to what is written into it. */
import { describe, expect, it } from 'vitest';
import { gatherEvidence } from '#app/analytics/evidence.ts';
import { tearSheet } from '#app/analytics/tear-sheet.ts';
import type { TearSheetInput, TripColumns } from '#app/analytics/tear-sheet-types.ts';
import { verdict } from '#app/analytics/verdict.ts';
import { randomOf } from '#app/domain/random.ts';
import { newYorkOffsetMs } from '#app/market/nyse-zone.ts';
import { slotBars } from './report-charts.ts';
import { logTicks, shortMoney, timeTicks } from './report-draw.ts';
import type { ReportInput, SearchPart } from './report-input.ts';
import { backtestReport } from './report.ts';

const DAY = 86_400_000;
const FROM = Date.UTC(2020, 0, 2, 5);

/** A made-up run of `days` days and a round trip each ten of them. */
function sampleInput(days: number, options: { readonly benchmark?: boolean; readonly drift?: number } = {}): TearSheetInput {
  const random = randomOf(7, 'report');
  const [time, equity, gross] = [new Float64Array(days), new Float64Array(days), new Float64Array(days)];
  let value = 10_000;
  for (let n = 0; n < days; n += 1) {
    value *= 1 + (options.drift ?? 0.0005) + 0.01 * random.normal();
    time[n] = FROM + n * DAY + 16 * 3_600_000;
    equity[n] = value;
    gross[n] = n % 2 === 0 ? value : 0;
  }
  const length = Math.floor(days / 10);
  const column = (make: (n: number) => number): Float64Array => Float64Array.from({ length }, (_none, n) => make(n));
  const trips: TripColumns = {
    length, market: new Int32Array(length), side: new Int8Array(length).fill(1), isOpen: Int8Array.from({ length }, (_none, n) => (n === length - 1 ? 1 : 0)), openStep: Int32Array.from({ length }, (_none, n) => n * 10), closeStep: Int32Array.from({ length }, (_none, n) => n * 10 + 6),
    profit: column((n) => (n % 3 === 0 ? -50 : 80)), cost: column(() => 2), mae: column((n) => -60 - n), mfe: column((n) => 90 + n), risk: column(() => NaN),
  };
  return {
    time, equity, gross, from: FROM, startEquity: 10_000, trips, fills: { length: 0, side: new Int8Array(0), qty: new Float64Array(0), price: new Float64Array(0), cost: new Float64Array(0) },
    benchmark: options.benchmark === false ? null : Float64Array.from({ length: days }, (_none, n) => 100 + n), offsetMs: newYorkOffsetMs, symbols: ['TEST'],
  };
}

function reportOf(input: TearSheetInput, changes: Partial<ReportInput> = {}): string {
  const sheet = tearSheet(input);
  const evidence = gatherEvidence(input, sheet, 1);
  return backtestReport({
    strategy: { kind: 'test', title: 'Test', description: 'Buys and sells.', parameters: [['fast', '10 bars']] }, timeframe: '1Day', data: [{ symbol: 'TEST', isBenchmark: false, file: 'test.csv', bars: 300, first: '2020-01-02', last: '2020-10-28', sha256: 'a'.repeat(64) }],
    benchmark: 'SPY', sheet, evidence, verdict: verdict(evidence), trips: [], rules: [['Account', 'cash']], costs: [['Profit', 5]], denied: {}, warnings: [], identity: [['manifest', 'b'.repeat(64)]], search: null, writtenAt: FROM, version: '0', ...changes,
  });
}

const SEARCH: SearchPart = {
  objective: 'Sharpe', trials: 4, chosen: [1, 0], plateau: null, efficiency: 0.5, map: { x: 'fast', y: 'slow', xValues: [5, 10], yValues: [20, 30], cells: [[-0.5, 1], [null, 0.5]], counts: [[1, 1], [0, 1]], rule: 'median' },
  folds: [{ inFrom: '2020-01-02', outFrom: '2020-05-01', outTo: '2020-07-01', chosen: 'fast 5', inside: 1.2, outside: -0.1 }],
};

describe('the page', () => {
  const page = reportOf(sampleInput(300), { search: SEARCH });

  it('has every part, closed and balanced', () => {
    for (const title of ['Equity', 'Every figure', 'Months', 'Daily returns', 'Over time', 'Deepest falls', 'What chance could have made of it', 'Parameters', 'Walk-forward', 'Against it on the way (MAE)', 'Round trips', 'Costs', 'Rules of the run', 'Data', 'Identity']) expect(page.includes(`<h2>${title}</h2>`)).toBe(true);
    for (const tag of ['section', 'div', 'table', 'tr', 'svg', 'dl', 'ul', 'main']) expect([tag, page.split(`<${tag}`).length]).toEqual([tag, page.split(`</${tag}>`).length]);
    expect(/NaN|undefined|Infinity|\[object/.exec(page)?.[0]).toBeUndefined();
  });

  it('asks for nothing outside of itself and runs nothing', () => {
    expect(page.includes('default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;')).toBe(true);
    expect(/<script|<link|<img|<iframe|url\(|https?:|\son\w+=/i.exec(page)?.[0]).toBeUndefined();
  });

  it('marks the chosen parameters and colours losses otherwise than gains', () => {
    expect(page.includes('class="gain chosen"')).toBe(true);
    expect(/class="fell " style="--part:62%">−0\.50/.test(page)).toBe(true);
  });

  it('takes what is written into it for text', () => {
    const evil = '</style><script>alert(1)</script>"\'&';
    const written = reportOf(sampleInput(60), {
      strategy: { kind: evil, title: evil, description: evil, parameters: [[evil, evil]] }, benchmark: evil, warnings: [evil], rules: [[evil, evil]], identity: [[evil, evil]], denied: { [evil]: 2 }, costs: [[evil, 1]],
      data: [{ symbol: evil, isBenchmark: true, file: evil, bars: 1, first: evil, last: evil, sha256: evil }], search: { ...SEARCH, objective: evil, map: { ...(SEARCH.map ?? expect.fail()), x: evil, xValues: [evil, 2] }, folds: [{ inFrom: evil, outFrom: evil, outTo: evil, chosen: evil, inside: 1, outside: null }] },
      trips: [{ symbol: evil, side: 'long', isOpen: false, openedAt: FROM, closedAt: FROM, bars: 1, qty: 1, entryPrice: 1, exitPrice: 2, profit: 1, cost: 0, mae: -1, mfe: 1 }, { symbol: 'B', side: 'short', isOpen: true, openedAt: FROM, closedAt: FROM, bars: 1, qty: 1, entryPrice: 1, exitPrice: 2, profit: 1, cost: 0, mae: -1, mfe: 1 }],
    });
    expect(written.includes('<script')).toBe(false);
    expect(written.split('</style>')).toHaveLength(2);
    expect(written.includes('&lt;script&gt;')).toBe(true);
  });
});

describe('what a reader must not miss', () => {
  const noticed = 'TEST: the price jumps as in a 4 for 1 split';
  const page = reportOf(sampleInput(300), {
    warnings: [noticed], data: [{ symbol: 'TEST', isBenchmark: false, file: 'test.csv', bars: 1, first: '2020-01-02', last: '2020-01-02', sha256: null }, { symbol: 'SPY', isBenchmark: true, file: 'spy.csv', bars: 9, first: '2020-01-02', last: '2020-01-14', sha256: null }],
  });

  it('is said beside the verdict, with the way to the rest', () => {
    expect(page.indexOf(noticed)).toBeLessThan(page.indexOf('<dl class="figures">'));
    expect([page.includes('href="#noticed">One thing was noticed'), page.split('id="noticed"').length]).toEqual([true, 2]);
    expect(reportOf(sampleInput(300)).includes('noticed</a>')).toBe(false);
  });

  it('tells where the benchmark comes from, and does not count it as traded', () => {
    expect(page).toMatch(/SPY <span class="muted">benchmark<\/span><\/td><td class="left break">spy\.csv/);
    expect(page).toMatch(/<h1>Test <span>on TEST<\/span>[^]*on 1 daily bar, </);
  });

  it('shows units that numbers do not tell', () => {
    expect(page).toMatch(/Length of the deepest fall <small>calendar days<\/small>/);
    expect(page).toMatch(/Volatility <small>per year<\/small>/);
    expect(page).not.toMatch(/per year <small>/);
  });
});

describe('little to show', () => {
  it('bars that are all zero stand in the middle of their axis, each label at its own place', () => {
    const picture = slotBars([{ slot: 1, trips: 1, wins: 0, profit: 0 }, { slot: 2, trips: 1, wins: 0, profit: 0 }], 'weekday').html;
    const places = [...picture.matchAll(/class="grid"[^>]*y1="([\d.]+)"/g)].map(([, y]) => y);
    expect([places.length > 1, new Set(places).size]).toEqual([true, places.length]);
  });


  it.each([['one day', 1], ['three days', 3], ['a month', 25]])('%s makes a page without holes', (_name, days) => {
    const page = reportOf(sampleInput(days, { benchmark: false }));
    expect(/NaN|undefined|Infinity/.exec(page)?.[0]).toBeUndefined();
    expect(page.includes('</html>')).toBe(true);
  });

  it('a run that lost everything has no logarithmic curve, and one that fell says so in red', () => {
    const input = sampleInput(40, { drift: -0.01 });
    input.equity[39] = 0;
    const page = reportOf(input);
    expect(page.includes('scale-log"')).toBe(false);
    expect(page.includes('class="line down"')).toBe(true);
  });
});

describe('axes', () => {
  it.each([[0, '$0'], [950, '$950'], [12_500, '$12.5k'], [5_000, '$5k'], [-1_250_000, '−$1.25M'], [0.5, '$0.5'], [999_499, '$999.5k'], [2e9, '$2B'], [100_000, '$100k']])('%d dollars are %s', (value, text) => {
    expect(shortMoney(value)).toBe(text);
  });

  it('label time by days, months or years, as much as fits', () => {
    const labels = (days: number): string[] => timeTicks(FROM, FROM + days * DAY, 8).map(({ label }) => label);
    expect(labels(5)).toEqual(['3 Jan', '4 Jan', '5 Jan', '6 Jan']);
    expect(labels(200)).toEqual(['Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul']);
    expect(labels(3_000)).toEqual(['2022', '2024', '2026', '2028']);
    expect(timeTicks(FROM, FROM + 3_000 * DAY, 8)[0]?.at).toBe(Date.UTC(2022, 0, 1, 5));
  });

  it('of logarithms have round values, finer where the range is small', () => {
    expect(logTicks(9, 1_200)).toEqual([10, 30, 100, 300, 1_000]);
    expect(logTicks(100, 1e6)).toEqual([100, 1_000, 10_000, 100_000, 1_000_000]);
    for (const value of logTicks(95, 140)) expect([110, 100, 120, 130, 140].some((known) => Math.abs(known - value) < 1e-9)).toBe(true);
  });
});
