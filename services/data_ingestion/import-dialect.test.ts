/** What people's files look like: each form found out, or refused with what to do. */
import { describe, expect, it } from 'vitest';
import { importWishSchema, type ImportWish } from '#app/contracts/bulk.ts';
import { fromNewYork } from '#app/market/nyse-zone.ts';
import { padded } from '../research/csv.ts';
import type { CsvDefect, CsvWindow } from '../research/csv.ts';
import { findDialect, tickerOf, tickerOfFile, type Dialect, type Found } from './import-dialect.ts';
import { rowReader } from './import-read.ts';

const wish = (more: Partial<ImportWish> = {}): ImportWish => importWishSchema.parse({ paths: ['/x'], ...more });
const find = (text: string, file = 'aapl.csv', more: Partial<ImportWish> = {}): Found => findDialect(Buffer.from(text, 'latin1'), file, wish(more));
/** Reads a text by the form that is found in it. */
function read(text: string, file = 'aapl.csv', more: Partial<ImportWish> = {}): { dialect: Dialect; window: CsvWindow; bad: CsvDefect[] } {
  const { dialect, problem } = find(text, file, more);
  if (dialect === null) throw new Error(problem ?? 'no form was found');
  const bad: CsvDefect[] = [];
  return { dialect, bad, window: rowReader(dialect, 0, { firstLine: dialect.headerLines + 1, onDefect: (defect) => bad.push(defect) })(padded(Buffer.from(text, 'latin1'))) };
}
const times = ({ window }: { window: CsvWindow }): number[] => [...(window.series[0]?.bars.time ?? [])];
const at = (text: string): number => Date.parse(text);

