/** A simulator inside a test: real sockets on a free port, a paused synthetic market, its control routes as functions. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { AlpacaAccess, SimulatorSettings } from '#app/contracts/config.ts';
import { invariant } from '#app/domain/errors.ts';
import { parseRfc3339 } from '#app/domain/time.ts';
import type { FaultInput } from './faults-schema.ts';
import { openSimulator, type Simulator, type SimulatorOptions } from './simulator.ts';

/** A simulator at work. */
export type TestSimulator = {
  readonly simulator: Simulator;
  readonly access: AlpacaAccess;
  readonly url: string;
  /** Calls a control route, for example `control('step', { count: 3 })`. */
  control(name: 'step' | 'pause' | 'resume' | 'speed' | 'faults' | 'rate-limit' | 'corporate-actions' | 'transfer' | 'updated-bars' | 'late-print' | 'status', body?: object): Promise<Record<string, unknown>>;
  arm(fault: FaultInput): Promise<void>;
  step(count?: number): Promise<void>;
  /** GET with the right keys. */
  get(path: string): Promise<Response>;
  send(method: string, path: string, body?: object): Promise<Response>;
  /** Ends it as kill -9 would: nothing is closed in order. Then `startTestSimulator({ folder })` again. */
  close(): Promise<void>;
  readonly folder: string;
};

const TOKEN = 'test-token-test-token-test-token-test';
const KEYS = { keyId: 'PKTESTSIMULATOR', secretKey: 'simulator-secret' };

/** Starts one; the market is paused unless `isRunning`. Give `folder` of an earlier one to go on with its account. */
export async function startTestSimulator(over: { readonly folder?: string; readonly isRunning?: boolean; readonly settings?: Partial<SimulatorSettings>; readonly options?: Partial<SimulatorOptions> } = {}): Promise<TestSimulator> {
  const folder = over.folder ?? mkdtempSync(path.join(os.tmpdir(), 'simulator-'));
  const failures: unknown[] = [];
  // The minute in which requests are counted never ends: a test knows which one is too many.
  const wallSeconds = Date.now() / 1_000;
  const simulator = await openSimulator({
    settings: { seed: 1, startingCash: '100000', speed: 60, journalFile: path.join(folder, 'simulator.sqlite'), ...KEYS, ...over.settings },
    replay: null, internalToken: TOKEN, today: parseRfc3339('2025-11-20T18:00:00Z'), wallSeconds: () => wallSeconds, book: null, signal: new AbortController().signal,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    health: () => ({ unit: 'simulator', version: 'test', instanceId: 'test', live: true, ready: true, uptimeMs: 1, reasons: [], detail: {} }),
    metrics: async () => ({ contentType: 'text/plain', text: '' }), onFatal: (error) => failures.push(error), ...over.options,
  });
  await simulator.server.listen({ port: 0, host: '127.0.0.1' });
  const { port } = simulator.server.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const control: TestSimulator['control'] = async (name, body = {}) => {
    const response = await fetch(`${url}/sim/${name}`, { method: 'POST', headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
    const answer = (await response.json()) as Record<string, unknown>;
    invariant(response.ok, 'A control route refused', { name, answer });
    return answer;
  };
  const send = (method: string, target: string, body?: object): Promise<Response> =>
    fetch(`${url}${target}`, {
      method, headers: { 'apca-api-key-id': KEYS.keyId, 'apca-api-secret-key': KEYS.secretKey, ...(body ? { 'content-type': 'application/json' } : {}) }, ...(body ? { body: JSON.stringify(body) } : {}),
    });
  if (!over.isRunning) await control('pause');
  simulator.start().catch((error: unknown) => failures.push(error));
  return {
    simulator, url, folder, control, send,
    access: { tradingUrl: url, dataUrl: url, tradingStreamUrl: `ws://127.0.0.1:${port}/stream`, dataStreamUrl: `ws://127.0.0.1:${port}/v2/iex`, ...KEYS },
    arm: async (fault) => void (await control('faults', fault)),
    step: async (count = 1) => void (await control('step', { count })),
    get: (target) => send('GET', target),
    close: async () => {
      await simulator.close();
      invariant(failures.length === 0, 'The simulator failed inside', { failures: failures.map(String) });
    },
  };
}

/** Removes a test simulator's folder. */
export function removeTestFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
