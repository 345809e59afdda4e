/** A real worker process under test: the supervisor's side of the control channel, by hand. */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import type { FromWorker, ToWorker } from '#app/contracts/control.ts';
import type { WorkerId } from '#app/contracts/health.ts';
import { freePort } from './ports.ts';
import { until, type Book, type Wire } from './servers.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** A worker that runs. */
export type TestWorker = {
  readonly child: ChildProcess;
  readonly messages: FromWorker[];
  /** Everything it wrote, for a failing test's message. */
  output(): string;
  send(message: ToWorker): void;
  ready(deadlineMs?: number): Promise<void>;
  /** Resolves with the exit code, or the signal's name. */
  exited(deadlineMs?: number): Promise<number | string>;
  stop(): Promise<number | string>;
  kill(): Promise<void>;
};

/** Ports for every unit that listens. */
export async function freePorts(): Promise<RuntimeConfig['units']> {
  const ids = ['simulator', 'orchestrator', 'data_ingestion', 'strategy_engine', 'execution', 'risk_management', 'analytics', 'notification', 'gateway'] as const;
  const entries = await Promise.all(ids.map(async (id) => [id, { host: '127.0.0.1', port: await freePort() }] as const));
  return Object.fromEntries(entries);
}

/** The configuration of a worker over real servers; `more` overrides. The same `units` must be given to workers that talk to each other. */
export function testConfig(unit: WorkerId, servers: { book: Book; wire: Wire }, units: RuntimeConfig['units'], more: Partial<RuntimeConfig> = {}): RuntimeConfig {
  return {
    unit, instanceId: 'test', version: '0.0.0-test', dataDir: mkdtempSync(join(tmpdir(), 'ms-data-')), mode: 'demo',
    postgres: servers.book.access(unit), redis: servers.wire.access, units, internalToken: 'test-internal-token-0123456789abcdef',
    logLevel: 'info', logRetentionDays: 1, ...more,
  };
}

/** The broker access that matches a simulator in `units` with the keys of `simulatorSettings`. */
export function simulatorAccess(units: RuntimeConfig['units']): NonNullable<RuntimeConfig['alpaca']> {
  const port = units.simulator?.port ?? 0;
  return { tradingUrl: `http://127.0.0.1:${port}`, dataUrl: `http://127.0.0.1:${port}`, tradingStreamUrl: `ws://127.0.0.1:${port}/stream`, dataStreamUrl: `ws://127.0.0.1:${port}/v2/iex`, keyId: 'PKTEST', secretKey: 'test-secret' };
}

/** Simulator settings with a journal in a fresh folder. */
export function simulatorSettings(): NonNullable<RuntimeConfig['simulator']> {
  return { seed: 7, startingCash: '100000', speed: 60, journalFile: join(mkdtempSync(join(tmpdir(), 'ms-sim-')), 'journal.sqlite'), keyId: 'PKTEST', secretKey: 'test-secret' };
}

/** Starts services/<unit>/main.ts (or `entry`) and sends it its configuration. */
export function startWorker(config: RuntimeConfig, options: { entry?: string; env?: NodeJS.ProcessEnv } = {}): TestWorker {
  const entry = options.entry ?? join(root, 'services', config.unit, 'main.ts');
  const child = fork(entry, [], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: { ...process.env, ...options.env }, execArgv: [] });
  const messages: FromWorker[] = [];
  const lines: string[] = [];
  const keep = (chunk: Buffer): void => {
    lines.push(chunk.toString());
    if (lines.length > 500) lines.shift();
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  let ended: number | string | null = null;
  let isAsked = false;
  child.once('exit', (code, signal) => {
    ended = code ?? signal ?? 'unknown';
    // Whoever talks to it later fails far from the cause: its last words are told where they can be found.
    if (!isAsked && messages.some((message) => message.type === 'ready')) console.error(`${config.unit} ended by itself with ${ended}:\n${lines.slice(-40).join('')}`);
  });
  child.on('message', (message: FromWorker) => {
    messages.push(message);
    if (message.type === 'hello') child.send({ type: 'init', config } satisfies ToWorker);
  });
  const exited = (deadlineMs = 15_000): Promise<number | string> => until(() => (ended === null ? null : { ended }), `${config.unit} to exit`, deadlineMs).then((result) => result.ended);
  return {
    child, messages, exited,
    output: () => lines.join(''),
    send: (message) => void child.send(message),
    async ready(deadlineMs = 20_000) {
      await until(() => {
        if (ended !== null) throw new Error(`${config.unit} ended with ${ended}:\n${lines.join('')}`);
        return messages.some((message) => message.type === 'ready');
      }, `${config.unit} to be ready`, deadlineMs).catch((error: unknown) => {
        throw new Error(`${config.unit} is not ready:\n${lines.join('')}`, { cause: error });
      });
    },
    async stop() {
      isAsked = true;
      if (ended === null && child.connected) child.send({ type: 'stop', deadlineMs: 5_000, reason: 'test' } satisfies ToWorker);
      return exited();
    },
    async kill() {
      isAsked = true;
      child.kill('SIGKILL');
      await exited();
    },
  };
}
