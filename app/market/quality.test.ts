/** The rules on stored bars: each finds its own defect, and a sound series none. */
import { describe, expect, it } from 'vitest';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { sessionOn, sessionsBetween } from './calendar.ts';
import { judgeUsability, openMarketMs, qualityNext, robustDistance, staleness, startQuality, type Finding, type QualityBar } from './quality.ts';

/** Sound minutes of some days: a walk of at most a tenth of a percent. */
function soundBars(days: readonly string[]): QualityBar[] {
  let seed = 5;
  let close = 100;
  const bars: QualityBar[] = [];
  for (const day of days) {
    const session = sessionOn(day);
    if (!session) throw new Error(`${day} is no session`);
    for (let openTime: number = session.open; openTime < session.close; openTime += MINUTE_MS) {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      const open = close;
      close = Math.round(open * (1 + (seed / 4_294_967_296 - 0.5) / 500) * 100) / 100;
      bars.push({ openTime, open, high: Math.max(open, close) + 0.02, low: Math.min(open, close) - 0.02, close, volume: 100 + (seed % 900) });
    }
  }
  return bars;
}

function look(bars: readonly QualityBar[]): Finding[] {
  const state = startQuality('1Min');
  return bars.flatMap((bar) => qualityNext(state, bar));
}

const DAYS = ['2024-07-02', '2024-07-03', '2024-07-05'];
const sound = soundBars(DAYS);
const change = (index: number, by: (bar: QualityBar) => Partial<QualityBar>): QualityBar[] => sound.map((bar, i) => (i === index ? { ...bar, ...by(bar) } : bar));
const at = (index: number): number => sound[index]?.openTime ?? NaN;

describe('sound series', () => {
  it('have no findings, over a holiday and a half day', () => {
    expect(sound).toHaveLength(390 + 210 + 390);
    expect(look(sound)).toEqual([]);
  });

  it('may lack single minutes, and hours before the open and after the close', () => {
    expect(look(sound.filter((_, i) => i % 7 !== 3))).toEqual([]);
    const early = { ...(sound[0] as QualityBar), openTime: at(0) - 40 * MINUTE_MS, close: 130, high: 130 };
    expect(look([early, ...sound])).toEqual([]);
  });
});

