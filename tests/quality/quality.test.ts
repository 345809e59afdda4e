/** The quality rules on planted faults: each found, no false one in bars that are right; recorded bars with exactly their known defects; fast enough. */
import { describe, expect, it } from 'vitest';
import { barColumns } from '#app/domain/bar-columns.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import { adjustColumns, factorOn, factorsOf, type CorporateAction } from '#app/market/adjustment.ts';
import { checkBars } from '#app/market/quality/check.ts';
import { compareDays, differingFields } from '#app/market/quality/compare.ts';
import { FINDING_KINDS, type Finding } from '#app/market/quality/finding.ts';
import { newYorkDayNumber } from '#app/market/nyse-zone.ts';
import { describeFinding, QUALITY_RULES } from '#app/market/quality/rules.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { readFileSync } from 'node:fs';
import { parseFactors } from '../../services/research/load-factors.ts';
import { cleanRows, columnsOf, FAULTS, type Row } from '../support/planted-faults.ts';
import { processorMs } from '../support/processor-time.ts';
import { prove, recordedGround, syntheticGround, toldByFactors } from '../support/quality-proof.ts';
import { rawBars } from '../support/raw-bars.ts';
import { describeRecorded, sharedPath } from '../support/recorded.ts';

const told = (findings: readonly Finding[]): string[] => findings.filter((finding) => finding.severity !== 'info').map((finding) => `${finding.kind} ${new Date(finding.openTime).toISOString().slice(0, 10)}`);

describe('planted faults', () => {
  it('are found, every one, and nothing else', () => {
    const { rows, clean } = prove(syntheticGround([1, 2]), [0.37, 0.86]);
    expect(clean.wrong).toEqual([]);
    expect(rows.flatMap((row) => row.missed.map((where) => `${row.name}: ${where}`))).toEqual([]);
    expect(rows.flatMap((row) => row.wrong)).toEqual([]);
    expect(rows.length).toBeGreaterThanOrEqual(35);
    expect(rows.reduce((sum, row) => sum + row.planted, 0)).toBeGreaterThan(250);
  });

  it('are of every kind that is looked for in a series', () => {
    const elsewhere = ['stale_series', 'news_jump', 'overnight_jump', 'day_mismatch', 'source_conflict', 'factor_mismatch', 'action_unresolved'];
    expect([...new Set([...FAULTS.map((fault) => fault.finds), ...elsewhere])].sort()).toEqual([...FINDING_KINDS].sort());
    expect(QUALITY_RULES.map((rule) => rule.kind).sort()).toEqual([...FINDING_KINDS].sort());
  });

  it('are told in words', () => {
    for (const kind of FINDING_KINDS) expect(describeFinding({ kind, detail: {} }).length).toBeGreaterThan(3);
    expect(describeFinding({ kind: 'gap', detail: { missingBars: 9, day: '2024-07-02' } })).toBe('9 bars in a row are missing on 2024-07-02');
    expect(describeFinding({ kind: 'jump', detail: { previousClose: 100, close: 127, changePercent: 27 } })).toBe('From 100 to 127 (27 %)');
  });
});