describe('the form of a file', () => {
  it('Yahoo: days, the adjusted close left alone, and said what its prices are', () => {
    const text = 'Date,Open,High,Low,Close,Adj Close,Volume\n2024-03-07,10,11,9,10.5,9.9,1000\n2024-03-08,null,null,null,null,null,null\n2024-03-11,10,11,9,10.5,9.9,1000\n';
    const { dialect, window, bad } = read(text);
    expect(dialect).toMatchObject({ preset: 'yahoo', symbol: 'AAPL' });
    expect(find(text).notes.join(' ')).toContain('frees its prices of splits');
    expect([...(window.series[0]?.bars.close ?? [])]).toEqual([10.5, 10.5]);
    expect(bad).toMatchObject([{ line: 3, reason: 'missing' }]);
    expect(times({ window })[0]).toBe(fromNewYork('2024-03-07', 0));
  });

  it('Stooq: angle brackets, a suffix of the country, its own period and clock', () => {
    const head = '<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n';
    const { dialect, window } = read(`${head}AAPL.US,5,20240102,153000,10,11,9,10.5,100,0\nAAPL.US,5,20240102,153500,10,11,9,10.5,100,0\n`, 'whatever name.txt');
    expect(dialect).toMatchObject({ preset: 'stooq', timeframe: '5Min', timeZone: 'Europe/Warsaw', symbol: null });
    expect(window.series[0]?.symbol).toBe('AAPL');
    expect(times({ window })).toEqual([at('2024-01-02T14:30:00Z'), at('2024-01-02T14:35:00Z')]);
    expect(read(`${head}AAPL.US,D,20240102,000000,10,11,9,10.5,100,0\n`).dialect.timeframe).toBe('1Day');
  });

  it('Alpaca: instants with their offset, by short names and long ones', () => {
    const short = read('t,o,h,l,c,v,n,vw\n2024-01-02T14:30:00Z,10,11,9,10.5,100,5,10.2\n');
    expect(short.dialect.preset).toBe('alpaca');
    expect(times(short)).toEqual([at('2024-01-02T14:30:00Z')]);
    const long = read('symbol,timestamp,open,high,low,close,volume,trade_count,vwap\nAAPL,2024-01-02 14:30:00+00:00,10,11,9,10.5,100.0,5.0,10.2\n');
    expect(times(long)).toEqual([at('2024-01-02T14:30:00Z')]);
  });

  it('LEAN: no header, ten-thousandths of a dollar, and minutes of the day that the name tells', () => {
    const day = read('20140605 00:00,6437900,6493700,6425700,6473500,10445282\n');
    expect([day.dialect.preset, day.dialect.priceScale, day.window.series[0]?.bars.close[0]]).toEqual(['lean', 10_000, 647.35]);
    const minute = read('34200000,6437900,6493700,6425700,6473500,100\n34260000,6437900,6493700,6425700,6473500,100\n', '20140605_aapl_minute_trade.csv');
    expect(minute.dialect.symbol).toBe('AAPL');
    expect(times(minute)).toEqual([at('2014-06-05T13:30:00Z'), at('2014-06-05T13:31:00Z')]);
    expect(find('34200000,6437900,6493700,6425700,6473500,100\n', 'aapl.csv').problem).toContain('into the file\'s name');
  });

  it('LEAN\'s factors and maps are no bars; quotes are none either', () => {
    expect(find('20140606,0.9,0.1,645.5\n20501231,1,1,0\n').kind).toBe('factors');
    expect(find('19980102,goocv,Q\n20501231,goog,Q\n').kind).toBe('map');
    expect(find('time,bidOpen,bidHigh,bidLow,bidClose\n2014-06-05 09:30,1,1,1,1\n').kind).toBe('other');
  });

  it.each([
    ['a German workbook', 'Datum;Open;High;Low;Close;Volume\n31.01.2024;10,5;11,25;9;10,75;1000\n', { mapping: { columns: { time: 'Datum' } } }, 10.75, fromNewYork('2024-01-31', 0)],
    ['American days and hours', 'date,open,high,low,close,volume\n1/31/2024 9:30 AM,10,11,9,10.5,100\n1/31/2024 1:05 PM,10,11,9,10.5,100\n', {}, 10.5, at('2024-01-31T14:30:00Z')],
    ['days of Excel', 'date,open,high,low,close,volume\n45322,10,11,9,10.5,100\n', {}, 10.5, fromNewYork('2024-01-31', 0)],
    ['minutes of Excel', 'date,open,high,low,close,volume\n45322.395833333336,10,11,9,10.5,100\n45322.396527777775,10,11,9,10.5,100\n', {}, 10.5, at('2024-01-31T14:30:00Z')],
    ['nanoseconds', 'ts,open,high,low,close,volume\n1706711400000000000,10,11,9,10.5,100\n', { mapping: { columns: { time: 'ts' } } }, 10.5, at('2024-01-31T14:30:00Z')],
    ['columns by number, without a header', '10.5|100|2024-01-31|10|11|9\n', { mapping: { columns: { close: 1, volume: 2, time: 3, open: 4, high: 5, low: 6 } } }, 10.5, fromNewYork('2024-01-31', 0)],
    ['the clock of Tokyo', 'time,open,high,low,close,volume\n2024-01-31 23:30:00,10,11,9,10.5,100\n2024-01-31 23:31:00,10,11,9,10.5,100\n', { timeZone: 'Asia/Tokyo' }, 10.5, at('2024-01-31T14:30:00Z')],
  ] as const)('%s', (...row) => {
    const [, text, more, close, time] = row;
    const result = read(text, 'aapl.csv', more as Partial<ImportWish>);
    expect(result.bad).toEqual([]);
    expect([result.window.series[0]?.bars.close[0], times(result)[0]]).toEqual([close, time]);
  });

  it.each([
    ['days that could be months', 'date,open,high,low,close\n01/02/2024,1,1,1,1\n02/03/2024,1,1,1,1\n', 'aapl.csv', {}, 'which number is the month'],
    ['no ticker in the name', 'date,open,high,low,close\n2024-01-02,1,1,1,1\n', 'my bars (1).csv', {}, 'tells no ticker'],
    ['a column that is not there', 'date,open,high,low,close\n2024-01-02,1,1,1,1\n', 'aapl.csv', { mapping: { columns: { close: 'Last' } } }, 'no column "Last"'],
    ['no close at all', 'date,open,high,low,volume\n2024-01-02,1,1,1,1\n', 'aapl.csv', {}, 'has no close'],
    ['a zone that is none', 'date,open,high,low,close\n2024-01-02 09:30,1,1,1,1\n', 'aapl.csv', { timeZone: 'Mars/Base' }, 'is no time zone'],
    ['UTF-16', '\u00ff\u00fed\u0000a\u0000', 'aapl.csv', {}, 'UTF-16'],
    ['a workbook', 'PK\u0003\u0004', 'aapl.csv', {}, 'workbook'],
    ['one field a line', 'nothing\nhere\n', 'aapl.csv', {}, 'without at least five fields'],
    ['nothing', '', 'aapl.csv', {}, 'line feeds'],
  ] as const)('refuses %s, and says what to do', (...row) => {
    const [, text, file, more, why] = row;
    expect(find(text, file, more as Partial<ImportWish>).problem).toContain(why);
  });

  it('knows tickers however they are written', () => {
    expect(['aapl', 'AAPL.US', 'brk-b', 'BRK.B', ' spy '].map(tickerOf)).toEqual(['AAPL', 'AAPL', 'BRK.B', 'BRK.B', 'SPY']);
    expect(['123', '', 'a b', '../x'].map(tickerOf)).toEqual([null, null, null, null]);
    expect(['spy.trade.csv.gz', 'aapl.us.txt', 'AAPL_1Min.csv', '20140605_aapl_minute_trade.csv'].map(tickerOfFile)).toEqual(['SPY', 'AAPL', 'AAPL', 'AAPL']);
  });

  it('goes on over windows: lines are counted on, times must go forward over their border', () => {
    const { dialect } = find('time,open,high,low,close,volume\n2024-01-31 09:30:00,10,11,9,10.5,100\n', 'aapl.csv', { timeframe: '1Min' });
    const bad: CsvDefect[] = [];
    if (dialect === null) throw new Error('no form');
    const next = rowReader(dialect, 0, { firstLine: 2, onDefect: (defect) => bad.push(defect) });
    const window = (text: string): CsvWindow => next(padded(Buffer.from(text)));
    expect(window('time,open,high,low,close,volume\n2024-01-31 09:30:00,10,11,9,10.5,100\n2024-01-31 09:31:00,10,11,9,10.5,100\n').lastLine).toBe(3);
    expect(window('2024-01-31 09:31:00,10,11,9,10.5,100\n2024-01-31 09:32:00,10,11,9,10.5,100\n2024-01-31 09:32:30,10,11,9,10.5,100\n')).toMatchObject({ rows: 3, lastLine: 6 });
    expect(bad.map(({ line, reason }) => [line, reason])).toEqual([[4, 'duplicate'], [6, 'off_grid']]);
  });
});
