/** Commands straight to a worker: what it answers, refuses, and what is not an answer. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UnitId } from '#app/contracts/health.ts';
import { runCommand } from './command.ts';
import type { RunFacts } from './runtime-config.ts';

const INPUT = { state: 'HALTED', reason: 'a test', idempotencyKey: 'command-test-1', actor: 'desktop' } as const;
let server: Server;
let facts: Pick<RunFacts, 'ports' | 'internalToken'>;
let answer: { status: number; text: string };
let asked: { url: string; authorization: string; body: unknown }[];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked.push({ url: `${request.method ?? ''} ${request.url ?? ''}`, authorization: request.headers.authorization ?? '', body: JSON.parse(body) });
      response.writeHead(answer.status, { 'content-type': 'application/json', location: '/elsewhere' });
      response.end(answer.text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  facts = { internalToken: 'f'.repeat(64), ports: new Map<UnitId, number>([['risk_management', (server.address() as AddressInfo).port], ['execution', 1]]) };
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const halt = (status: number, text: string): Promise<unknown> => {
  answer = { status, text };
  asked = [];
  return runCommand(facts, 'setTradingState', INPUT);
};

describe('a command', () => {
  it('goes to the worker that owns it, with the token of this run', async () => {
    expect(await halt(200, '{"version":3,"state":"HALTED"}')).toEqual({ version: 3, state: 'HALTED' });
    expect(asked).toEqual([{ url: 'POST /commands/setTradingState', authorization: `Bearer ${'f'.repeat(64)}`, body: INPUT }]);
  });

  it('hands the refusal of the worker on', async () => {
    await expect(halt(409, '{"error":{"code":"VERSION_CONFLICT","message":"Somebody was first"}}')).rejects.toMatchObject({ code: 'VERSION_CONFLICT', family: 'conflict', message: 'Somebody was first' });
    await expect(halt(500, '{"error":{"code":"SOMETHING_NEW","message":"?"}}')).rejects.toMatchObject({ code: 'INVARIANT_BROKEN' });
  });

  it('counts as unanswered when the answer cannot be read, leads elsewhere, or nobody is there', async () => {
    for (const [status, text] of [[200, '{"version":"three"}'], [200, 'ok'], [502, '<html>'], [302, '{}']] as const) await expect(halt(status, text), text).rejects.toMatchObject({ code: 'UNIT_TIMEOUT', family: 'temporary' });
    await expect(runCommand(facts, 'cancelOrder', { idempotencyKey: 'command-test-2', actor: 'desktop', clientOrderId: null })).rejects.toMatchObject({ code: 'UNIT_TIMEOUT' });
    await expect(runCommand(facts, 'setStrategyEnabled', { idempotencyKey: 'command-test-3', actor: 'desktop', strategyId: 'x', isEnabled: false })).rejects.toMatchObject({ code: 'UNIT_TIMEOUT' });
  });

  it('is not sent when it is not what the command takes', async () => {
    asked = [];
    await expect(runCommand(facts, 'setTradingState', { ...INPUT, reason: '' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(asked).toEqual([]);
  });
});
