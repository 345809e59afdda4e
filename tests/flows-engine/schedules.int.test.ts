/** Schedules: one run per tick whoever fires it, missed ticks as each flow wants, pauses; and the API that shows and steers them. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Deployment, DeploymentView, FlowRun } from '#app/contracts/flows.ts';
import { parseRfc3339, toRfc3339, type Clock, type EpochMs } from '#app/domain/time.ts';
import { everyMinute } from '../../services/orchestrator/triggers.ts';
import { forgetOldRuns } from '../../services/orchestrator/retention.ts';
import { sweep, type SchedulerParts } from '../../services/orchestrator/scheduler.ts';
import { startStand, TOKEN, type Stand } from './stand.ts';

let stand: Stand;
let now: EpochMs;
const clock: Clock = { now: () => now };
let first: SchedulerParts;
let second: SchedulerParts;

const inputJsonSchema = { type: 'object', properties: { days: { type: 'integer', minimum: 1, default: 5 } }, additionalProperties: false };
function deployment(change: Partial<Deployment>): Deployment {
  return { name: 'reconcile_trades', owner: 'execution', description: 'd', version: '1', schedule: null, retries: 1, retryDelayMs: 100, timeoutMs: 1_000, concurrency: 1, onMissed: 'skip', inputJsonSchema, ...change };
}
function every(cron: string, only: 'always' | 'trading_days' | 'in_session' = 'always'): NonNullable<Deployment['schedule']> {
  return { cron, timeZone: 'America/New_York', only, describe: 'd' };
}
async function announce(...deployments: Deployment[]): Promise<void> {
  const { announceFlows } = await import('../../services/orchestrator/deployments.ts');
  await announceFlows(first, { owner: 'execution', deployments });
}
async function runsOf(flow = 'reconcile_trades'): Promise<FlowRun[]> {
  return (await stand.call('GET', `/api/runs?flow=${flow}&limit=500`)).body.runs as FlowRun[];
}
async function scheduled(): Promise<string[]> {
  return (await runsOf()).filter((run) => run.state !== 'SKIPPED').map((run) => toRfc3339((run.scheduledFor ?? 0) as EpochMs).slice(5, 16)).sort();
}

describe('schedules', () => {
  beforeAll(async () => {
    stand = await startStand();
    [first, second] = [await stand.orchestrator(clock), await stand.orchestrator(clock)];
  });
  afterAll(() => stand.stop());
  beforeEach(async () => {
    const left = await first.engine.list({ limit: 500, offset: 0 });
    await first.engine.remove(left.map((run) => run.workflowID));
    await first.db.query('DELETE FROM flows.deployments');
    await first.db.query('DELETE FROM flows.skipped_ticks');
    now = parseRfc3339('2024-07-02T14:00:30Z');
  });

  it('fire each tick once, however often and by however many orchestrators they are looked at', async () => {
    await announce(deployment({ schedule: every('*/5 * * * *') }));
    now = parseRfc3339('2024-07-02T14:05:00Z');
    await Promise.all([sweep(first), sweep(second), sweep(first)]);
    await sweep(second);
    expect(await scheduled()).toEqual(['07-02T14:05']);
    // An orchestrator that fired and died before it noted so fires again: the run is the same.
    await first.db.query("UPDATE flows.schedules SET decided_until = decided_until - interval '4 minutes'");
    await sweep(second);
    expect(await scheduled()).toEqual(['07-02T14:05']);
    now = parseRfc3339('2024-07-02T14:10:02Z');
    await sweep(first);
    expect(await scheduled()).toEqual(['07-02T14:05', '07-02T14:10']);
    const [run] = await runsOf();
    expect(run).toMatchObject({ runId: 'reconcile_trades:2024-07-02T14:10:00.000Z', trigger: 'schedule', scheduledFor: parseRfc3339('2024-07-02T14:10:00Z'), input: {} });
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
    now = parseRfc3339('2024-07-02T18:20:00Z');
    await sweep(first);
    const runs = await runsOf();
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({ state: 'SKIPPED', scheduledFor: parseRfc3339('2024-07-02T18:00:00Z'), error: 'The system was not running at the scheduled time (and 3 before it)' });
    expect((await stand.call('GET', '/api/runs?state=SKIPPED')).body.runs).toHaveLength(1);
  });

  it('make up for missed ticks once', async () => {
    await announce(deployment({ schedule: every('0 * * * *'), onMissed: 'run_once' }));
    now = parseRfc3339('2024-07-02T18:20:00Z');
    await Promise.all([sweep(first), sweep(second)]);
    expect(await scheduled()).toEqual(['07-02T18:00']);
    expect((await runsOf()).filter((run) => run.state === 'SKIPPED')).toHaveLength(1);
  });

  it('make up for every missed tick', async () => {
    await announce(deployment({ schedule: every('0 * * * *'), onMissed: 'run_all' }));
    now = parseRfc3339('2024-07-02T18:20:00Z');
    await sweep(first);
    expect(await scheduled()).toEqual(['07-02T15:00', '07-02T16:00', '07-02T17:00', '07-02T18:00']);
  });

  it('rest while paused, and do not make up for the pause', async () => {
    await announce(deployment({ schedule: every('*/5 * * * *'), onMissed: 'run_all' }));
    const pause = (verb: string) => import('../../services/orchestrator/deployments.ts').then(({ pauseSchedule }) => pauseSchedule(first, 'reconcile_trades', verb === 'pause'));
    await pause('pause');
    now = parseRfc3339('2024-07-02T15:00:00Z');
    await sweep(first);
    const [paused] = (await stand.call('GET', '/api/deployments')).body.deployments as DeploymentView[];
    expect(paused).toMatchObject({ isPaused: true, nextRunAt: null, lastRun: null });
    await pause('resume');
    await pause('resume');
    now = parseRfc3339('2024-07-02T15:05:00Z');
    await sweep(first);
    expect(await scheduled()).toEqual(['07-02T15:05']);
  });

  it('ask the calendar: Independence Day, the half day before it, the demo that never closes', async () => {
    await announce(deployment({ schedule: every('0 * * * *', 'in_session'), onMissed: 'run_all' }));
    now = parseRfc3339('2024-07-05T04:00:00Z');
    await sweep(first);
    expect(await scheduled()).toEqual(['07-02T15:00', '07-02T16:00', '07-02T17:00', '07-02T18:00', '07-02T19:00', '07-03T14:00', '07-03T15:00', '07-03T16:00']);
    now = parseRfc3339('2024-07-06T04:00:00Z');
    await sweep({ ...first, market: 'unknown' });
    expect(await scheduled()).toHaveLength(8);
    now = parseRfc3339('2024-07-06T05:00:00Z');
    await sweep({ ...first, market: 'always_open' });
    expect(await scheduled()).toHaveLength(9);
  });

  it('of one broken flow do not stop the others', async () => {
    await announce(deployment({ schedule: every('*/5 * * * *') }), deployment({ name: 'execute_trades', schedule: every('*/5 * * * *') }));
    await first.db.query("UPDATE flows.deployments SET definition = jsonb_set(definition, '{schedule,cron}', '\"nonsense\"') WHERE name = 'execute_trades'");
    now = parseRfc3339('2024-07-02T14:05:00Z');
    await sweep(first);
    expect(await scheduled()).toEqual(['07-02T14:05']);
  });

  it('are woken on the minute', async () => {
    const task = everyMinute(() => Promise.resolve());
    task.start();
    await task.stop();
  });

  it('forget old runs with all that was said about them, and nothing else', async () => {
    await announce(deployment({ schedule: every('0 * * * *'), onMissed: 'run_all' }));
    now = parseRfc3339('2024-07-02T16:20:00Z');
    await sweep(first);
    const [newest, oldest] = (await runsOf()).map((run) => run.runId);
    await stand.call('POST', '/api/runs/report', { reports: [{ kind: 'progress', runId: oldest, at: now, done: 1, total: 2 }] });
    await first.engine.cancel(String(oldest));
    const ended = await first.engine.get(String(oldest));
    now = ((ended?.completedAt ?? 0) + 29 * 86_400_000) as EpochMs;
    expect(await forgetOldRuns(first, 30)).toBe(0);
    now = (now + 2 * 86_400_000) as EpochMs;
    expect(await forgetOldRuns(first, 30)).toBe(1);
    expect((await runsOf()).map((run) => run.runId)).toEqual([newest]);
    expect(await first.db.query('SELECT 1 FROM flows.run_notes')).toEqual([]);
  });
});

