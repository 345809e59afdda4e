/** Back-tests of the studio on the real stack, through the gateway: started, followed to their curve and to their verdict, looked at bar by bar, cancelled. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HTTP, IDEMPOTENCY_HEADER, TOKEN_HEADER, type RouteName, type RouteOutput } from '#app/contracts/http.ts';
import { until } from '../support/servers.ts';
import { cleanUp, freshDataDir, startStack } from '../support/stack.ts';

let keys = 0;
let raw: (target: string, body?: object) => Promise<Response>;

/** Signs in as a browser does. */
async function signIn(link: string): Promise<typeof raw> {
  const { origin } = new URL(link);
  const cookie = (await fetch(link, { redirect: 'manual' })).headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const { token } = (await (await fetch(`${origin}/api/session`, { headers: { cookie } })).json()) as { token: string };
  return async (target, body) => {
    keys += 1;
    const headers = { cookie, origin, [TOKEN_HEADER]: token, [IDEMPOTENCY_HEADER]: `studio-test-${keys}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    return fetch(`${origin}${target}`, body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) });
  };
}

/** The answer of a route, read by its contract. */
async function ask<N extends RouteName>(name: N, target: string, body?: object): Promise<RouteOutput<N>> {
  const response = await raw(target, body);
  const text = await response.text();
  if (!response.ok) throw new Error(`${target}: ${response.status} ${text}`);
  return HTTP[name].output.parse(JSON.parse(text)) as RouteOutput<N>;
}

type Detail = RouteOutput<'backtest'>;
const detailOf = (backtestId: string): Promise<Detail> => ask('backtest', `/api/backtests/${backtestId}`);
const reached = (backtestId: string, states: readonly string[]): Promise<Detail> => until(async () => {
  const detail = await detailOf(backtestId);
  return states.includes(detail.view.state) ? detail : null;
}, `the back-test to be ${states.join(' or ')}`, 120_000);

beforeAll(async () => {
  const stack = startStack({ dataDir: await freshDataDir() });
  raw = await signIn((await stack.announced(150_000)).dashboard);
}, 180_000);
afterAll(() => cleanUp());

describe('a back-test of the studio', { timeout: 240_000 }, () => {
  let backtestId = '';
  let projectId = '';

  it('runs a version that was saved, from its first moment to its verdict', async () => {
    const { templates } = await ask('templates', '/api/templates');
    const template = templates.find(({ templateId }) => templateId.includes('cross')) ?? templates[0];
    ({ project: { projectId } } = await ask('createProject', '/api/projects', { name: 'Studio', source: { from: 'template', templateId: template?.templateId } }));
    const started = await ask('startBacktest', '/api/backtests', { request: { project: { projectId, version: 1 }, timeframe: '1Min' } });
    ({ backtestId } = started);
    // Known from the moment of the answer on, whoever is asked first.
    expect((await detailOf(backtestId)).view).toMatchObject({ backtestId, runId: started.runId });
    const done = await reached(backtestId, ['done', 'failed']);
    expect(done.view).toMatchObject({ state: 'done', problem: null, project: { projectId, version: 1 } });
    expect(done.result?.equity.length).toBeGreaterThan(10);
    expect(done.result?.verdict?.headline).toBe(done.view.headline);
    expect(done.view.ranMs).not.toBeNull();
    // What the engine took is a part of the time to the curve: the rest is starting and loading.
    expect(done.view.engineMs).toBeGreaterThanOrEqual(0);
    expect(done.view.engineMs).toBeLessThanOrEqual(Math.ceil(done.view.ranMs ?? 0));
    expect((await ask('backtests', `/api/backtests?projectId=${projectId}`)).backtests.map((view) => view.backtestId)).toEqual([backtestId]);
    expect(await ask('backtestLog', `/api/backtests/${backtestId}/log`)).toMatchObject({ dropped: 0 });
  });

  it('is looked at bar by bar', async () => {
    const { steps, isSame, total } = await ask('backtestSteps', `/api/backtests/${backtestId}/steps?count=20`);
    expect([steps.length > 0, isSame, total >= steps.length]).toEqual([true, true, true]);
  });

  it('is cancelled where it stands, and says so', async () => {
    const ranges = { fast: { from: 2, to: 100, step: 1 }, slow: { from: 101, to: 200, step: 1 } };
    const { runId, backtestId: searching } = await ask('startBacktest', '/api/backtests', { request: { kind: 'sma_cross', search: { ranges, method: 'grid' } } });
    await until(async () => ((await detailOf(searching)).progress?.done ?? 0) > 0, 'the search to be at work', 60_000);
    await ask('cancelRun', `/api/runs/${encodeURIComponent(runId)}/cancel`, {});
    expect((await reached(searching, ['cancelled', 'done', 'failed'])).view).toMatchObject({ state: 'cancelled', problem: null });
  });

  it('that cannot be run says why, and a stranger is not found', async () => {
    const { backtestId: wrong } = await ask('startBacktest', '/api/backtests', { request: { project: { projectId, version: 99 } } });
    expect((await reached(wrong, ['failed', 'done'])).view).toMatchObject({ state: 'failed', problem: { code: 'PROJECT_NOT_FOUND' } });
    const response = await raw(`/api/backtests/bt_${'0'.repeat(24)}`);
    expect([response.status, await response.text()]).toEqual([404, expect.stringContaining('BACKTEST_NOT_FOUND') as string]);
  });
});
