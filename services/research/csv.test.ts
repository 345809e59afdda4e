/** CSV files of bars: every form that people have, exact numbers, and no row that cannot be true. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '#app/domain/errors.ts';
import { parseCsv, type CsvOptions, type ParsedCsv } from './csv.ts';

const read = (text: string, options: CsvOptions = {}): ParsedCsv => parseCsv(Buffer.from(text), options);
const timesOf = (text: string, options: CsvOptions = {}): string[] => [...(read(text, options).series[0]?.bars.time ?? [])].map((at) => new Date(at).toISOString());
const HEAD = 'time,open,high,low,close,volume\n';

describe('the forms of a file', () => {
  const twoDays = ['2024-03-08T05:00:00.000Z', '2024-03-11T04:00:00.000Z'];
  it.each([
    ['dates', `${HEAD}2024-03-08,1,2,0.5,1.5,10\n2024-03-11,1,2,0.5,1.5,10\n`],
    ['a data frame with an unnamed index', ',Open,High,Low,Close,Volume\n2024-03-08,1,2,0.5,1.5,10\n2024-03-11,1,2,0.5,1.5,10\n'],
    ['Yahoo, with a column that is not used', 'Date,Open,High,Low,Close,Adj Close,Volume\r\n2024-03-08,1,2,0.5,1.5,1.4,10\r\n2024-03-11,1,2,0.5,1.5,1.4,10\r\n'],
    ['Stooq, the day in one column and the clock in the other', '<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\nSPY.US,D,20240308,000000,1,2,0.5,1.5,10,0\nSPY.US,D,20240311,000000,1,2,0.5,1.5,10,0\n'],
    ['midnights with an offset', `${HEAD}2024-03-08 00:00:00-05:00,1,2,0.5,1.5,10\n2024-03-11 00:00:00-04:00,1,2,0.5,1.5,10`],
    ['midnights of Greenwich', `${HEAD}2024-03-08T00:00:00Z,1,2,0.5,1.5,10\n2024-03-11T00:00:00.000Z,1,2,0.5,1.5,10`],
    ['seconds at midnights of Greenwich', `${HEAD}1709856000,1,2,0.5,1.5,10\n1710115200,1,2,0.5,1.5,10`],
    ['milliseconds at midnights of New York', `${HEAD}1709874000000,1,2,0.5,1.5,10\n1710129600000,1,2,0.5,1.5,10`],
    ['quotes, a byte order mark, empty lines and semicolons', '\ufeff"date";"open";"high";"low";"close";"volume"\n\n"2024/03/08";"1";"2";"0.5";"1.5";"10"\n"2024/03/11";"1";"2";"0.5";"1.5";"10"\n\n'],
  ])('%s are days, labelled with midnight in New York', (_, text) => {
    expect(read(text)).toMatchObject({ rows: 2, isDaily: true, defects: [] });
    expect(timesOf(text)).toEqual(twoDays);
  });

  it('reads moments from New York\'s clock, or Greenwich\'s, or by their offset', () => {
    const local = `${HEAD}2024-03-08 09:30:00,1,2,0.5,1.5,10\n2024-03-11 09:30,1,2,0.5,1.5,10\n`;
    expect(timesOf(local)).toEqual(['2024-03-08T14:30:00.000Z', '2024-03-11T13:30:00.000Z']);
    expect(timesOf(local, { zone: 'utc' })).toEqual(['2024-03-08T09:30:00.000Z', '2024-03-11T09:30:00.000Z']);
    expect(timesOf(`${HEAD}20240308 09:30,1,2,0.5,1.5,10\n20240308 09:31,1,2,0.5,1.5,10\n`)).toEqual(['2024-03-08T14:30:00.000Z', '2024-03-08T14:31:00.000Z']);
    expect(timesOf(`${HEAD}2024-03-08T09:30:00.25+01:00,1,2,0.5,1.5,10\n`)).toEqual(['2024-03-08T08:30:00.250Z']);
  });

  it('knows the days on which the clock is changed', () => {
    const rows = ['2024-03-10 01:30', '2024-03-10 03:30', '2024-11-03 00:30', '2024-11-03 01:30', '2024-11-03 02:30'].map((at) => `${at},1,2,0.5,1.5,10\n`);
    expect(timesOf(HEAD + rows.join(''))).toEqual(['2024-03-10T06:30:00.000Z', '2024-03-10T07:30:00.000Z', '2024-11-03T04:30:00.000Z', '2024-11-03T05:30:00.000Z', '2024-11-03T07:30:00.000Z']);
    expect(() => read(`${HEAD}2024-03-10 02:30,1,2,0.5,1.5,10\n2024-03-10 03:30,1,2,0.5,1.5,10\n`)).toThrow(/leaves out an hour/);
  });

  it('parts a file of several symbols, each in its own order', () => {
    const { series } = read('symbol,date,open,high,low,close,volume\nB,2024-03-08,1,2,0.5,1.5,10\na,2024-03-07,3,4,2,3,5\nB,2024-03-11,1.1,2,0.5,1.5,10\n');
    expect(series.map(({ symbol, bars }) => [symbol, [...bars.open]])).toEqual([['B', [1, 1.1]], ['A', [3]]]);
  });

  it.each([
    ['', /no header/], ['time,open,high,low\n2024-03-08,1,2,3\n', /has no close/], ['2024-03-08,1,2,0.5,1.5,10\n2024-03-11,1,2,0.5,1.5,10\n', /has no time, open/],
    ['time,open,high,low,close,volume\n03/08/2024,1,2,0.5,1.5,10\n', /writes time as "03\/08\/2024"/], ['time,open,open,high,low,close\n2024-03-08,1,2,3,4,5\n', /names open twice/], ['time\n1\n', /without a comma/], ['PK\u0003\u0004,', /zip archive/], ['time,open\r2024-03-08,1\r', /carriage return/], ['time,\u001b[31mopen\n1,2\n', /^This is no CSV file of bars: its header "time, \[31mopen"/], [HEAD, /no rows/],
  ])('refuses %j and says why', (text, words) => {
    expect(() => read(text)).toThrow(words);
  });
});

describe('rows', () => {
  const defectsOf = (...rows: string[]): [number, string][] => read(HEAD + rows.map((row) => `${row}\n`).join('')).defects.map(({ line, reason }) => [line, reason]);
  it.each([
    ['2024-03-08,,2,0.5,1.5,10', 'missing'], ['2024-03-08,NaN,2,0.5,1.5,10', 'missing'], ['2024-03-08,1,2,0.5,null,10', 'missing'], ['2024-03-08,1,2,0.5,1.5,', 'missing'], ['2024-03-08,0,2,0,1.5,10', 'not_positive'], ['2024-03-08,1,2,-0.5,1.5,10', 'not_positive'],
    ['2024-03-08,1,0.4,0.5,0.45,10', 'high_below_low'], ['2024-03-08,2.1,2,0.5,1.5,10', 'open_outside'], ['2024-03-08,1,2,0.5,0.4,10', 'close_outside'], ['2024-03-08,1,2,0.5,1.5,-1', 'negative_volume'], ['2024-03-08,1,1e300,0.5,1.5,10', 'too_large'],
    ['2024-03-08,1,2,0.5,1.5', 'unreadable'], ['2024-03-08,1,2,0.5,1.5,10,3', 'unreadable'], ['2024-03-08,1,2,0.5,1.5,10x', 'unreadable'], ['2024-03-08,1,2 000,0.5,1.5,10', 'unreadable'], ['2024-02-30,1,2,0.5,1.5,10', 'unreadable'], ['2024-03-08 25:00,1,2,0.5,1.5,10', 'unreadable'], ['1066-10-14,1,2,0.5,1.5,10', 'unreadable'],
  ])('%s: %s', (row, reason) => {
    expect(defectsOf('2024-03-07,1,2,0.5,1.5,10', row, '2024-03-11,1,2,0.5,1.5,10')).toEqual([[3, reason]]);
  });

  it('must come in order and once', () => {
    const row = (day: string): string => `2024-03-${day},1,2,0.5,1.5,10`;
    expect(defectsOf(row('07'), row('08'), row('08'), row('06'), row('11'))).toEqual([[4, 'duplicate'], [5, 'unsorted']]);
  });

  it('are counted when they have no volume, and kept', () => {
    expect(read(`${HEAD}2024-03-07,1,2,0.5,1.5,0\n`)).toMatchObject({ rows: 1, defects: [], zeroVolume: { rows: 1, lines: [2] } });
  });
});

describe('numbers', () => {
  it('come out as the nearest float64, whatever their length', () => {
    const texts = fc.oneof(
      fc.tuple(fc.nat(999_999_999), fc.nat(8)).map(([digits, scale]) => (digits / 10 ** scale).toFixed(scale)),
      fc.double({ min: 1e-6, max: 1e8, noNaN: true }).map(String),
      fc.double({ min: 1e-6, max: 1e8, noNaN: true }).map((value) => value.toFixed(20)),
    ).filter((text) => Number(text) > 0 && Number(text) <= 1e9);
    fc.assert(fc.property(fc.array(texts, { minLength: 1, maxLength: 30 }), (prices) => {
      const text = HEAD + prices.map((price, n) => `${1_000_000_000 + n * 60},${price},${price},${price},${price},1\n`).join('');
      expect([...(read(text).series[0]?.bars.close ?? [])]).toEqual(prices.map(Number));
    }), { numRuns: 200 });
  });
});

describe('any bytes at all', () => {
  it('give bars that can be true, or an error that says what is wrong', () => {
    const rows = Array.from({ length: 6 }, (_, n) => `2024-03-0${n + 1} 09:30:00-05:00,1.5,2,0.5,1.75,${n}00`);
    const sound = Buffer.from(HEAD + rows.join('\r\n'));
    const change = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.oneof(fc.constantFrom(...Buffer.from('\n\r,"-.0e Z+T:9\0')), fc.integer({ min: 0, max: 255 }))), { minLength: 1, maxLength: 8 });
    fc.assert(fc.property(change, fc.nat(sound.length), (changes, length) => {
      const bytes = Buffer.from(sound);
      for (const [at, byte] of changes) bytes[at] = byte;
      try {
        const { series, rows: told, counts } = parseCsv(bytes.subarray(0, length < sound.length / 2 ? sound.length : length));
        const kept = series.reduce((sum, { bars }) => sum + bars.time.length, 0);
        expect(kept + Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(told);
        for (const { bars: { time, open, high, low, close, volume } } of series) {
          for (let n = 0; n < time.length; n += 1) {
            const [o = NaN, h = NaN, l = NaN, c = NaN, v = NaN] = [open[n], high[n], low[n], close[n], volume[n]];
            expect(l > 0 && o >= l && o <= h && c >= l && c <= h && v >= 0 && Number.isSafeInteger(time[n]) && (n === 0 || (time[n] ?? NaN) > (time[n - 1] ?? NaN))).toBe(true);
          }
        }
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
      }
    }), { numRuns: 500 });
  });
});

it('tells symbols apart that begin alike, however they are written, row after row', () => {
  const names = ['AB', 'AB', 'ABC', 'ABC', 'AB', '"AB"', '"AB"', 'ab', ' AB', 'A', 'ABC', 'A'];
  const { series, rows } = read(`symbol,${HEAD}${names.map((name, n) => `${name},2024-03-${String(n + 4).padStart(2, '0')},1,2,0.5,1.5,${n}`).join('\n')}`);
  expect([rows, series.map(({ symbol, bars }) => [symbol, [...bars.volume]])]).toEqual([12, [['AB', [0, 1, 4, 5, 6, 7, 8]], ['ABC', [2, 3, 10]], ['A', [9, 11]]]]);
});
