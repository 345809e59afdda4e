/** Schedules: one run per tick whoever fires it and whatever the clock does, missed ticks as each flow wants, pauses, and what people set. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FlowScheduleInput } from '#app/contracts/flow-schedules.ts';
import { scheduleSchema } from '#app/contracts/flow-schedules.ts';
import type { Deployment, DeploymentView, FlowName, FlowRun, FlowSettings } from '#app/contracts/flows.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, parseRfc3339, toRfc3339, type Clock, type EpochMs } from '#app/domain/time.ts';
import { announceFlows, pauseSchedule } from '../../services/orchestrator/deployments.ts';
import { createFlowMetrics } from '../../services/orchestrator/metrics.ts';
import { forgetOldRuns } from '../../services/orchestrator/retention.ts';
import { loadClockChange } from '../../services/orchestrator/schedule-store.ts';
import { sweep } from '../../services/orchestrator/scheduler.ts';
import { saveSettings } from '../../services/orchestrator/settings.ts';
import { createMetrics } from '../../services/chassis/metrics.ts';
import { startStand, type Stand } from './stand.ts';

type Orchestrator = Awaited<ReturnType<Stand['orchestrator']>>;

let stand: Stand;
let now: EpochMs;
const clock: Clock = { now: () => now };
let first: Orchestrator;
let second: Orchestrator;

const inputJsonSchema = { type: 'object', properties: { days: { type: 'integer', minimum: 1, default: 5 } }, additionalProperties: false };
function deployment(change: Partial<Deployment>): Deployment {
  return {
    name: 'reconcile_trades', owner: 'execution', description: 'd', version: '1', schedule: null, retries: 1, retryDelayMs: 100, timeoutMs: 1_000, concurrency: 1, onMissed: 'skip', overlap: 'queue', input: {},
    inputJsonSchema, events: [], children: [], isShareable: false, ...change,
  };
}
const plan = (schedule: FlowScheduleInput): NonNullable<Deployment['schedule']> => scheduleSchema.parse(schedule);
const every = (cron: string, only: 'always' | 'trading_days' | 'in_session' = 'always'): NonNullable<Deployment['schedule']> => plan({ kind: 'cron', cron, only });
const announce = (...deployments: Deployment[]): Promise<void> => announceFlows(first, { owner: 'execution', deployments });
async function runsOf(flow: FlowName = 'reconcile_trades'): Promise<FlowRun[]> {
  return (await stand.call('GET', `/api/runs?flow=${flow}&limit=500`)).body.runs as FlowRun[];
}
const at = (text: string): EpochMs => parseRfc3339(`2024-${text}:00Z`);
const timesOf = (runs: readonly FlowRun[]): string[] => runs.map((run) => toRfc3339((run.scheduledFor ?? 0) as EpochMs).slice(5, 16)).sort();
const scheduled = async (): Promise<string[]> => timesOf((await runsOf()).filter((run) => run.state !== 'SKIPPED'));
const skipped = async (): Promise<FlowRun[]> => (await runsOf()).filter((run) => run.state === 'SKIPPED');
async function sweepAt(text: string, ...by: Orchestrator[]): Promise<void> {
  now = at(text);
  for (const orchestrator of by.length > 0 ? by : [first]) await sweep(orchestrator);
}
async function viewOf(): Promise<DeploymentView | undefined> {
  return ((await stand.call('GET', '/api/deployments')).body.deployments as DeploymentView[])[0];
}
const ended = (runId: string): Promise<unknown> => first.db.query("UPDATE dbos.workflow_status SET status = 'SUCCESS', completed_at = $2 WHERE workflow_uuid = $1", [runId, now]);

describe('schedules', () => {
  beforeAll(async () => {
    stand = await startStand();
    [first, second] = [await stand.orchestrator(clock), await stand.orchestrator(clock)];
  });
  afterAll(() => stand.stop());
  beforeEach(async () => {
    for (const table of ['dbos.workflow_status', 'flows.deployments', 'flows.skipped_ticks', 'flows.clock_changes']) await first.db.query(`DELETE FROM ${table}`);
    now = parseRfc3339('2024-07-02T14:00:30Z');
  });

  it('fire each tick once, however often and by however many orchestrators they are looked at', async () => {
    await announce(deployment({ schedule: every('*/5 * * * *') }));
    now = at('07-02T14:05');
    await Promise.all([sweep(first), sweep(second), sweep(first)]);
    await sweep(second);
    expect(await scheduled()).toEqual(['07-02T14:05']);
    // An orchestrator that fired and died before it noted so fires again: the run is the same.
    await first.db.query("UPDATE flows.schedules SET decided_until = decided_until - interval '4 minutes'");
    await sweep(second);
    expect(await scheduled()).toEqual(['07-02T14:05']);
    await sweepAt('07-02T14:10');
    expect(await scheduled()).toEqual(['07-02T14:05', '07-02T14:10']);
    const [run] = await runsOf();
    expect(run).toMatchObject({ runId: 'reconcile_trades:2024-07-02T14:10:00.000Z', trigger: 'schedule', scheduledFor: at('07-02T14:10') });
  });

  it('promise nothing before they were announced, and keep what was decided when announced again', async () => {
    await announce(deployment({ schedule: every('* * * * *'), onMissed: 'run_all' }));
    await sweep(first);
    expect(await scheduled()).toEqual([]);
    now = parseRfc3339('2024-07-02T14:03:10Z');
    await announce(deployment({ schedule: every('* * * * *'), onMissed: 'run_all' }));
    await sweep(first);
    expect(await scheduled()).toEqual(['07-02T14:01', '07-02T14:02', '07-02T14:03']);
  });

  it('skip missed ticks and say so', async () => {
    await announce(deployment({ schedule: every('0 * * * *'), onMissed: 'skip' }));
    await sweepAt('07-02T18:20');
    const runs = await runsOf();
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({ state: 'SKIPPED', scheduledFor: at('07-02T18:00'), error: 'The system was not running at the scheduled time (and 3 before it)' });
  });

  it('make up for missed ticks once', async () => {
    await announce(deployment({ schedule: every('0 * * * *'), onMissed: 'run_once' }));
    now = at('07-02T18:20');
    await Promise.all([sweep(first), sweep(second)]);
    expect(await scheduled()).toEqual(['07-02T18:00']);
    expect(await skipped()).toHaveLength(1);
  });

  it('make up for every missed tick', async () => {
    await announce(deployment({ schedule: every('0 * * * *'), onMissed: 'run_all' }));
    await sweepAt('07-02T18:20');
    expect(await scheduled()).toEqual(['07-02T15:00', '07-02T16:00', '07-02T17:00', '07-02T18:00']);
  });

  it('do not call missed what has its run, when the decision was carried out and not written down', async () => {
    await announce(deployment({ schedule: every('0 * * * *'), onMissed: 'skip' }));
    await sweepAt('07-02T15:00');
    await first.db.query("UPDATE flows.schedules SET decided_until = decided_until - interval '4 minutes'");
    await sweepAt('07-02T15:20');
    expect(await scheduled()).toEqual(['07-02T15:00']);
    expect(await skipped()).toEqual([]);
  });

  it('whose start fails in the middle are taken up again, none lost and none doubled', async () => {
    await announce(deployment({ schedule: every('* * * * *'), onMissed: 'run_all' }), deployment({ name: 'execute_trades', schedule: every('* * * * *') }));
    let left = 1;
    // PostgreSQL goes away after the second of three runs of one flow.
    const failing = { ...first, engine: { ...first.engine, start: (run: Parameters<typeof first.engine.start>[0]) => (run.flow === 'reconcile_trades' && left-- < 0 ? Promise.reject(new Error('terminating connection')) : first.engine.start(run)) } };
    await sweepAt('07-02T14:03', failing);
    expect(await scheduled()).toEqual(['07-02T14:01', '07-02T14:02']);
    expect(timesOf((await runsOf('execute_trades')).filter((run) => run.state !== 'SKIPPED'))).toEqual(['07-02T14:02', '07-02T14:03']);
    await sweep(second);
    expect(await scheduled()).toEqual(['07-02T14:01', '07-02T14:02', '07-02T14:03']);
    expect(timesOf((await runsOf('execute_trades')).filter((run) => run.state !== 'SKIPPED'))).toEqual(['07-02T14:02', '07-02T14:03']);
  });

  it('rest while paused, and do not make up for the pause', async () => {
    await announce(deployment({ schedule: every('*/5 * * * *'), onMissed: 'run_all' }));
    await pauseSchedule(first, 'reconcile_trades', true, 'test');
    await sweepAt('07-02T15:00');
    expect(await viewOf()).toMatchObject({ isPaused: true, nextRunsAt: [], lastRun: null, health: 'paused' });
    await pauseSchedule(first, 'reconcile_trades', false, 'test');
    await sweepAt('07-02T15:05');
    expect(await scheduled()).toEqual(['07-02T15:05']);
  });

  it('ask the calendar: Independence Day, the half day before it, the demo that never closes', async () => {
    await announce(deployment({ schedule: plan({ kind: 'session', anchor: 'hour', offsetMinutes: 5 }), onMissed: 'run_all' }));
    await sweepAt('07-05T04:00');
    expect(await scheduled()).toEqual(['07-02T14:05', '07-02T15:05', '07-02T16:05', '07-02T17:05', '07-02T18:05', '07-02T19:05', '07-02T20:05', '07-03T14:05', '07-03T15:05', '07-03T16:05', '07-03T17:05']);
    await sweepAt('07-06T00:00', { ...first, market: 'unknown' });
    expect(await scheduled()).toHaveLength(11);
    await sweepAt('07-06T15:10', { ...first, market: 'always_open' });
    expect((await scheduled()).slice(11)).toEqual(['07-06T14:05', '07-06T15:05']);
  });

  it('of one broken flow do not stop the others', async () => {
    await announce(deployment({ schedule: every('*/5 * * * *') }), deployment({ name: 'execute_trades', schedule: every('*/5 * * * *') }), deployment({ name: 'manage_orders', schedule: every('*/5 * * * *') }));
    await first.db.query("UPDATE flows.deployments SET definition = jsonb_set(definition::jsonb, '{schedule,cron}', '\"nonsense\"') WHERE name = 'execute_trades'");
    await first.db.query("UPDATE flows.deployments SET definition = definition::jsonb - 'overlap' WHERE name = 'manage_orders'");
    await sweepAt('07-02T14:05');
    expect(await scheduled()).toEqual(['07-02T14:05']);
  });

  it('pass a tick over while another run waits or runs, when the flow wants that, and say so', async () => {
    await announce(deployment({ schedule: every('* * * * *'), overlap: 'skip' }));
    await sweepAt('07-02T14:01');
    await sweepAt('07-02T14:02', first, second);
    expect(await scheduled()).toEqual(['07-02T14:01']);
    expect(await skipped()).toMatchObject([{ scheduledFor: at('07-02T14:02'), error: 'An earlier run of this flow was still waiting or running' }]);
    await ended('reconcile_trades:2024-07-02T14:01:00.000Z');
    await sweepAt('07-02T14:03');
    expect(await scheduled()).toEqual(['07-02T14:01', '07-02T14:03']);
  });

  it('forget old runs with all that was said about them, and nothing else', async () => {
    await announce(deployment({ schedule: every('0 * * * *'), onMissed: 'run_all' }));
    await sweepAt('07-02T16:20');
    const [newest, oldest] = (await runsOf()).map((run) => run.runId);
    await stand.call('POST', '/api/runs/report', { reports: [{ kind: 'progress', runId: oldest, at: now, done: 1, total: 2 }] });
    await ended(String(oldest));
    now = (now + 29 * DAY_MS) as EpochMs;
    expect(await forgetOldRuns(first, 30)).toBe(0);
    now = (now + 2 * DAY_MS) as EpochMs;
    expect(await forgetOldRuns(first, 30)).toBe(1);
    expect((await runsOf()).map((run) => run.runId)).toEqual([newest]);
    expect(await first.db.query('SELECT 1 FROM flows.run_notes')).toEqual([]);
  });

  describe('that people set', () => {
    const settings = (change: Partial<FlowSettings>): FlowSettings => ({ schedule: every('*/5 * * * *'), onMissed: 'run_all', overlap: 'queue', input: { days: 2 }, retries: 7, timeoutMs: 5_000, ...change });

    it('hold from the change on, with their parameters, retries and limit', async () => {
      await announce(deployment({ schedule: every('0 0 1 1 *') }));
      await sweepAt('07-02T14:30');
      now = at('07-02T15:12');
      await saveSettings(first.db, 'reconcile_trades', settings({}), now);
      await sweepAt('07-02T15:21');
      expect(await scheduled()).toEqual(['07-02T15:15', '07-02T15:20']);
      const run = await first.engine.get('reconcile_trades:2024-07-02T15:20:00.000Z');
      expect(run).toMatchObject({ timeoutMS: 5_000, input: [{ input: { days: 2 }, retries: 7, scheduledFor: at('07-02T15:20') }] });
      // Back to the defaults: nothing is made up for that was never promised.
      await saveSettings(first.db, 'reconcile_trades', null, now);
      await sweepAt('07-02T16:00');
      expect(await scheduled()).toHaveLength(2);
    });

    it('without a schedule rest, and do not make up for the rest', async () => {
      await announce(deployment({ schedule: every('*/5 * * * *'), onMissed: 'run_all' }));
      await sweepAt('07-02T14:05');
      await saveSettings(first.db, 'reconcile_trades', settings({ schedule: null }), now);
      await sweepAt('07-02T15:00');
      await saveSettings(first.db, 'reconcile_trades', null, at('07-02T15:58'));
      await sweepAt('07-02T16:00');
      expect(await scheduled()).toEqual(['07-02T14:05', '07-02T16:00']);
    });

    it('changed while paused do not fire for the pause', async () => {
      await announce(deployment({ schedule: every('0 0 1 1 *'), onMissed: 'run_all' }));
      await sweepAt('07-02T14:05');
      await pauseSchedule(first, 'reconcile_trades', true, 'test');
      await saveSettings(first.db, 'reconcile_trades', settings({}), now);
      await sweepAt('07-02T15:00');
      now = at('07-02T15:02');
      await pauseSchedule(first, 'reconcile_trades', false, 'test');
      await sweepAt('07-02T15:06');
      expect(await scheduled()).toEqual(['07-02T15:05']);
    });

    it('that were of no use for a while do not make up for that while', async () => {
      const announced = (input: Deployment['inputJsonSchema']): Promise<void> => announce(deployment({ schedule: every('0 * * * *'), inputJsonSchema: input }));
      await announced(inputJsonSchema);
      await saveSettings(first.db, 'reconcile_trades', settings({}), now);
      await sweepAt('07-02T14:05');
      await announced({ type: 'object', additionalProperties: false });
      await sweepAt('07-02T15:00');
      await sweepAt('07-02T15:58');
      await announced(inputJsonSchema);
      await sweepAt('07-02T16:00');
      expect(await scheduled()).toEqual(['07-02T14:05', '07-02T15:00', '07-02T16:00']);
    });

    it.each([['of another shape', '{"schedule": 5}'], ['with an unreadable schedule', JSON.stringify(settings({ schedule: { ...every('* * * * *'), cron: 'nonsense' } as FlowSettings['schedule'] }))], ['with parameters that the flow no longer knows', JSON.stringify(settings({ input: { weeks: 1 } }))]])('%s give way to the defaults, visibly', async (_what, stored) => {
      await announce(deployment({ schedule: every('*/10 * * * *') }));
      await first.db.query('UPDATE flows.schedules SET settings = $1::jsonb, changed_at = now()', [stored]);
      await sweepAt('07-02T14:10');
      expect(await scheduled()).toEqual(['07-02T14:10']);
      expect(await viewOf()).toMatchObject({ isCustom: false, healthReason: expect.stringMatching(/^Its stored settings cannot be used \(.*the defaults hold/) as string, scheduleText: 'Every 10 minutes' });
    });
  });

  describe('under a clock that is changed', () => {
    beforeEach(() => announce(deployment({ schedule: plan({ kind: 'interval', everyMinutes: 10 }), onMissed: 'run_once' })));

    it('back by an hour: no time runs twice, the schedule goes on, and people can see it', async () => {
      for (const time of ['14:10', '14:20', '14:30']) await sweepAt(`07-02T${time}`);
      await sweepAt('07-02T13:31', first, second);
      expect(await loadClockChange(first.db)).toMatchObject({ movedMs: -59 * MINUTE_MS, note: expect.stringMatching(/set back by 59 min.*does not run again/) as string });
      for (const time of ['13:40', '13:50', '14:00', '14:10', '14:20', '14:30', '14:40']) await sweepAt(`07-02T${time}`, first, second);
      expect(await scheduled()).toEqual(['07-02T13:40', '07-02T13:50', '07-02T14:00', '07-02T14:10', '07-02T14:20', '07-02T14:30', '07-02T14:40']);
      expect(await skipped()).toEqual([]);
      expect(await first.db.query('SELECT 1 FROM flows.clock_changes')).toHaveLength(1);
    });

    it('forward by an hour, as in sleep: what was missed is made up for once, and told', async () => {
      await sweepAt('07-02T14:10');
      await sweepAt('07-02T15:15');
      expect(await scheduled()).toEqual(['07-02T14:10', '07-02T15:10']);
      expect(await skipped()).toMatchObject([{ scheduledFor: at('07-02T15:00'), error: expect.stringMatching(/one run makes up for all missed ones \(and 4 before it\)/) as string }]);
    });

    it('forward by a year for a minute: one run of the wrong year, and afterwards everything goes on', async () => {
      await sweepAt('07-02T14:10');
      now = (at('07-02T14:11') + 365 * DAY_MS) as EpochMs;
      await sweep(first);
      expect((await scheduled()).length).toBe(2);
      await sweepAt('07-02T14:12');
      for (const time of ['14:20', '14:30']) await sweepAt(`07-02T${time}`);
      const runs = (await runsOf()).filter((run) => run.state !== 'SKIPPED' && (run.scheduledFor ?? 0) < at('07-03T00:00'));
      expect(timesOf(runs)).toEqual(['07-02T14:10', '07-02T14:20', '07-02T14:30']);
      // Notes about a future that has not come are forgotten.
      expect(await skipped()).toEqual([]);
    });

    it('forward by an hour for a minute: times that were passed over under the wrong clock run when they come', async () => {
      await sweepAt('07-02T14:10');
      await sweepAt('07-02T15:11');
      expect(await scheduled()).toEqual(['07-02T14:10', '07-02T15:10']);
      await sweepAt('07-02T14:12');
      for (const time of ['14:20', '14:30', '14:40', '14:50', '15:00', '15:10', '15:20']) await sweepAt(`07-02T${time}`);
      expect(await scheduled()).toEqual(['07-02T14:10', '07-02T14:20', '07-02T14:30', '07-02T14:40', '07-02T14:50', '07-02T15:00', '07-02T15:10', '07-02T15:20']);
      expect(await skipped()).toEqual([]);
    });

    it('by moments only: nothing is repeated, nothing is told', async () => {
      await sweepAt('07-02T14:10');
      for (const time of ['14:09', '14:10', '14:11', '14:20']) await sweepAt(`07-02T${time}`);
      expect(await scheduled()).toEqual(['07-02T14:10', '07-02T14:20']);
      expect(await loadClockChange(first.db)).toBeNull();
    });
  });

  it('are measured: how late runs start, how they end', async () => {
    await announce(deployment({ schedule: every('* * * * *') }));
    const registry = createMetrics('orchestrator');
    const metrics = createFlowMetrics(registry, now);
    await sweepAt('07-02T14:01');
    const [run] = await runsOf();
    await first.db.query("UPDATE dbos.workflow_status SET status = 'SUCCESS', created_at = $2, started_at_epoch_ms = $2, completed_at = $3 WHERE workflow_uuid = $1", [run?.runId, now + 80, now + HOUR_MS / 60]);
    for (let n = 0; n < 3; n += 1) await metrics.look(first.db, (now + 2 * MINUTE_MS) as EpochMs);
    const text = await registry.render();
    expect(text).toMatch(/mainspring_flow_runs_ended_total\{flow="reconcile_trades",state="COMPLETED",unit="orchestrator"\} 1\n/);
    expect(text).toMatch(/mainspring_flow_start_lateness_ms_sum\{.*\} 80\n/);
    expect(text).toMatch(/mainspring_flow_start_lateness_ms_count\{.*\} 1\n/);
  });
});
