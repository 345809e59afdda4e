/** A whole Mainspring for a benchmark: the built product, started and stopped as a person would. */
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSecrets, plainSealer } from '#main/store/secrets.ts';
import { nodeSpawner } from '#main/supervisor/node-spawner.ts';
import type { Child } from '#main/supervisor/spawner.ts';
import { openDb, type Db } from '#chassis/db.ts';

/** The repository's top folder. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
/** The built command line; the environment names another build to compare with. */
const PROGRAM = process.env['BENCH_PROGRAM'] ?? path.join(ROOT, 'dist', 'main', 'headless.mjs');
const END_LIMIT_MS = 60_000;

/** A started stack. Times in milliseconds by the wall. */
export type BenchStack = {
  readonly pid: number;
  readonly dataDir: string;
  /** From the start of the process to its word that all parts are healthy. */
  readonly healthyMs: number;
  readonly dashboard: string;
  /** Resolves at the end of the replay; the stack stays up. */
  replayed(limitMs: number): Promise<void>;
  book(): Promise<Db>;
  /** Asks it to stop and waits for the end; how long that took. */
  stop(): Promise<number>;
};

/** How to start. `replay`: a folder of recorded bars. `speed`: times real time. */
export type StackOptions = { readonly dataDir: string; readonly replay?: string; readonly speed?: number | 'max'; readonly env?: Readonly<Record<string, string>> };

/** A fresh data folder that the databases' user can pass through. */
export function freshDataDir(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'ms-bench-'));
  chmodSync(folder, 0o755);
  return folder;
}

/** Removes a data folder or a folder of bars of ours. */
export function removeDir(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

type Waiter = { readonly key: string; resolve(value: unknown): void; reject(error: Error): void };

/** Reads one JSON document per line and hands each to whoever waits for its key. */
function followLines(child: Child): (key: string, limitMs: number) => Promise<unknown> {
  const seen = new Map<string, unknown>();
  const waiters: Waiter[] = [];
  let rest = '';
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString('utf8')).slice(-2_000);
  });
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines.filter((text) => text.startsWith('{'))) {
      const document = JSON.parse(line) as Record<string, unknown>;
      for (const key of Object.keys(document)) seen.set(key, key === 'replay' ? document[key] : document);
    }
    for (const waiter of [...waiters]) if (seen.has(waiter.key)) waiter.resolve(seen.get(waiter.key));
  });
  child.onEnd((end) => {
    for (const waiter of waiters) waiter.reject(new Error(`Mainspring ended (code ${end.code ?? 'none'}) before it said "${waiter.key}"\n${errors}`));
  });
  return (key, limitMs) =>
    new Promise((resolve, reject) => {
      if (seen.has(key)) return resolve(seen.get(key));
      const timer = setTimeout(() => reject(new Error(`Not within ${limitMs} ms: "${key}"\n${errors}`)), limitMs);
      waiters.push({ key, reject, resolve: (value) => { clearTimeout(timer); resolve(value); } });
    });
}

async function bookOf(dataDir: string, port: number): Promise<Db> {
  const vault = await openSecrets(path.join(dataDir, 'vault.json'), plainSealer);
  return openDb({
    access: { host: path.join(dataDir, 'run', 'sock'), port, user: 'mainspring', password: vault.get('postgres') ?? '', tradingDb: 'trading_system', orchestratorDb: 'orchestrator' },
    database: 'trading_system', schema: null, applicationName: 'bench', max: 1, onLost: () => undefined,
  });
}

function ended(child: Child): Promise<void> {
  return new Promise((resolve) => child.onEnd(() => resolve()));
}

/** Starts the product and waits until all its parts are healthy. */
export async function startStack(options: StackOptions): Promise<BenchStack> {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing. Remedy: npm run build`);
  const { dataDir, replay, speed = 'max' } = options;
  const args = [PROGRAM, 'start', '--data', dataDir, '--json', ...(replay === undefined ? [] : ['--replay', replay, '--speed', String(speed), '--keep'])];
  const before = performance.now();
  const env = Object.fromEntries(Object.entries({ ...process.env, MALLOC_ARENA_MAX: '1', NODE_COMPILE_CACHE: path.join(path.dirname(PROGRAM), '..', '.compile-cache'), ...options.env }).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const child = nodeSpawner().start({ kind: 'program', command: process.execPath, args: ['--max-semi-space-size=1', '--v8-pool-size=1', ...args], env, cwd: ROOT });
  const said = followLines(child);
  const up = (await said('healthy', 120_000)) as { healthy: boolean; dashboard: string; pid: number; checks: { part: string; ok: boolean; detail: string }[] };
  const healthyMs = performance.now() - before;
  const bad = up.checks.filter((check) => !check.ok);
  if (!up.healthy) throw new Error(`Not healthy: ${bad.map((check) => `${check.part}: ${check.detail}`).join('; ')}`);
  const port = Number(/port (\d+)/.exec(up.checks.find((check) => check.part === 'PostgreSQL')?.detail ?? '')?.[1]);
  const stop = async (): Promise<number> => {
    const began = performance.now();
    child.signal('SIGINT');
    const limit = setTimeout(() => void child.signal('SIGKILL'), END_LIMIT_MS);
    await ended(child);
    clearTimeout(limit);
    return performance.now() - began;
  };
  return { pid: up.pid, dataDir, healthyMs, dashboard: up.dashboard, replayed: async (limitMs) => void (await said('replay', limitMs)), book: () => bookOf(dataDir, port), stop };
}