describe('what is wrong', () => {
  it('finds a gap inside a session once, with its size', () => {
    expect(look(sound.filter((_, i) => i < 100 || i >= 112))).toEqual([{ kind: 'gap', openTime: at(100), detail: { missingBars: 12, untilMs: at(112), day: '2024-07-02' } }]);
  });

  it('finds the missing end of one session and beginning of the next as two gaps', () => {
    const found = look(sound.filter((_, i) => i < 380 || i >= 400));
    expect(found.map((finding) => [finding.kind, finding.detail.missingBars, finding.detail.day])).toEqual([['gap', 10, '2024-07-02'], ['gap', 10, '2024-07-03']]);
  });

  it('finds a session that is missing whole, but no holiday', () => {
    expect(look(sound.filter((_, i) => i < 390 || i >= 600))).toEqual([{ kind: 'sessions_missing', openTime: at(390), detail: { sessions: 1, firstDay: '2024-07-03', lastDay: '2024-07-03' } }]);
  });

  it('finds bars that cannot be, and goes on as if they were not there', () => {
    expect(look(change(50, () => ({ high: 1 })))).toEqual([{ kind: 'impossible_bar', openTime: at(50), detail: { defect: 'high is below low' } }]);
    expect(look(change(50, () => ({ low: 0 })))).toMatchObject([{ kind: 'impossible_bar', detail: { defect: 'a price is not above zero' } }]);
    expect(look(change(50, () => ({ volume: -1 })))).toMatchObject([{ kind: 'impossible_bar', detail: { defect: 'volume is negative' } }]);
    expect(look(change(50, () => ({ openTime: at(50) + 500 })))).toMatchObject([{ kind: 'off_grid', detail: { offMs: 500 } }]);
  });

  it('finds a bad print: the jump and the jump back', () => {
    const found = look(change(200, (bar) => ({ close: bar.close * 1.5, high: bar.close * 1.5 })));
    expect(found.map((finding) => [finding.kind, finding.openTime])).toEqual([['jump', at(200)], ['jump', at(201)]]);
    expect(found[0]?.detail.changePercent).toBeCloseTo(50, 0);
  });

  it('does not call a move a jump that is usual for the series', () => {
    const wild = sound.map((bar, i) => {
      const close = 100 * (i % 2 === 0 ? 1 : 1.04);
      return { ...bar, open: 100, close, high: 105, low: 99 };
    });
    expect(look(wild).filter((finding) => finding.kind === 'jump')).toEqual([]);
  });

  it('tells a split over night from a bad print', () => {
    const split = sound.map((bar, i) => (i < 390 ? bar : { ...bar, open: bar.open / 2, high: bar.high / 2, low: bar.low / 2, close: bar.close / 2 }));
    expect(look(split).map((finding) => [finding.kind, finding.openTime])).toEqual([['overnight_jump', at(390)]]);
  });

  it('finds a frozen price, a run without volume and a repeated bar, each once', () => {
    const frozen = sound.map((bar, i) => (i < 100 || i >= 190 ? bar : { ...bar, open: 100, high: 100, low: 100, close: 100 }));
    expect(look(frozen).filter((finding) => finding.kind === 'frozen_price')).toEqual([{ kind: 'frozen_price', openTime: at(100), detail: { barsAtLeast: 60, close: 100 } }]);
    const quiet = sound.map((bar, i) => (i < 100 || i >= 150 ? bar : { ...bar, volume: 0 }));
    expect(look(quiet)).toEqual([{ kind: 'no_volume', openTime: at(100), detail: { barsAtLeast: 20 } }]);
    const [one] = sound;
    expect(look(change(1, () => ({ ...one, openTime: at(1) })))).toMatchObject([{ kind: 'repeated_bar', openTime: at(1), detail: { sameAsMs: at(0) } }]);
  });

  it('reads days and hours on their own grids', () => {
    const days = sessionsBetween('2024-06-24', '2024-07-08').map((session, i) => ({ openTime: session.open - 9.5 * 3_600_000, open: 100, high: 102 + i, low: 99, close: 100 + i, volume: 5 }));
    const state = startQuality('1Day');
    expect(days.flatMap((bar) => qualityNext(state, bar))).toEqual([]);
    const holey = startQuality('1Day');
    expect(days.filter((_, i) => i !== 3 && i !== 4).flatMap((bar) => qualityNext(holey, bar))).toMatchObject([{ kind: 'sessions_missing', detail: { sessions: 2, firstDay: '2024-06-27', lastDay: '2024-06-28' } }]);
    const session = sessionOn('2024-07-02');
    const hours = startQuality('1Hour');
    const opens = [0, 1, 2, 3, 4, 5, 6].map((n) => Math.floor((session?.open ?? 0) / 3_600_000) * 3_600_000 + n * 3_600_000);
    expect(opens.flatMap((openTime, i) => qualityNext(hours, { openTime, open: 10, high: 11 + i, low: 9, close: 10, volume: 1 }))).toEqual([]);
    expect(qualityNext(hours, { openTime: (sessionOn('2024-07-05')?.open ?? 0) - 30 * MINUTE_MS, open: 10, high: 11, low: 9, close: 10, volume: 1 })).toMatchObject([{ kind: 'sessions_missing', detail: { firstDay: '2024-07-03' } }]);
  });
});

describe('the measures', () => {
  it('counts robust deviations as the worked example says', () => {
    expect(robustDistance(5, [-1, 0, 1, 0, 2])).toBeCloseTo(3.3725, 4);
    expect(robustDistance(0, [0, 0, 0])).toBe(0);
    expect(robustDistance(1, [0, 0, 0])).toBe(Infinity);
  });

  it('counts the time of open market only', () => {
    const friday = sessionOn('2024-07-05');
    const monday = sessionOn('2024-07-08');
    expect(openMarketMs(((friday?.close ?? 0) - 10 * MINUTE_MS) as EpochMs, ((monday?.open ?? 0) + 10 * MINUTE_MS) as EpochMs)).toBe(20 * MINUTE_MS);
    expect(openMarketMs(2 as EpochMs, 1 as EpochMs)).toBe(0);
  });

  it('calls a series stale only while the market goes on without it', () => {
    const last = sound.at(-1)?.openTime ?? 0;
    const monday = sessionOn('2024-07-08');
    const series = { timeframe: '1Min', lastOpenTime: last } as const;
    expect(staleness(series, (last + 40 * 3_600_000) as EpochMs)).toBeNull();
    expect(staleness(series, ((monday?.open ?? 0) + 10 * MINUTE_MS) as EpochMs)).toBeNull();
    expect(staleness(series, ((monday?.open ?? 0) + 30 * MINUTE_MS) as EpochMs)).toMatchObject({ kind: 'stale_series', detail: { behindMinutes: 30 } });
  });

  it('stops trusting the data when too many series are bad, and says which', () => {
    const bad = { kind: 'stale_series', openTime: 1, detail: {} } as const;
    const mild = { kind: 'gap', openTime: 1, detail: {} } as const;
    const reports = (n: number) => ['A', 'B', 'C', 'D'].map((symbol, i) => ({ symbol, findings: i < n ? [bad] : [mild] }));
    expect(judgeUsability(reports(1))).toEqual({ isUsable: true, reason: null });
    expect(judgeUsability(reports(2))).toEqual({ isUsable: false, reason: '2 of 4 series have bars that cannot be trusted: A, B.' });
    expect(judgeUsability([]).isUsable).toBe(false);
  });
});
