/** The missed-run policies: what runs, what is made up for, what is passed over. */
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { DAY_MS, HOUR_MS, MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { CLOCK_TOLERANCE_MS, decideTicks, dueTicks, LOOK_BACK_MS, MAX_CATCH_UP, MISSED_AFTER_MS, type TickDecision, type TickPolicy } from './decide.ts';
import { readSchedule } from './triggers.ts';

const NOW = 1_700_000_040_000 as EpochMs;
const ago = (minutes: number): EpochMs => (NOW - minutes * MINUTE_MS) as EpochMs;

/** A decision over ticks, with a queue that is never in the way unless told. */
function decide(ticks: readonly EpochMs[], onMissed: TickPolicy['onMissed'], overlap: TickPolicy['overlap'] = 'queue', isBusy: TickPolicy['isBusy'] = () => false): TickDecision {
  return decideTicks(ticks, NOW, { onMissed, overlap, isBusy });
}

describe('ticks since the last decision', () => {
  it('that are due run, whatever the policy', () => {
    for (const policy of ['skip', 'run_once', 'run_all'] as const) expect(decide([ago(1), ago(0)], policy)).toEqual({ run: [ago(1), ago(0)], skipped: [] });
    expect(decide([], 'run_all')).toEqual({ run: [], skipped: [] });
  });
  it('that were missed are skipped, and said so once', () => {
    expect(decide([ago(30), ago(20), ago(10)], 'skip')).toMatchObject({ run: [], skipped: [{ newest: ago(10), missedCount: 3 }] });
  });
  it('that were missed get one run, the newest', () => {
    expect(decide([ago(30), ago(20), ago(10)], 'run_once')).toMatchObject({ run: [ago(10)], skipped: [{ newest: ago(20), missedCount: 2 }] });
    expect(decide([ago(10)], 'run_once')).toEqual({ run: [ago(10)], skipped: [] });
  });
  it('that were missed need no run of their own when one is due now', () => {
    expect(decide([ago(20), ago(10), ago(0)], 'run_once')).toMatchObject({ run: [ago(0)], skipped: [{ newest: ago(10), missedCount: 2 }] });
  });
  it('that were missed all run, but not more than a day of hours', () => {
    const ticks = Array.from({ length: 30 }, (_, n) => ago(300 - n * 10));
    const decision = decide(ticks, 'run_all');
    expect(decision.run).toEqual(ticks.slice(-MAX_CATCH_UP));
    expect(decision.skipped).toMatchObject([{ newest: ticks[5], missedCount: 6 }]);
  });
  it('are passed over while another run waits or runs, when the flow wants that', () => {
    expect(decide([ago(0)], 'skip', 'skip', () => true)).toEqual({ run: [], skipped: [{ newest: ago(0), missedCount: 1, reason: expect.stringMatching(/earlier run/) as string }] });
    expect(decide([ago(0)], 'skip', 'queue', () => true)).toEqual({ run: [ago(0)], skipped: [] });
    expect(decide([ago(10)], 'run_once', 'skip', () => true)).toMatchObject({ run: [], skipped: [{ newest: ago(10) }] });
    // The run that is under way is this tick's own: fired, and not yet written down.
    expect(decide([ago(1)], 'skip', 'skip', (tick) => tick !== ago(1))).toEqual({ run: [ago(1)], skipped: [] });
  });
  it('that are due at once overlap each other', () => {
    expect(decide([ago(1), ago(0)], 'skip', 'skip')).toMatchObject({ run: [ago(1)], skipped: [{ newest: ago(0), missedCount: 1 }] });
  });
  it('that are each made up for run in turn, whatever the overlap rule, and stand for those due now', () => {
    expect(decide([ago(20), ago(10), ago(0)], 'run_all', 'skip', () => true)).toMatchObject({ run: [ago(20), ago(10)], skipped: [{ newest: ago(0), missedCount: 1 }] });
  });
  it('are each run or accounted for, under every policy', () => {
    const minutes = fc.uniqueArray(fc.integer({ min: 0, max: 5_000 }), { maxLength: 80 });
    fc.assert(fc.property(minutes, fc.constantFrom('skip' as const, 'run_once' as const, 'run_all' as const), fc.constantFrom('queue' as const, 'skip' as const), fc.boolean(), (ages, policy, overlap, busy) => {
      const ticks = [...ages].sort((a, b) => b - a).map(ago);
      const { run, skipped } = decide(ticks, policy, overlap, () => busy);
      expect(run.length + skipped.reduce((sum, note) => sum + note.missedCount, 0)).toBe(ticks.length);
      expect([...run].sort((a, b) => a - b)).toEqual(run);
      expect(new Set([...run, ...skipped.map((note) => note.newest)]).size).toBe(run.length + skipped.length);
      if (overlap === 'queue') for (const tick of ticks.filter((due) => NOW - due <= MISSED_AFTER_MS)) expect(run).toContain(tick);
    }));
  });
});

describe('what fell due', () => {
  const hourly = readSchedule({ kind: 'interval', everyMinutes: 60, only: 'always', until: null });
  const noon = 1_704_110_400_000 as EpochMs;
  const due = (decidedUntil: number, now: number, begins: number | null = null) => dueTicks(hourly, 'exchange', { decidedUntil: decidedUntil as EpochMs, begins: begins as EpochMs | null }, now as EpochMs);

  it('lies between the last decision and this minute', () => {
    expect(due(noon - 1, noon + 5)).toEqual({ ticks: [noon], until: noon, setBackMs: 0 });
    expect(due(noon, noon + HOUR_MS - 1)).toEqual({ ticks: [], until: noon + 59 * MINUTE_MS, setBackMs: 0 });
  });
  it('is not looked for further back than a week, and so not for a year when the clock jumps', () => {
    expect(due(noon, noon + 365 * DAY_MS).ticks).toHaveLength(LOOK_BACK_MS / HOUR_MS);
  });
  it('begins again from the present when the clock was set back', () => {
    for (const back of [HOUR_MS, DAY_MS, 365 * DAY_MS]) {
      expect(due(noon, noon - back)).toEqual({ ticks: [noon - back], until: noon - back, setBackMs: back });
      expect(due(noon - back, noon - back + HOUR_MS).ticks).toEqual([noon - back + HOUR_MS]);
    }
  });
  it('waits for a clock that was corrected by moments', () => {
    expect(due(noon, noon - CLOCK_TOLERANCE_MS)).toMatchObject({ ticks: [], setBackMs: 0 });
    expect(due(noon, noon - CLOCK_TOLERANCE_MS + HOUR_MS).ticks).toEqual([]);
  });
  it('begins with the change of a schedule, and is nothing before', () => {
    expect(due(noon - 5 * HOUR_MS, noon + 1, noon - HOUR_MS).ticks).toEqual([noon]);
    expect(due(noon - 5 * HOUR_MS, noon + 1, noon + DAY_MS)).toEqual({ ticks: [], until: noon, setBackMs: 0 });
  });
});

describe('any life of a clock', () => {
  const START = 1_704_110_400_000;
  const every7 = readSchedule({ kind: 'interval', everyMinutes: 7, only: 'always', until: null });
  /** The scheduler without its database: what it remembers, what ran, what was noted as passed over. */
  type Life = { now: number; decidedUntil: EpochMs; readonly ran: Set<number>; readonly noted: Set<number> };

  /** One sweep as scheduler.ts and schedule-store.ts do it; `dies`: after the runs, before anything is written down. */
  function look(life: Life, onMissed: TickPolicy['onMissed'], dies: boolean): void {
    const now = life.now as EpochMs;
    const { ticks, until, setBackMs } = dueTicks(every7, 'exchange', { decidedUntil: life.decidedUntil, begins: null }, now);
    const open = ticks.filter((tick) => now - tick <= MISSED_AFTER_MS || !life.ran.has(tick));
    const { run } = decideTicks(open, now, { onMissed, overlap: 'queue', isBusy: () => false });
    for (const tick of run) life.ran.add(tick);
    if (dies) return;
    if (setBackMs > 0) for (const tick of life.noted) if (tick > now) life.noted.delete(tick);
    for (const tick of run) life.noted.delete(tick);
    for (const tick of open) if (!run.includes(tick) && !life.ran.has(tick)) life.noted.add(tick);
    life.decidedUntil = setBackMs > 0 ? until : (Math.max(life.decidedUntil, until) as EpochMs);
  }

  const act = fc.oneof(
    { weight: 5, arbitrary: fc.record({ what: fc.constant('pass' as const), minutes: fc.integer({ min: 1, max: 40 }) }) },
    { weight: 2, arbitrary: fc.record({ what: fc.constant('set' as const), minutes: fc.integer({ min: -3_000, max: 3_000 }) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('die' as const), minutes: fc.constant(1) }) },
  );

  it('runs every time that comes while the scheduler looks, and accounts for every other', () => {
    fc.assert(fc.property(fc.array(act, { maxLength: 30 }), fc.constantFrom('skip' as const, 'run_once' as const, 'run_all' as const), (acts, onMissed) => {
      const life: Life = { now: START + 40, decidedUntil: START as EpochMs, ran: new Set(), noted: new Set() };
      let lowest = START;
      for (const { what, minutes } of acts) {
        if (what === 'set') life.now += minutes * MINUTE_MS;
        for (let n = 0; what !== 'set' && n < minutes; n += 1) {
          life.now += MINUTE_MS;
          look(life, onMissed, what === 'die');
          const minute = Math.floor(life.now / MINUTE_MS) * MINUTE_MS;
          // Not even a clock that was set back silences it for longer than a moment.
          if (what === 'pass') expect(life.decidedUntil).toBeLessThanOrEqual(life.now + CLOCK_TOLERANCE_MS);
          if ((minute / MINUTE_MS) % 7 === 0 && life.decidedUntil <= life.now) expect(life.ran).toContain(minute);
        }
        lowest = Math.min(lowest, life.decidedUntil);
      }
      life.now += MINUTE_MS;
      look(life, onMissed, false);
      const first = Math.ceil((lowest + 1) / MINUTE_MS / 7) * 7 * MINUTE_MS;
      for (let tick = first; tick <= Math.min(life.now, life.decidedUntil); tick += 7 * MINUTE_MS) expect(life.ran.has(tick) || life.noted.has(tick)).toBe(true);
    }), { numRuns: 150 });
  });
});
