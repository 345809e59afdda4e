/** What the orchestrator answers: runs that people start, repeat and end; settings and who changed them; lists that stay quick among many runs. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flowSettingsSchema, runQuerySchema, type DeploymentView, type FlowChange, type FlowDay, type FlowRun, type FlowRunDetail, type RunLogLine } from '#app/contracts/flows.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { viewDeployments } from '../../services/orchestrator/deployment-views.ts';
import { listStatement } from '../../services/orchestrator/runs.ts';
import { seedRuns } from '../support/many-runs.ts';
import { startStand, TOKEN, type Stand, type Worker } from './stand.ts';

let stand: Stand;
let worker: Worker;
const id = encodeURIComponent;
const FLOW = '/api/deployments/reconcile_trades';

type Page = { runs: FlowRun[]; nextCursor: string | null; tookMs: number };
async function list(query: Record<string, string | number>): Promise<Page> {
  const { status, body } = await stand.call('GET', `/api/runs?${new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString()}`);
  expect(status).toBe(200);
  return body as unknown as Page;
}
async function deployment(): Promise<DeploymentView> {
  const { body } = await stand.call('GET', '/api/deployments');
  const view = (body['deployments'] as DeploymentView[]).find(({ name }) => name === 'reconcile_trades');
  if (!view) throw new Error('The flow is not announced');
  return view;
}
async function changes(): Promise<FlowChange[]> {
  return (await stand.call('GET', `${FLOW}/changes`)).body['changes'] as FlowChange[];
}
function retry(runId: string, body: object): ReturnType<Stand['call']> {
  return stand.call('POST', `/api/runs/${id(runId)}/retry`, body);
}

describe('the orchestrator\'s API', () => {
  beforeAll(async () => {
    stand = await startStand();
    worker = await stand.worker();
  });
  afterAll(() => stand.stop());

  it('answers under its own address only, and describes itself', async () => {
    const status = await new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port: stand.port, path: '/api/runs', headers: { host: `evil.example:${stand.port}`, authorization: `Bearer ${TOKEN}` } }, (response) => resolve(response.statusCode)).on('error', reject).end();
    });
    expect(status).toBe(401);
    expect((await stand.call('GET', '/openapi.json', undefined, 'wrong')).status).toBe(401);
    const { body } = await stand.call('GET', '/openapi.json');
    expect(body).toMatchObject({ openapi: '3.1.0', paths: { '/api/runs': { get: { operationId: 'runs' } }, '/api/runs/{runId}/retry': { post: { operationId: 'retryRun' } }, '/api/deployments/{flow}/settings': { post: {} } } });
  });

  it('keeps everything but health and metrics behind the internal token', async () => {
    for (const path of ['/api/deployments', '/api/runs', '/api/runs/x']) expect((await stand.call('GET', path, undefined, 'wrong')).status).toBe(401);
    expect((await stand.call('POST', `${FLOW}/run`, {}, `${TOKEN}x`)).body).toMatchObject({ error: { code: 'AUTH_INVALID', family: 'denied' } });
    expect((await stand.call('GET', '/health', undefined, 'wrong')).body).toMatchObject({ unit: 'orchestrator', ready: true });
    expect((await stand.call('GET', '/metrics', undefined, 'wrong')).body).toMatchObject({ text: 'x 1\n' });
  });

  it('checks what it is asked, names the field, and says what is not there', async () => {
    const start = (body: unknown): ReturnType<Stand['call']> => stand.call('POST', `${FLOW}/run`, body);
    expect(await start({ input: { failures: -1 } })).toMatchObject({ status: 422, body: { error: { code: 'FLOW_INPUT_INVALID', message: expect.stringMatching(/^failures: /) as string } } });
    expect(await start({ input: { weeks: 1 } })).toMatchObject({ status: 422, body: { error: { message: expect.stringMatching(/^weeks: the flow has no such parameter; it has tag, /) as string } } });
    expect((await start({ input: 'x' })).status).toBe(422);
    expect(await start({ input: {}, idempotencyKey: 'short' })).toMatchObject({ status: 400, body: { error: { issues: [{ path: 'idempotencyKey' }] } } });
    expect(await stand.call('POST', '/api/deployments/calculate_performance/run', {})).toMatchObject({ status: 404, body: { error: { code: 'FLOW_NOT_FOUND' } } });
    expect(await stand.call('GET', '/api/runs/nothing')).toMatchObject({ status: 404, body: { error: { code: 'FLOW_RUN_NOT_FOUND' } } });
    expect(await stand.call('GET', '/api/nothing')).toMatchObject({ status: 404, body: { error: { code: 'ROUTE_NOT_FOUND' } } });
    expect((await stand.call('POST', '/api/runs/report', { reports: [] })).status).toBe(400);
    for (const query of ['from=-1', 'to=9000000000000000', 'cursor=9999999999999999~x']) expect(await stand.call('GET', `/api/runs?${query}`), query).toMatchObject({ status: 400 });
    expect((await stand.call('GET', `/api/runs/${id('reconcile_trades:-000001-01-01T00:00:00.000Z')}`)).status).toBe(404);
    expect(await stand.call('POST', '/api/runs/report', { reports: Array.from({ length: 201 }, (_, at) => ({ kind: 'progress', runId: 'r', at, done: 1, total: 2 })) })).toMatchObject({ status: 400 });
    expect(await stand.call('POST', '/api/runs/report', { filler: 'x'.repeat(1_100_000) })).toMatchObject({ status: 400, body: { error: { code: 'INPUT_TOO_LARGE' } } });
    expect(await stand.call('POST', '/api/deployments/announce', { owner: 'execution', deployments: [{ ...(await deployment()), name: 'run_backtest' }] })).toMatchObject({ status: 400, body: { error: { message: expect.stringMatching(/belongs to analytics/) as string } } });
  });

  it('starts one run for one idempotency key, however often it is pressed', async () => {
    const press = (tag: string): ReturnType<Stand['call']> => stand.call('POST', `${FLOW}/run`, { input: { tag }, idempotencyKey: 'button-1' });
    const [a, b] = await Promise.all([press('pressed'), press('pressed')]);
    expect(a.body).toEqual({ runId: 'reconcile_trades:manual:button-1' });
    expect(b.body).toEqual(a.body);
    await stand.ended('reconcile_trades:manual:button-1');
    expect((await press('pressed')).body).toEqual(a.body);
    expect(await press('other')).toMatchObject({ status: 409, body: { error: { code: 'IDEMPOTENCY_CONFLICT' } } });
    expect(stand.effects('pressed')).toEqual(['one', 'two#1', 'three']);
  });

  it('shows a failure with its code, step, cause and what to do, and goes on from the step that failed', async () => {
    const runId = await stand.run({ tag: 'mended', failures: 3 });
    const run = await stand.ended(runId);
    expect(run).toMatchObject({ state: 'FAILED', failure: { message: 'planted failure 3', code: 'BROKER_UNREACHABLE', step: 'two', causes: [], remedy: expect.stringMatching(/Retry from the failed step/) as string } });
    const again = await retry(runId, { idempotencyKey: 'mend-it-1', actor: 'anna' });
    expect(again).toMatchObject({ status: 200, body: { runId: `${runId}:again` } });
    // Asked again with the same key, whatever became of it: the same try.
    await stand.ended(`${runId}:again`);
    expect(await retry(runId, { idempotencyKey: 'mend-it-1', actor: 'anna' })).toEqual(again);
    expect(await retry(runId, { idempotencyKey: 'mend-it-1', fromStep: 0 })).toMatchObject({ status: 409, body: { error: { code: 'IDEMPOTENCY_CONFLICT' } } });
    const repeated = await stand.see(`${runId}:again`, 'its steps', (seen) => seen.steps.length === 2);
    expect(repeated).toMatchObject({ trigger: 'retry', retryOf: runId, latenessMs: null, parentRunId: null });
    expect((await stand.see(runId, 'its retries', () => true)).retriedAs).toEqual([`${runId}:again`]);
    expect(stand.effects('mended').filter((effect) => effect === 'one')).toHaveLength(1);
  });

  it('goes on from a chosen step, also of a run that completed; refuses a step that is not there', async () => {
    const runId = await stand.run({ tag: 'chosen' });
    const run = await stand.ended(runId);
    expect(await retry(runId, {})).toMatchObject({ status: 409, body: { error: { message: expect.stringMatching(/choose the step/) as string } } });
    expect(await retry(runId, { fromStep: 17 })).toMatchObject({ status: 400, body: { error: { message: expect.stringMatching(/^fromStep: .*one.*two.*three/) as string } } });
    const fromStep = run.steps[1]?.index;
    const once = { fromStep, idempotencyKey: 'chosen-once' };
    const answers = await Promise.all(Array.from({ length: 4 }, () => retry(runId, once)));
    const [a] = answers;
    expect(answers).toEqual(answers.map(() => ({ status: 200, body: { runId: `${runId}:again` } })));
    expect((await stand.ended(String(a?.body['runId']))).state).toBe('COMPLETED');
    expect((await retry(runId, once)).body).toEqual(a?.body);
    expect(stand.effects('chosen')).toEqual(['one', 'two#1', 'three', 'two#1', 'three']);
    expect((await retry(runId, { fromStep: 0 })).body).toEqual({ runId: `${runId}:again:2` });
    expect((await stand.ended(`${runId}:again:2`)).state).toBe('COMPLETED');
  });

  it('gives the live log piece by piece, with its fields', async () => {
    const runId = await stand.run({ tag: 'told' });
    await stand.see(runId, 'its log', (run) => run.logs.length > 0);
    const after = async (seq: number): Promise<RunLogLine[]> => (await stand.call('GET', `/api/runs/${id(runId)}/logs?afterSeq=${seq}`)).body['lines'] as RunLogLine[];
    const [first] = await after(0);
    expect(first).toMatchObject({ level: 'info', message: 'The run begins', fields: { tag: 'told' } });
    const last = (await after(0)).at(-1)?.seq ?? 0;
    expect(await after(last)).toEqual([]);
    // What no database takes: the letter zero, half of a letter. And one request that tells of the same step twice.
    const at = Date.now();
    const attempt = { kind: 'attempt', runId, stepIndex: 9, name: 's\0', error: null, nextAttemptAt: null };
    const line = { kind: 'log', runId, at, lineId: 'odd', level: 'warn', message: 'odd \0 and \ud83d', fields: { 'a\0': ['\udc00'], b: { c: 'x\0' } } };
    const reports = [{ ...attempt, at, attempt: 1 }, { ...attempt, at: at + 5, attempt: 2 }, { ...attempt, at: at + 3, attempt: 1 }, line];
    for (let n = 0; n < 2; n += 1) expect(await stand.call('POST', '/api/runs/report', { reports })).toMatchObject({ status: 200 });
    expect(await after(last)).toMatchObject([{ message: 'odd  and \ufffd', fields: { a: ['\ufffd'], b: { c: 'x' } } }]);
    expect((await stand.see(runId, 'the step', () => true)).steps.find((step) => step.index === 9)).toMatchObject({ name: 's', attempts: 2, startedAt: at });
    expect((await stand.call('GET', '/api/runs?search=%00')).status).toBe(400);
  });

  it('ends what a cancelled run had started, also what still waits', async () => {
    const parent = await stand.run({ tag: 'parent', waitFor: 'never' });
    await stand.see(parent, 'to run', (run) => run.state === 'RUNNING');
    const child = `${parent}/execute_trades`;
    const grandchild = `${child}/analyze_trades`;
    const start = (runId: string, flow: 'execute_trades' | 'analyze_trades', parentRunId: string): Promise<void> =>
      stand.parts.engine.start({ flow, runId, call: { input: { tag: 'x' }, scheduledFor: null }, trigger: 'parent', timeoutMs: 60_000, parentRunId });
    await start(grandchild, 'analyze_trades', child);
    await stand.db.query("UPDATE dbos.workflow_status SET status = 'DELAYED', delay_until_epoch_ms = 9999999999999 WHERE workflow_uuid = $1", [grandchild]);
    await start(child, 'execute_trades', parent);
    expect((await stand.call('POST', `/api/runs/${id(parent)}/cancel`, { actor: 'anna' })).status).toBe(200);
    for (const runId of [parent, grandchild]) expect((await stand.ended(runId)).state).toBe('CANCELLED');
    const shown = await stand.see(parent, 'its children', (run) => run.children.length === 1);
    expect(shown.children[0]).toMatchObject({ runId: child, trigger: 'parent', parentRunId: parent });
    expect(shown.failure).toBeNull();
    expect((await list({ parentRunId: child })).runs.map((run) => run.runId)).toEqual([grandchild]);
    expect((await changes())[0]).toMatchObject({ what: 'run_cancelled', actor: 'anna', runId: parent });
  });

  it('puts settings in force, refuses those that do not fit, and remembers who did what', async () => {
    const before = await deployment();
    const settings = flowSettingsSchema.parse({ ...before.defaults, retries: 0, schedule: { kind: 'session', anchor: 'close', offsetMinutes: 15 }, input: { tag: 'by-plan' } });
    expect(await stand.call('POST', `${FLOW}/settings`, { settings: { ...settings, input: { unknown: 1 } } })).toMatchObject({ status: 422, body: { error: { message: expect.stringMatching(/^input\.unknown: /) as string } } });
    expect(await stand.call('POST', `${FLOW}/settings`, { settings: { ...settings, input: { tag: 'a\0b' } } })).toMatchObject({ status: 422, body: { error: { message: expect.stringMatching(/cannot be stored/) as string } } });
    expect(await stand.call('POST', `${FLOW}/settings`, { settings: { ...settings, schedule: { kind: 'cron', cron: '99 * * * *' } } })).toMatchObject({ status: 400, body: { error: { code: 'SCHEDULE_INVALID' } } });
    expect(await stand.call('POST', `${FLOW}/settings`, { settings: { ...settings, retries: 11 } })).toMatchObject({ status: 400, body: { error: { issues: [{ path: 'settings.retries' }] } } });
    expect(await stand.call('POST', `${FLOW}/settings`, { settings, actor: 'anna' })).toMatchObject({ status: 200, body: { accepted: true } });
    const view = await deployment();
    expect(view).toMatchObject({ isCustom: true, retries: 0, defaults: before.defaults, scheduleText: '15 minutes after the close (half days too)' });
    expect(view.nextRunsAt).toHaveLength(5);
    // A run by hand obeys the new number of tries.
    const run = await stand.ended(await stand.run({ tag: 'once', failures: 1 }));
    expect(run.state).toBe('FAILED');
    expect(stand.effects('once')).toEqual(['one', 'two#1']);
    for (const verb of ['pause', 'pause', 'resume']) expect((await stand.call('POST', `${FLOW}/${verb}`, { actor: 'ben' })).status).toBe(200);
    expect(await stand.call('POST', `${FLOW}/settings`, { settings: null, actor: 'ben' })).toMatchObject({ status: 200 });
    expect(await deployment()).toMatchObject({ isCustom: false, retries: before.retries, schedule: before.schedule });
    const [reset, resumed, paused, started, saved] = await changes();
    expect([reset?.what, resumed?.what, paused?.what, started?.what, saved?.what]).toEqual(['settings_reset', 'resumed', 'paused', 'run_started', 'settings_saved']);
    expect(saved).toMatchObject({ actor: 'anna', detail: expect.stringMatching(/retries: 0/) as string });
  });

  it('previews a schedule, good or bad', async () => {
    const preview = async (schedule: unknown): Promise<Record<string, unknown>> => (await stand.call('POST', '/api/schedules/preview', { schedule })).body;
    expect(await preview({ kind: 'interval', everyMinutes: 5 })).toMatchObject({ text: 'Every 5 minutes', problem: null });
    expect(await preview({ kind: 'cron', cron: 'nonsense' })).toMatchObject({ text: null, nextRunsAt: [], problem: expect.stringMatching(/nonsense/) as string });
    expect(await preview({ kind: 'cron', cron: '0 0 30 2 *' })).toMatchObject({ nextRunsAt: [], problem: expect.stringMatching(/30 February/) as string });
    expect(await preview(null)).toMatchObject({ text: null, problem: expect.any(String) as string });
  });

  describe('among many runs', () => {
    const NOW = Date.now();
    const COUNT = 20_000;
    beforeAll(async () => {
      await worker.stop();
      await stand.db.query('DELETE FROM dbos.workflow_status');
      await stand.db.query('DELETE FROM flows.run_notes');
      await seedRuns(stand.db, NOW, COUNT);
    });

    it('finds the rows of every filter by an index', async () => {
      const day = 86_400_000;
      const queries = [
        {}, { flow: 'run_backtest' }, { owner: 'analytics' }, { states: 'FAILED' }, { states: 'COMPLETED' }, { states: 'RUNNING,PENDING,LATE' }, { flow: 'run_backtest', states: 'FAILED,CRASHED' }, { trigger: 'retry' },
        { owner: 'analytics', trigger: 'retry' }, { from: NOW - 3 * day, to: NOW - 2 * day }, { flow: 'run_backtest', search: '77' }, { search: 'seed-1777' }, { parentRunId: 'generate_reports:parent-5' }, { cursor: `${NOW - day}~x` },
      ];
      for (const query of queries) {
        const { text, params } = listStatement(runQuerySchema.parse(query), NOW as EpochMs);
        const plan = (await stand.db.query<Record<string, string>>(`EXPLAIN ${text}`, params)).map((row) => row['QUERY PLAN']).join('\n');
        expect(plan, JSON.stringify(query)).not.toContain('Seq Scan on workflow_status');
      }
      expect((await list({ states: 'COMPLETED' })).tookMs).toBeLessThan(1_000);
    });

    it('pages through everything once, newest first, skipped ticks among the runs', async () => {
      const at = (n: number): string => new Date(NOW - n * 26_000 - 13_000).toISOString();
      for (let n = 0; n < 5; n += 1) await stand.db.query("INSERT INTO flows.skipped_ticks VALUES ('run_backtest', $1, $2, 'It was busy', now())", [at(n * 40), n + 1]);
      const seen: FlowRun[] = [];
      let cursor: string | null = null;
      do {
        const page: Page = await list({ limit: 90, from: NOW - 200 * 26_000, ...(cursor === null ? {} : { cursor }) });
        seen.push(...page.runs);
        cursor = page.nextCursor;
      } while (cursor !== null);
      expect(new Set(seen.map((run) => run.runId)).size).toBe(seen.length);
      const moments = seen.map((run) => (run.trigger === 'schedule' ? (run.scheduledFor ?? run.createdAt) : run.createdAt));
      expect(moments).toEqual([...moments].sort((a, b) => b - a));
      expect(seen.filter((run) => run.state === 'SKIPPED')).toHaveLength(5);
      expect(seen.length).toBeGreaterThan(195);
      const [skipped] = (await list({ states: 'SKIPPED', search: 'busy' })).runs;
      expect(skipped).toMatchObject({ state: 'SKIPPED', error: 'It was busy' });
      expect((await stand.call('GET', `/api/runs/${id(skipped?.runId ?? '')}`)).body).toMatchObject({ ...skipped, steps: [], logs: [] });
      // A note beside a run, as a scheduler leaves it that died in the wrong moment: the run is what happened, in lists and in its detail.
      const { runId, scheduledFor } = (await list({ flow: 'run_backtest', trigger: 'schedule', states: 'COMPLETED', limit: 1 })).runs[0] ?? { runId: '', scheduledFor: 0 };
      const sameId = `run_backtest:${new Date(scheduledFor ?? 0).toISOString()}`;
      await stand.db.query('UPDATE dbos.workflow_status SET workflow_uuid = $2 WHERE workflow_uuid = $1', [runId, sameId]);
      await stand.db.query("INSERT INTO flows.skipped_ticks VALUES ('run_backtest', $1, 1, 'It was busy', now())", [new Date(scheduledFor ?? 0).toISOString()]);
      expect((await stand.call('GET', `/api/runs/${id(sameId)}`)).body).toMatchObject({ state: 'COMPLETED' });
      expect(await stand.call('GET', '/api/runs?cursor=broken')).toMatchObject({ status: 400 });
      expect(await stand.call('GET', '/api/runs?states=FINE')).toMatchObject({ status: 400, body: { error: { message: expect.stringMatching(/FINE/) as string } } });
    });

    it('filters by all at once, and searches ids and the words of errors, not their stacks', async () => {
      const { runs } = await list({ owner: 'analytics', states: 'FAILED', trigger: 'schedule', limit: 20 });
      expect(runs).toHaveLength(20);
      for (const run of runs) expect(run).toMatchObject({ owner: 'analytics', state: 'FAILED', trigger: 'schedule', error: expect.stringMatching(/^The broker does not answer/) as string, latenessMs: expect.any(Number) as number });
      expect((await list({ search: 'at place -1775' })).runs.map((run) => run.runId)).toEqual([expect.stringMatching(/:seed-1775$/)]);
      expect((await list({ search: 'place.ts:10' })).runs).toEqual([]);
      expect((await list({ search: 'SEED-1_77' })).runs).toEqual([]);
      expect((await list({ search: '100%' })).runs).toEqual([]);
    });

    it('tells the state of every kind of run', async () => {
      const put = async (name: string, status: string, more: Record<string, unknown> = {}): Promise<void> => {
        const columns = { workflow_uuid: `states:${name}`, status, name: 'send_daily_summary', created_at: NOW, application_name: 'notification', executor_id: 'notification', workflow_timeout_ms: 5_000, ...more };
        const names = Object.keys(columns);
        await stand.db.query(`INSERT INTO dbos.workflow_status (${names.join(', ')}) VALUES (${names.map((_, n) => `$${n + 1}`).join(', ')})`, Object.values(columns));
      };
      await put('delayed', 'DELAYED');
      await put('waiting', 'ENQUEUED');
      await put('late', 'ENQUEUED', { created_at: NOW - 120_000 });
      await put('back', 'ENQUEUED', { recovery_attempts: 1 });
      await put('orphan', 'PENDING');
      await put('given-up', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED', { recovery_attempts: 11, completed_at: NOW });
      await put('asked', 'CANCELLED', { workflow_deadline_epoch_ms: NOW - 10, completed_at: NOW });
      await put('timed-out', 'CANCELLED', { workflow_deadline_epoch_ms: NOW - 10, completed_at: NOW });
      await put('cut', 'CANCELLED', { workflow_deadline_epoch_ms: NOW + 9_000, completed_at: NOW });
      await put('running', 'PENDING', { executor_id: 'alive' });
      await put('retrying', 'PENDING', { executor_id: 'alive' });
      await stand.db.query("INSERT INTO flows.run_notes (run_id, cancel_requested_at, updated_at) VALUES ('states:asked', now(), now())");
      await stand.db.query("INSERT INTO flows.step_notes (run_id, step_index, name, attempt, next_attempt_at, updated_at) VALUES ('states:retrying', 0, 's', 1, now(), now())");
      await stand.db.tx(async (tx) => {
        // The session of this transaction passes for that of a living worker.
        await tx.query("SET LOCAL application_name = 'dbos_transact_alive_notification'");
        await stand.db.query('SELECT 1');
        const { runs } = await list({ flow: 'send_daily_summary', search: 'states:', limit: 100 });
        expect(Object.fromEntries(runs.map((run) => [run.runId.slice(7), run.state]))).toEqual({
          delayed: 'SCHEDULED', waiting: 'PENDING', late: 'LATE', back: 'RETRYING', orphan: 'CRASHED', 'given-up': 'CRASHED', asked: 'CANCELLED', 'timed-out': 'FAILED', cut: 'CANCELLED', running: 'RUNNING', retrying: 'RETRYING',
        });
        for (const run of runs) expect((await list({ flow: 'send_daily_summary', search: run.runId, states: run.state })).runs.map((found) => found.runId)).toEqual([run.runId]);
        const detail = (await stand.call('GET', `/api/runs/${id('states:timed-out')}`)).body as unknown as FlowRunDetail;
        expect(detail.failure).toMatchObject({ message: 'It ran longer than its limit of 5 s', remedy: expect.stringMatching(/time limit/) as string });
      });
    });

    it('sums up days and shows deployments with their queue and recent runs', async () => {
      const { body } = await stand.call('GET', '/api/deployments/days?days=3');
      const days = body['days'] as FlowDay[];
      expect(new Set(days.map((day) => day.flow)).size).toBe(23);
      expect(days.every((day) => day.completed + day.failed + day.other > 0)).toBe(true);
      expect(days.find((day) => day.completed > 0)).toMatchObject({ p50Ms: 800, p95Ms: 800 });
      const [view] = await viewDeployments({ ...stand.parts, clock: { now: () => NOW as EpochMs } });
      expect(view?.recent).toHaveLength(30);
      expect(view?.recent.map((run) => run.at)).toEqual(view?.recent.map((run) => run.at).sort((a, b) => a - b));
      expect((view?.queued ?? 0) + (view?.running ?? 0)).toBeGreaterThan(0);
    });
  });
});