describe('what is no fault', () => {
  const news = (rows: Row[], n: number): Row[] => rows.map((row, k) => (k < n ? row : { ...row, open: row.open * 0.8, high: row.high * (k === n ? 0.84 : 0.8), low: row.low * 0.8, close: row.close * 0.8, volume: row.volume * (k === n ? 6 : 1) }));

  it('is a large move with the volume of a day with news', () => {
    const { findings } = checkBars(columnsOf(news(cleanRows('1Day', 3), 400)), { timeframe: '1Day' });
    expect(findings.map((finding) => [finding.kind, finding.severity])).toEqual([['news_jump', 'info']]);
  });

  it('is a split or a payout that was told', () => {
    const rows = cleanRows('1Day', 4);
    const at = rows[300] as Row;
    const split = rows.map((row, n) => (n < 300 ? row : { ...row, open: row.open / 4, high: row.high / 4, low: row.low / 4, close: row.close / 4, volume: row.volume * 4 }));
    const actions = [{ exDay: newYorkDayNumber(at.time as EpochMs), split: 0.25, price: 1 }];
    expect(checkBars(columnsOf(split), { timeframe: '1Day', actions }).findings).toEqual([]);
    expect(checkBars(columnsOf(split), { timeframe: '1Day' }).findings.map((finding) => finding.kind)).toEqual(['split_cliff']);
  });

  it('is a busy day soon after a split, counted in the shares of today', () => {
    const rows = cleanRows('1Day', 4);
    const at = rows[300] as Row;
    const split = rows.map((row, n) => (n < 300 ? row : { ...row, open: row.open / 20, high: row.high / 20, low: row.low / 20, close: row.close / 20, volume: row.volume * 20 * (n === 305 ? 4 : 1) }));
    const actions = [{ exDay: newYorkDayNumber(at.time as EpochMs), split: 0.05, price: 1 }];
    expect(checkBars(columnsOf(split), { timeframe: '1Day', actions }).findings).toEqual([]);
    const wrong = split.map((row, n) => (n === 310 ? { ...row, volume: row.volume * 60 } : row));
    expect(checkBars(columnsOf(wrong), { timeframe: '1Day', actions }).findings).toMatchObject([{ kind: 'volume_anomaly', detail: { volume: wrong[310]?.volume } }]);
  });

  it('is a minute in which nobody traded, in a series that often has none', () => {
    const rows = cleanRows('1Min', 5).filter((_, n) => (n * 7919) % 10 > 3);
    expect(checkBars(columnsOf(rows), { timeframe: '1Min' }).findings.filter((finding) => finding.kind === 'gap')).toEqual([]);
  });

  it('is nothing at all', () => {
    expect(checkBars(barColumns(0), { timeframe: '1Min' })).toEqual({ findings: [], counts: {} });
    expect(checkBars(columnsOf(cleanRows('1Day', 1).slice(0, 1)), { timeframe: '1Day' }).findings).toEqual([]);
  });
});

describe('two tellings of one time', () => {
  const minutes = columnsOf(cleanRows('1Min', 2));
  const dayBars = (): ReturnType<typeof columnsOf> => {
    const days = new Map<string, Row>();
    cleanRows('1Min', 2).forEach((row) => {
      const session = sessionsBetween(new Date(row.time).toISOString().slice(0, 10), new Date(row.time).toISOString().slice(0, 10))[0];
      const day = days.get(session?.date ?? '');
      if (!day) days.set(session?.date ?? '', { ...row, time: (session?.open ?? 0) - 570 * MINUTE_MS });
      else Object.assign(day, { high: Math.max(day.high, row.high), low: Math.min(day.low, row.low), close: row.close, volume: day.volume + row.volume });
    });
    return columnsOf([...days.values()]);
  };

  it('agree, or are found: a day and its minutes', () => {
    const days = dayBars();
    expect(compareDays(days, minutes, '1Min')).toEqual([]);
    days.close[3] = (days.close[3] ?? 0) * 1.05;
    days.volume[5] = (days.volume[5] ?? 0) * 10;
    expect(compareDays(days, minutes, '1Min').map((finding) => [finding.kind, finding.detail['field'], finding.openTime])).toEqual([['day_mismatch', 'close', days.time[3]], ['day_mismatch', 'volume', days.time[5]]]);
  });

  it('agree, or are found: two readings of a bar', () => {
    const bar = { open: 100, high: 101, low: 99, close: 100.5, volume: 1_200 };
    expect(differingFields(bar, { ...bar, close: 100.500_000_01 })).toEqual([]);
    expect(differingFields(bar, { ...bar, low: 98.99, volume: 1_201 })).toEqual(['low', 'volume']);
  });
});

