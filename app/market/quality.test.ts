/** Series that stopped, and whether trading may lean on what was found. */
import { describe, expect, it } from 'vitest';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { sessionOn } from './calendar.ts';
import { judgeUsability, openMarketMs, recentSince, staleness } from './quality.ts';
import { aboutBar, type Finding } from './quality/finding.ts';

const friday = sessionOn('2024-07-12');
const monday = sessionOn('2024-07-15');
if (!friday || !monday) throw new Error('These are sessions');

describe('time of open market', () => {
  it('leaves out nights and weekends', () => {
    expect(openMarketMs((friday.close - 10 * MINUTE_MS) as EpochMs, (monday.open + 10 * MINUTE_MS) as EpochMs)).toBe(20 * MINUTE_MS);
    expect(openMarketMs(monday.open, friday.open)).toBe(0);
  });
});

describe('series that stopped', () => {
  const last = friday.close - MINUTE_MS;

  it('are stale only while the market goes on without them', () => {
    const series = { timeframe: '1Min', lastOpenTime: last } as const;
    expect(staleness(series, (last + 40 * 3_600_000) as EpochMs)).toBeNull();
    expect(staleness(series, (monday.open + 10 * MINUTE_MS) as EpochMs)).toBeNull();
    expect(staleness(series, (monday.open + 30 * MINUTE_MS) as EpochMs)).toMatchObject({ kind: 'stale_series', severity: 'critical', detail: { behindMinutes: 30 } });
  });

  it('may be a whole session behind when they are of days', () => {
    const series = { timeframe: '1Day', lastOpenTime: friday.open } as const;
    expect(staleness(series, monday.close)).toBeNull();
    expect(staleness(series, (sessionOn('2024-07-16')?.close ?? 0) as EpochMs)).toMatchObject({ kind: 'stale_series', severity: 'warning' });
  });
});

describe('whether trading may lean on the bars', () => {
  const bad = (kind: Finding['kind'], openTime: number): Finding => aboutBar(kind, kind === 'gap' ? 'warning' : 'critical', { openTime });
  const reports = (count: number, kind: Finding['kind'], openTime = 1): { symbol: string; findings: Finding[] }[] => ['A', 'B', 'C', 'D'].map((symbol, n) => ({ symbol, findings: n < count ? [bad(kind, openTime)] : [] }));

  it('stops trusting them when too many series are bad, and says which', () => {
    expect(judgeUsability(reports(1, 'spike'))).toEqual({ isUsable: true, reason: null });
    expect(judgeUsability(reports(2, 'spike'))).toEqual({ isUsable: false, reason: '2 of 4 series have bars that cannot be trusted: A, B.' });
    expect(judgeUsability(reports(4, 'gap')).isUsable).toBe(true);
    const twice = [...reports(1, 'spike'), ...reports(1, 'spike')].filter(({ symbol }) => symbol === 'A');
    expect(judgeUsability(twice).reason).toBe('2 of 2 series have bars that cannot be trusted: A.');
    expect(judgeUsability([]).isUsable).toBe(false);
  });

  it('lets no old history stop anybody, but a series that stopped', () => {
    const since = recentSince(monday.close);
    expect(since).toBe(sessionOn('2024-07-09')?.open);
    expect(judgeUsability(reports(4, 'spike', since - 1), since).isUsable).toBe(true);
    expect(judgeUsability(reports(4, 'spike', since), since).isUsable).toBe(false);
    expect(judgeUsability(reports(4, 'stale_series', since - 1), since).isUsable).toBe(false);
  });
});
