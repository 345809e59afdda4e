/** `mainspring flows`: what it asks, what it shows, and what it says when it cannot. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DeploymentView, FlowRunDetail } from '#app/contracts/flows.ts';
import { answerFlows, FlowQuestionSchema } from '../flows.ts';
import { openDoor } from '../supervisor/door.ts';
import type { Door } from '../supervisor/door.ts';
import { parseCommand } from './arguments.ts';
import { listText, nextText, runsText, runText } from './flows-text.ts';
import { runFlows } from './flows.ts';

const NOW = Date.UTC(2026, 10, 23, 14, 0);
const here = { now: NOW, zone: 'Europe/Berlin' };
const settings = { schedule: null, onMissed: 'skip', overlap: 'skip', input: {}, retries: 1, timeoutMs: 60_000 } as const;
const run: FlowRunDetail = {
  runId: 'run_backtest:manual:a', flow: 'run_backtest', owner: 'analytics', state: 'FAILED', trigger: 'manual', scheduledFor: null, parentRunId: null, createdAt: NOW - 60_000, startedAt: NOW - 60_000, endedAt: NOW - 57_500,
  error: 'no bars', progress: null, latenessMs: null, input: { days: 5 }, output: null, failure: { message: 'no bars', code: 'INPUT_INVALID', step: 'read', causes: ['the table is empty'], remedy: 'Fetch first.' },
  steps: [{ index: 0, name: 'read', state: 'FAILED', startedAt: NOW - 60_000, endedAt: NOW - 57_500, attempts: 2, error: 'no bars', output: null, childRunId: null }],
  logs: [{ seq: 7, at: NOW - 59_000, level: 'warn', message: 'It is slow', fields: { rows: 3 } }], children: [], retryOf: null, retriedAs: [], dispatches: 1, timeoutMs: 60_000, deadlineAt: null,
};
const view: DeploymentView = {
  ...settings, name: 'run_backtest', owner: 'analytics', description: 'd', version: '1', retryDelayMs: 100, concurrency: 1, inputJsonSchema: {}, events: [], children: [], isShareable: false, isPaused: false, announcedAt: NOW,
  defaults: settings, isCustom: false, scheduleText: 'At 18:00', nextRunsAt: [Date.UTC(2026, 10, 23, 23, 0)], lastRun: run, recent: [], health: 'ok', healthSince: null, healthReason: null, queued: 2, running: 1, oldestQueuedAt: NOW,
};

describe('flows as text', () => {
  it('lists each flow with its schedule, next run there and here, last run and health', () => {
    const text = listText([view, { ...view, name: 'execute_trades', owner: 'execution', scheduleText: null, nextRunsAt: [], events: ['each fill'], lastRun: null, health: 'failing', healthReason: 'Its last run failed', queued: 0, running: 0 }], here);
    expect(text.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | '))).toEqual([
      'flow | service | schedule | next run, New York | here (Europe/Berlin) | last run | health',
      'run_backtest | analytics | At 18:00 | Mon 2026-11-23 18:00 | Tue 2026-11-24 00:00 | failed 57.5 s ago | ok, 1 running, 2 waiting',
      'execute_trades | execution | On each fill | - | never | failing: Its last run failed', '', '2 flows.',
    ]);
    expect(listText([view], { ...here, zone: 'America/New_York' })).not.toContain('here');
  });

  it('shows a run with its failure, what to do, steps and log', () => {
    const text = runText(run, here);
    for (const part of ['Failed in step "read": no bars (INPUT_INVALID)', 'because: the table is empty', 'What to do: Fetch first.', '2 tries', 'It is slow  {"rows":3}', '{"days":5}', '2.5 s']) expect(text).toContain(part);
    expect(runsText([run], here)).toMatch(/run_backtest:manual:a +Mon 2026-11-23 08:59 +manual +2\.5 s +FAILED {2}no bars/);
    expect(runsText([], here)).toBe('There are no such runs.');
    expect(nextText([view], here)).toMatch(/Mon 2026-11-23 18:00 +Tue 2026-11-24 00:00 +9 h 0 min +run_backtest +At 18:00/);
    expect(nextText([], here)).toBe('Nothing is scheduled.');
  });
});

describe('the command', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ms-cli-flows-'));
  const address = path.join(folder, 'door.sock');
  const asked: { method: string; url: string; body: unknown; token: string }[] = [];
  let said = '';
  let answer: { status: number; body: unknown } = { status: 200, body: {} };
  let server: Server;
  let door: Door;
  const facts = { ports: new Map<'orchestrator', number>(), internalToken: 'secret-of-this-launch' };
  const flows = (...words: string[]): Promise<number> => runFlows(parseCommand(['flows', ...words], (name) => name), { door: address, dataDir: folder });

  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        const text = Buffer.concat(chunks).toString();
        asked.push({ method: request.method ?? '', url: request.url ?? '', body: text === '' ? null : JSON.parse(text), token: request.headers.authorization ?? '' });
        response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    facts.ports.set('orchestrator', (server.address() as AddressInfo).port);
    door = await openDoor(address, (_verb, args) => answerFlows(facts, FlowQuestionSchema.parse(args)));
  });
  afterAll(async () => {
    await door.close();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    [said, asked.length] = ['', 0];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((said += String(text)), true));
  });
  afterEach(() => vi.restoreAllMocks());

  it('asks the orchestrator with the secret of the launch, as the command line', async () => {
    answer = { status: 200, body: { accepted: true } };
    expect(await flows('pause', 'run_backtest')).toBe(0);
    expect(asked).toEqual([{ method: 'POST', url: '/api/deployments/run_backtest/pause', body: { actor: 'command line' }, token: 'Bearer secret-of-this-launch' }]);
    expect(said).toContain('rests until');
    answer = { status: 200, body: { runId: 'run_backtest:manual:x' } };
    expect(await flows('run', 'run_backtest', '--input', '{"days": 5}', '--json')).toBe(0);
    expect(asked[1]).toMatchObject({ body: { input: { days: 5 }, idempotencyKey: expect.stringMatching(/^cli-/) as string } });
    expect(JSON.parse(said.slice(said.indexOf('{')))).toEqual({ runId: 'run_backtest:manual:x' });
    expect(await flows('retry', 'a:b/c', '2')).toBe(0);
    expect(asked[2]).toMatchObject({ url: '/api/runs/a%3Ab%2Fc/retry', body: { fromStep: 2 } });
  });

  it('lists by default, and filters runs', async () => {
    answer = { status: 200, body: { deployments: [view] } };
    expect(await flows()).toBe(0);
    expect(said).toContain('run_backtest');
    answer = { status: 200, body: { runs: [run], nextCursor: null, tookMs: 1 } };
    expect(await flows('runs', 'run_backtest', '--state', 'failed', '-n', '5')).toBe(0);
    expect(asked[1]).toMatchObject({ method: 'GET', url: '/api/runs?limit=5&flow=run_backtest&states=FAILED', body: null });
  });

  it('follows a run to its end, also one that was given up', async () => {
    answer = { status: 200, body: { ...run, state: 'CRASHED', lines: [] } };
    expect(await flows('logs', run.runId, '--follow')).toBe(1);
    expect(said).toContain('CRASHED: no bars');
  });

  it('hands on what the orchestrator refuses, with its code', async () => {
    answer = { status: 422, body: { error: { code: 'FLOW_INPUT_INVALID', message: 'days: too small', family: 'invalid' } } };
    await expect(flows('run', 'run_backtest')).rejects.toMatchObject({ code: 'FLOW_INPUT_INVALID', message: 'days: too small' });
    facts.ports.set('orchestrator', 1);
    await expect(flows()).rejects.toMatchObject({ code: 'UNIT_TIMEOUT', family: 'temporary' });
    facts.ports.set('orchestrator', (server.address() as AddressInfo).port);
  });

  it('refuses what it does not understand before it asks anybody', async () => {
    for (const words of [['dance'], ['run'], ['run', 'nothing'], ['show'], ['retry', 'x', 'two'], ['pause', 'run_backtest', 'now'], ['run', 'run_backtest', '--input', '{']]) await expect(flows(...words), words.join(' ')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(asked).toEqual([]);
  });

  it('says when nothing runs', async () => {
    expect(await runFlows(parseCommand(['flows'], (name) => name), { door: path.join(folder, 'nobody.sock'), dataDir: folder })).toBe(3);
    expect(said).toContain('Mainspring is not running');
  });
});