describe('speed', () => {
  it('looks at 250,000 minutes in a fraction of a second', () => {
    const sessions = sessionsBetween('2019-01-02', '2021-07-30');
    const times = sessions.flatMap((session) => Array.from({ length: (session.close - session.open) / MINUTE_MS }, (_, n) => session.open + n * MINUTE_MS));
    const bars = barColumns(times.length);
    times.forEach((time, n) => {
      const close = 100 + Math.sin(n / 500) * 5 + ((n * 7919) % 13) / 100;
      bars.time[n] = time;
      bars.open[n] = close - 0.01;
      bars.close[n] = close;
      bars.high[n] = close + 0.03;
      bars.low[n] = close - 0.04;
      bars.volume[n] = 5_000 + ((n * 104_729) % 7_000);
    });
    const began = processorMs();
    expect(checkBars(bars, { timeframe: '1Min' }).findings).toEqual([]);
    expect(processorMs() - began).toBeLessThan(2_000);
  });

  it('looks at a file whose holes were filled with empty minutes as quickly', () => {
    const times = sessionsBetween('2021-01-04', '2021-12-30').flatMap((session) => Array.from({ length: (session.close - session.open) / MINUTE_MS }, (_, n) => session.open + n * MINUTE_MS));
    const bars = barColumns(times.length);
    times.forEach((time, n) => {
      for (const field of ['open', 'close', 'high', 'low'] as const) bars[field][n] = 100;
      bars.time[n] = time;
      // Runs of 20 empty minutes, thousands of them.
      bars.volume[n] = n % 30 < 20 ? 0 : 500;
    });
    const began = processorMs();
    const { counts } = checkBars(bars, { timeframe: '1Min' });
    expect(times.length).toBeGreaterThan(90_000);
    expect(Object.keys(counts)).not.toContain('gap');
    // A second run of the whole row per empty stretch took a minute.
    expect(processorMs() - began).toBeLessThan(5_000);
  });
});

const equity = (name: string): string => sharedPath(`data/equity/${name}`);

describeRecorded([equity('sp500_daily_2013_2018.csv.gz')], 'the recorded S&P 500', () => {
  const counts: Record<string, number> = {};
  const all: string[] = [];
  for (const [symbol, bars] of rawBars(equity('sp500_daily_2013_2018.csv.gz'))) {
    const result = checkBars(bars, { timeframe: '1Day' });
    for (const [kind, n] of Object.entries(result.counts)) counts[kind] = (counts[kind] ?? 0) + n;
    all.push(...told(result.findings).map((text) => `${symbol} ${text}`));
  }

  it('has exactly its known defects: 11 empty opens, 12 rows out of order, two days that repeat the one before', () => {
    expect(counts).toMatchObject({ not_a_number: 11, ohlc_order: 12 });
    const repeated = all.filter((text) => text.includes('repeated_bar'));
    expect(repeated.filter((text) => text.endsWith('2014-07-18') || text.endsWith('2014-08-04')).length / repeated.length).toBeGreaterThan(0.85);
  });

  it('shows the spin-offs that its prices were never freed of, and the wrong closes of 14 September 2017', () => {
    for (const known of ['ADP jump 2014-10-01', 'SYMC jump 2016-03-04', 'VNO jump 2017-07-18', 'HPE jump 2017-09-01', 'IR jump 2013-12-02', 'KLAC jump 2014-11-26', 'SPG dividend_cliff 2014-05-29']) expect(all).toContain(known);
    expect(all.filter((text) => text.endsWith('spike 2017-09-14')).map((text) => text.split(' ')[0])).toEqual(['FLR', 'MPC', 'MRK', 'MRO', 'NWL']);
  });

  it('has few findings beside: less than one in 2,000 bars', () => {
    expect(all.length).toBeLessThan(619_040 / 2_000 + 50);
  });
});

describeRecorded([equity('daily/spy.csv.gz'), equity('minute/spy.trade.csv.gz'), equity('factors/aapl.csv')], 'recorded bars', () => {
  it('of sound series have no findings, and every fault planted into them is found', () => {
    const { rows, clean } = prove(recordedGround(), [0.61]);
    expect(clean.wrong).toEqual([]);
    expect(rows.flatMap((row) => [...row.missed.map((where) => `${row.name}: ${where}`), ...row.wrong])).toEqual([]);
  });

  it.each([
    ['spy', []],
    ['aapl', ['wick 2009-09-21', 'decimal_shift 2010-08-31', 'decimal_shift 2011-01-03']],
    ['ibm', ['wick 2002-12-23']],
    ['bac', ['wick 2001-11-12']],
    ['aig', ['dividend_cliff 1999-08-02', 'wick 2003-11-04', 'decimal_shift 2009-05-05']],
    ['goog', ['decimal_shift 2007-12-18', 'spike 2008-09-30', 'wick 2008-09-30', 'split_cliff 2014-04-03']],
  ])('of %s since 1998 have exactly their bad prints and untold splits', (symbol, known) => {
    const bars = rawBars(equity(`daily/${symbol}.csv.gz`)).get('');
    expect(bars && told(checkBars(bars, { timeframe: '1Day', actions: toldByFactors(equity(`factors/${symbol}.csv`)) }).findings)).toEqual(known);
  });
});

