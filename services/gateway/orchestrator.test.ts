/** The orchestrator as the gateway asks it: what goes out, and what becomes of each kind of answer. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { createOrchestrator } from './orchestrator.ts';

const asked: { line: string; token: string | undefined; body: string }[] = [];
let answer: { status: number; body: string } = { status: 200, body: '{}' };
let server: Server;
let port = 0;
const config = (units: RuntimeConfig['units']): RuntimeConfig => ({
  unit: 'gateway', instanceId: 'i', version: '0', dataDir: '/tmp', mode: 'demo', postgres: { host: '/tmp', port: 1, tradingDb: 't', orchestratorDb: 'o', user: 'u', password: '' }, redis: { host: '127.0.0.1', port: 1, tls: false },
  units, internalToken: 'internal', logLevel: 'info', logRetentionDays: 30,
});

describe('the orchestrator, asked by the gateway', () => {
  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => {
        asked.push({ line: `${request.method ?? ''} ${request.url ?? ''}`, token: request.headers.authorization, body });
        response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => server.close());
  const orchestrator = (): ReturnType<typeof createOrchestrator> => createOrchestrator(config({ orchestrator: { host: '127.0.0.1', port } }));

  it('is asked with the internal token, by the contract', async () => {
    answer = { status: 200, body: '{"runId":"run_backtest:manual:k"}' };
    expect(await orchestrator().ask('runFlow', { flow: 'run_backtest', input: { days: 1 }, idempotencyKey: 'press-123', actor: 'browser:1' })).toEqual({ runId: 'run_backtest:manual:k' });
    expect(asked.at(-1)).toEqual({ line: 'POST /api/deployments/run_backtest/run', token: 'Bearer internal', body: '{"input":{"days":1},"idempotencyKey":"press-123","actor":"browser:1"}' });
    answer = { status: 200, body: '{"lines":[]}' };
    expect(await orchestrator().ask('runLogs', { runId: 'a:b', afterSeq: 3 })).toEqual({ lines: [] });
    expect(asked.at(-1)).toMatchObject({ line: 'GET /api/runs/a%3Ab/logs?afterSeq=3', body: '' });
  });

  it('hands refusals on with their code, and takes what it does not know for a moment\'s trouble', async () => {
    answer = { status: 409, body: '{"error":{"code":"VERSION_CONFLICT","message":"It has ended","family":"conflict"}}' };
    await expect(orchestrator().ask('cancelRun', { runId: 'x' })).rejects.toMatchObject({ code: 'VERSION_CONFLICT', message: 'It has ended', family: 'conflict' });
    answer = { status: 500, body: '{"error":{"code":"OF_A_LATER_VERSION","message":"?"}}' };
    await expect(orchestrator().ask('runs', {})).rejects.toMatchObject({ family: 'temporary' });
    answer = { status: 200, body: 'no JSON' };
    await expect(orchestrator().ask('runs', {})).rejects.toMatchObject({ code: 'UNIT_TIMEOUT' });
  });

  it('may be away, or no part of the installation', async () => {
    await expect(createOrchestrator(config({ orchestrator: { host: '127.0.0.1', port: 1 } })).ask('deployments', {})).rejects.toMatchObject({ code: 'UNIT_TIMEOUT', family: 'temporary' });
    await expect(createOrchestrator(config({})).ask('deployments', {})).rejects.toMatchObject({ code: 'UNIT_NOT_FOUND' });
  });
});
