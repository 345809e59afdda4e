/** Bars out of files: strict or lenient, regular hours, factors; and the known defects of recorded data, found exactly. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { EpochMs } from '#app/domain/time.ts';
import { adjustColumns } from '#app/market/adjustment.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import { describeRecorded, sharedPath } from '../../tests/support/recorded.ts';
import { parseFactors } from './load-factors.ts';
import { loadCsv, loadCsvFile, loadPaths } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'ms-load-'));
afterAll(() => rmSync(folder, { recursive: true }));
function file(name: string, rows: readonly string[]): string {
  const text = ['time,open,high,low,close,volume', ...rows, ''].join('\n');
  writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(text) : text);
  return join(folder, name);
}
const day = (date: string, close = 10): string => `${date},${close},${close + 1},${close - 1},${close},100`;
const DAYS = ['2024-03-07', '2024-03-08', '2024-03-11', '2024-03-12', '2024-03-13', '2024-03-14'].map((date) => day(date));

describe('loading a file', () => {
  it('names the symbol after the file, packed or not', () => {
    expect(loadCsv(file('brk.b.trade.csv.gz', DAYS))).toMatchObject({ symbol: 'BRK.B', timeframe: '1Day', defects: [], warnings: [] });
    expect(() => loadCsv(file('no ticker!.csv', DAYS))).toThrow(/is no ticker/);
  });

  it('refuses rows that cannot be used, naming the first ten, or drops and counts them', () => {
    const bad = file('bad.csv', [...DAYS, ...Array.from({ length: 12 }, (_, n) => day(`2024-03-${18 + n}`).replace('10,', '20,'))].slice(0, 11));
    expect(() => loadCsv(bad)).toThrow(/bad\.csv: 5 rows cannot be used:\n {2}line 8 opens outside of low\.\.high: 2024-03-18,20/);
    expect(loadCsv(bad, { isLenient: true })).toMatchObject({ counts: { open_outside: 5 }, warnings: [expect.stringMatching(/^bad.csv: 5 of 11 rows were dropped: 5 open outside/)] });
    expect(() => loadCsv(file('upside.csv', DAYS.toReversed()), { isLenient: true })).toThrow(/more than half[^]*newest row seems to stand first/);
  });

  it('tells of sessions without a bar, and of what looks like a split', () => {
    const odd = file('odd.csv', [...DAYS.filter((row) => !/03-1[12]/.test(row)), day('2024-03-15', 5.1), day('2024-03-18', 5.2)]);
    expect(loadCsv(odd).warnings).toEqual([
      'ODD: 2 sessions of the exchange have no bar: 2024-03-11 to 2024-03-12', expect.stringMatching(/^ODD: the price jumps at 2024-03-15.* as in a 2 for 1 split/),
    ]);
  });

  it('says what a file is that is none of bars, and why no bar of one is left', () => {
    expect(() => loadCsv(file('old.csv', [day('1990-03-08'), day('1990-03-09')]))).toThrow(/no bars of OLD \(2 bars before 1998 are left out: the sessions of that time are not known\) are left$/);
    expect(() => loadCsv(file('weekly.csv', ['01', '08', '15', '22', '29'].map((date) => day(`2024-03-${date}`))))).toThrow(/two of them are 6 d 23 h apart/);
    expect(() => loadCsv(file('weekend.csv', [day('2024-03-09')]))).toThrow(/weekend\.csv: None of the bars/);
    const comma = join(folder, 'comma.csv');
    writeFileSync(comma, 'date;open;high;low;close;volume\n2024-03-08;1,5;2,0;1,0;1,5;100\n');
    expect(() => loadCsv(comma)).toThrow(/decimal commas/);
  });

  it('finds a symbol among the files of a folder', () => {
    const place = join(folder, 'pick');
    mkdirSync(place);
    for (const name of ['pick/b.csv', 'pick/a.csv']) file(name, DAYS);
    expect(loadPaths([place], { symbol: 'b' }).map(({ symbol, file: from }) => [symbol, from])).toEqual([['B', join(place, 'b.csv')]]);
    expect(() => loadPaths([place], { symbol: 'C' })).toThrow(/there is no such symbol: C/);
  });

  it('leaves out what is not regular trading, and days that were not asked for', () => {
    const minutes = file('min.csv', ['09:29', '09:30', '09:31', '15:59', '16:00'].map((clock) => day(`2024-03-08 ${clock}:00`)));
    expect(loadCsv(minutes)).toMatchObject({ timeframe: '1Min', warnings: ['MIN: 2 bars outside of regular trading are left out'] });
    expect(loadCsv(minutes, { hours: 'all' }).bars.time.length).toBe(5);
    const days = loadCsv(file('days.csv', DAYS), { from: '2024-03-08', to: '2024-03-12' }).bars.time;
    expect([...days].map((at) => exchangeDay(at as EpochMs))).toEqual(['2024-03-08', '2024-03-11', '2024-03-12']);
    expect(() => loadCsv(file('days.csv', DAYS), { from: '2025-01-01' })).toThrow(/no bars of DAYS are left between 2025-01-01 and the end/);
  });

  it('refuses bars of a width that it does not know, and a width that is not theirs', () => {
    const odd = file('odd.csv', ['09:30', '09:40', '09:50', '10:00'].map((clock) => day(`2024-03-08 ${clock}:00`)));
    expect(() => loadCsv(odd)).toThrow(/none of the timeframes/);
    expect(() => loadCsv(odd, { timeframe: '1Day' })).toThrow(/are not of 1Day/);
    expect(loadCsv(odd, { timeframe: '5Min' }).timeframe).toBe('5Min');
  });

  it.each([['missing.csv', /no such file/], ['.', /is a folder/]])('says what is wrong with %s', (name, words) => {
    expect(() => loadCsv(join(folder, name))).toThrow(words);
  });

  it('takes folders, in the order of symbols, each once and all of one width', () => {
    const place = join(folder, 'many');
    mkdirSync(place);
    for (const name of ['many/b.csv', 'many/a.csv.gz', 'many/c.quote.csv']) file(name, DAYS);
    expect(loadPaths([place]).map(({ symbol }) => symbol)).toEqual(['A', 'B']);
    expect(() => loadPaths([place, join(place, 'b.csv')])).toThrow(/B is in .*b\.csv, too/);
    file('many/e.csv', [day('1999-03-08')]);
    const [first] = loadPaths([place], { from: '2024-01-01' });
    expect([first?.symbol, first?.warnings]).toEqual(['A', ['Left out, for they have no bars between 2024-01-01 and the end: E']]);
    expect(() => loadPaths([place], { from: '2025-01-01' })).toThrow(/no bars of A, B, E are left/);
    file('many/d.csv', ['09:30', '09:31'].map((clock) => day(`2024-03-08 ${clock}:00`)));
    expect(() => loadPaths([place])).toThrow(/are of 1Min, those of .* of 1Day/);
  });
});

describe('factors', () => {
  it('multiply the prices up to and including their day', () => {
    const { bars } = loadCsv(file('aapl.csv', ['2014-06-05,640,650,640,647.35,75951000', '2014-06-06,645,651,644,645.57,87580000', '2014-06-09,92.7,93.88,91.75,93.7,75415000']));
    const factors = parseFactors('20140606,0.9,0.142857142857143,645.57\n20501231,1,1,0\n');
    expect([...adjustColumns(bars, factors, 'split').close]).toEqual([92.478571, 92.224286, 93.7]);
    expect([...adjustColumns(bars, factors, 'all').close]).toEqual([83.230714, 83.001857, 93.7]);
    expect([...adjustColumns(bars, factors, 'split').volume]).toEqual([531_657_000, 613_060_000, 75_415_000]);
    writeFileSync(join(folder, 'own.csv'), '20140606,0.9,0.142857142857143,645.57\n');
    const adjusted = (factors: string): ReturnType<typeof loadCsv> => loadCsv(join(folder, 'aapl.csv'), { factors, adjustment: 'split' });
    expect([...adjusted(join(folder, 'own.csv')).bars.close]).toEqual([92.478571, 92.224286, 93.7]);
    mkdirSync(join(folder, 'factors'));
    expect(adjusted(join(folder, 'factors')).warnings[0]).toBe('AAPL: there is no file of factors for it: its prices are taken as they are');
    expect(() => adjusted(join(folder, 'no-such'))).toThrow(/^[^:]*no-such: there is no such file or folder of factors$/);
    expect(() => loadPaths([join(folder, 'aapl.csv'), join(folder, 'days.csv')], { factors: join(folder, 'own.csv') })).toThrow(/own\.csv: a file holds the factors of one symbol, and .* have 2/);
    expect(() => parseFactors('20140606,0.9,0.14\n20140605,1,1\n')).toThrow(/Line 2/);
  });
});

const DAILY = sharedPath('data/equity/daily');
const SP500 = sharedPath('data/equity/sp500_daily_2013_2018.csv.gz');

describeRecorded([SP500, `${DAILY}/aapl.csv.gz`, sharedPath('data/equity/factors/aapl.csv')], 'the recorded S&P 500', () => {
  const members = loadCsvFile(SP500, { isLenient: true });

  it('has exactly its known defects: 11 rows without an open, 12 with open or close outside, 4 without volume', () => {
    expect(members).toHaveLength(505);
    const { counts, warnings, defects } = members[0] ?? expect.fail();
    expect(counts).toEqual({ missing: 11, open_outside: 3, close_outside: 8, high_below_low: 1 });
    expect(defects).toHaveLength(23);
    expect(warnings).toContain('sp500_daily_2013_2018.csv.gz: 4 rows have no volume: line 167118, 241093, 428211, 555697');
    expect(() => loadCsvFile(SP500)).toThrow(/23 rows cannot be used:\n {2}line 54263 has a high below its low: AOS,2014-05-19/);
  });

  it('agrees with raw AAPL times its split factors within 0.5 % on 1,258 of 1,259 days', () => {
    const { bars } = loadCsv(`${DAILY}/aapl.csv.gz`, { factors: sharedPath('data/equity/factors'), adjustment: 'split' });
    const member = members.find(({ symbol }) => symbol === 'AAPL') ?? expect.fail();
    // The set was freed of the split of June 2014, not of that of August 2020, 4:1.
    const ours = new Map([...bars.time].map((at, n) => [at, (bars.close[n] ?? NaN) * 4]));
    const apart = [...member.bars.time].map((at, n) => Math.abs((ours.get(at) ?? NaN) / (member.bars.close[n] ?? NaN) - 1));
    expect([apart.length, apart.filter((share) => share <= 0.005).length]).toEqual([1_259, 1_258]);
  });
});

describeRecorded(['spy', 'ibm'].flatMap((name) => [`${DAILY}/${name}.csv.gz`, sharedPath(`data/equity/hour/${name}.csv.gz`)]), 'recorded hours', () => {
  it.each(['spy', 'ibm'])('of %s make the days of the daily file: 5,849 of 5,849, all five columns', (name) => {
    const days = loadCsv(`${DAILY}/${name}.csv.gz`, { hours: 'all' }).bars;
    const { bars } = loadCsv(sharedPath(`data/equity/hour/${name}.csv.gz`), { hours: 'all' });
    const made = new Map<string, number[]>();
    bars.time.forEach((at, n) => {
      const [open = NaN, high = NaN, low = NaN, close = NaN, volume = NaN] = [bars.open[n], bars.high[n], bars.low[n], bars.close[n], bars.volume[n]];
      const date = exchangeDay(at as EpochMs);
      const known = made.get(date);
      made.set(date, known === undefined ? [open, high, low, close, volume] : [known[0] ?? NaN, Math.max(known[1] ?? NaN, high), Math.min(known[2] ?? NaN, low), close, (known[4] ?? NaN) + volume]);
    });
    const same = [...days.time].filter((at, n) => made.get(exchangeDay(at as EpochMs))?.join() === [days.open[n], days.high[n], days.low[n], days.close[n], days.volume[n]].join());
    expect([made.size, days.time.length, same.length]).toEqual([5_849, 5_849, 5_849]);
  });
});