describe('factors of another house', () => {
  it('are those of a worked chain', () => {
    expect(factorOn(factorsOf([{ exDay: 10, kind: 'forward_split', terms: { new_rate: '7', old_rate: '1' } }], () => null), 9).split).toBeCloseTo(0.142857, 6);
  });
});

describeRecorded(['aapl', 'ibm', 'spy', 'bac'].flatMap((symbol) => [equity(`factors/${symbol}.csv`), equity(`daily/${symbol}.csv.gz`)]), 'factors of LEAN\'s files', () => {
  /** Amounts as companies declare them: no more than six digits after the point. */
  const amountOf = (share: number, close: number): string => (share * close).toFixed(4);

  it.each(['aapl', 'ibm', 'spy', 'bac'])('of %s come out of its splits and dividends again', (symbol) => {
    const theirs = parseFactors(readFileSync(equity(`factors/${symbol}.csv`), 'utf8'));
    const bars = rawBars(equity(`daily/${symbol}.csv.gz`)).get('');
    if (!bars) throw new Error('The file has bars');
    const closes = Array.from(bars.time, (time, n) => ({ day: newYorkDayNumber(time as EpochMs), close: bars.close[n] as number }));
    const closeBefore = (exDay: number): number | null => closes.findLast((one) => one.day < exDay)?.close ?? null;
    const actions = theirs.slice(0, -1).flatMap((factor, n): CorporateAction[] => {
      const next = theirs[n + 1] ?? { price: 1, split: 1 };
      const exDay = factor.day + 1;
      const [price, split] = [factor.price / next.price, factor.split / next.split];
      const close = closeBefore(exDay);
      return [
        ...(Math.abs(split - 1) > 1e-3 ? [{ exDay, kind: 'forward_split', terms: { new_rate: String(Math.round(1e4 / split) / 1e4), old_rate: '1' } }] : []),
        ...(Math.abs(price - 1) > 1e-6 && close !== null ? [{ exDay, kind: 'cash_dividend', terms: { rate: amountOf(1 - price, close) } }] : []),
      ];
    });
    const ours = factorsOf(actions, closeBefore);
    let worst = 0;
    for (const { day } of closes) {
      const [a, b] = [factorOn(ours, day), factorOn(theirs, day)];
      worst = Math.max(worst, Math.abs((a.price * a.split) / (b.price * b.split) - 1));
    }
    expect(actions.length).toBeGreaterThan(3);
    expect(worst).toBeLessThan(2e-4);
  });

  it('of Apple hold the dividends that Apple declared: $2.65 in August 2012, $0.205 in November 2020', () => {
    const bars = rawBars(equity('daily/aapl.csv.gz')).get('');
    const theirs = parseFactors(readFileSync(equity('factors/aapl.csv'), 'utf8'));
    if (!bars) throw new Error('The file has bars');
    const day = (text: string): number => Date.parse(`${text}T00:00:00Z`) / 86_400_000;
    const closeOn = (date: string): number => bars.close[bars.time.findIndex((time) => newYorkDayNumber(time as EpochMs) === day(date))] as number;
    for (const [last, ex, rate] of [['2012-08-08', '2012-08-09', '2.65'], ['2020-11-05', '2020-11-06', '0.205']] as const) {
      const [one] = factorsOf([{ exDay: day(ex), kind: 'cash_dividend', terms: { rate } }], () => closeOn(last));
      const at = theirs.findIndex((factor) => factor.day === day(last));
      expect(one?.price).toBeCloseTo((theirs[at]?.price ?? NaN) / (theirs[at + 1]?.price ?? NaN), 5);
    }
    const all = adjustColumns(bars, theirs, 'all');
    expect(all.close[0]).toBeLessThan(bars.close[0] ?? 0);
  });
});