describe('the API', () => {
  beforeAll(async () => {
    stand = await startStand();
    now = parseRfc3339('2024-07-02T14:00:30Z');
    [first] = [await stand.orchestrator(clock)];
    const answer = await stand.call('POST', '/api/deployments/announce', { owner: 'execution', deployments: [deployment({ schedule: every('0 18 * * *') })] });
    expect(answer).toMatchObject({ status: 200, body: { ok: true } });
  });
  afterAll(() => stand.stop());
  const run = (body: unknown): ReturnType<Stand['call']> => stand.call('POST', '/api/deployments/reconcile_trades/run', body);

  it('keeps everything but health and metrics behind the internal token', async () => {
    for (const path of ['/api/deployments', '/api/runs', '/api/runs/x']) expect((await stand.call('GET', path, undefined, 'wrong')).status).toBe(401);
    expect((await stand.call('POST', '/api/deployments/reconcile_trades/run', {}, `${TOKEN}x`)).body).toMatchObject({ error: { code: 'AUTH_INVALID', family: 'denied' } });
    expect((await stand.call('GET', '/health', undefined, 'wrong')).body).toMatchObject({ unit: 'orchestrator', ready: true });
    expect((await stand.call('GET', '/metrics', undefined, 'wrong')).body).toMatchObject({ text: 'x 1\n' });
  });

  it('checks the input of a run and names the field', async () => {
    expect(await run({ input: { days: 0 } })).toMatchObject({ status: 422, body: { error: { code: 'FLOW_INPUT_INVALID', message: expect.stringMatching(/^days: /) as string } } });
    expect(await run({ input: { weeks: 1 } })).toMatchObject({ status: 422, body: { error: { message: expect.stringMatching(/weeks/) as string } } });
    expect(await run({ input: 'x' })).toMatchObject({ status: 422 });
    expect((await run(undefined)).status).toBe(200);
  });

  it('runs once per idempotency key', async () => {
    const [a, b] = await Promise.all([run({ input: { days: 2 }, idempotencyKey: 'button-1' }), run({ input: { days: 2 }, idempotencyKey: 'button-1' })]);
    expect(a.body.runId).toBe('reconcile_trades:manual:button-1');
    expect(b.body).toEqual(a.body);
    expect(await run({ input: { days: 3 }, idempotencyKey: 'button-1' })).toMatchObject({ status: 409, body: { error: { code: 'IDEMPOTENCY_CONFLICT' } } });
  });

  it('cancels a run that has not begun', async () => {
    const { runId } = (await run({ input: {}, idempotencyKey: 'to-cancel' })).body;
    expect((await stand.call('POST', `/api/runs/${String(runId)}/cancel`)).status).toBe(200);
    expect((await stand.call('GET', `/api/runs/${String(runId)}`)).body).toMatchObject({ state: 'CANCELLED', startedAt: null, steps: [], logs: [] });
  });

  it('says what is not there, and what is not allowed', async () => {
    expect(await stand.call('GET', '/api/runs/nothing')).toMatchObject({ status: 404, body: { error: { code: 'FLOW_RUN_NOT_FOUND' } } });
    expect(await stand.call('POST', '/api/deployments/calculate_performance/run', {})).toMatchObject({ status: 404, body: { error: { code: 'FLOW_NOT_FOUND' } } });
    expect(await stand.call('GET', '/api/nothing')).toMatchObject({ status: 404 });
    expect(await stand.call('GET', '/nothing')).toMatchObject({ status: 404, body: { error: { code: 'ROUTE_NOT_FOUND' } } });
    expect(await stand.call('GET', '/api/runs?state=DONE')).toMatchObject({ status: 400, body: { error: { message: expect.stringMatching(/^state: /) as string } } });
    expect(await stand.call('POST', '/api/deployments/announce', { owner: 'execution', deployments: [deployment({ name: 'run_strategy' })] })).toMatchObject({ status: 400 });
    expect(await stand.call('POST', '/api/deployments/announce', { owner: 'execution', deployments: [deployment({ schedule: every('99 * * * *') })] })).toMatchObject({ status: 400, body: { error: { message: expect.stringMatching(/99 \* \* \* \*/) as string } } });
  });

  it('shows deployments with their last and next run', async () => {
    const [view] = (await stand.call('GET', '/api/deployments')).body.deployments as DeploymentView[];
    expect(view).toMatchObject({ name: 'reconcile_trades', isPaused: false, lastRun: { trigger: 'manual' } });
    const next = new Date(view?.nextRunAt ?? 0);
    expect(next.getTime()).toBeGreaterThan(Date.now());
    expect(next.toLocaleString('en-US', { timeZone: 'America/New_York', hour: 'numeric', hour12: false, minute: 'numeric' })).toBe('18:00');
  });

  it('keeps reports in order and once, and stays in bounds', async () => {
    const line = (n: number, at: number) => ({ kind: 'log', runId: 'r', lineId: `x:${n}`, at, level: 'info', message: `line ${n}`, fields: null });
    const reports = [line(1, 10), line(2, 20), line(3, 20), { kind: 'progress', runId: 'r', at: 30, done: 2, total: 3 }, { kind: 'progress', runId: 'r', at: 20, done: 1, total: 3 }];
    for (let n = 0; n < 2; n += 1) expect((await stand.call('POST', '/api/runs/report', { reports })).status).toBe(200);
    expect(await first.db.query('SELECT message FROM flows.run_logs ORDER BY at, seq')).toEqual([{ message: 'line 1' }, { message: 'line 2' }, { message: 'line 3' }]);
    expect(await first.db.query('SELECT done FROM flows.run_notes WHERE run_id = $1', ['r'])).toEqual([{ done: 2 }]);
    expect((await stand.call('POST', '/api/runs/report', { reports: [] })).status).toBe(400);
    expect((await stand.call('POST', '/api/runs/report', { reports: Array.from({ length: 201 }, (_, n) => line(n, n)) })).status).toBe(400);
  });
});
