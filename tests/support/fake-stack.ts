/** A whole stack with real databases and fake workers, in a folder of its own and on ports of its own. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Notice, UnitId } from '#app/contracts/health.ts';
import { boot } from '#main/boot.ts';
import type { Stack, StackEvents } from '#main/boot.ts';
import { findLayout } from '#main/layout.ts';
import type { Layout } from '#main/layout.ts';
import { nodeSpawner } from '#main/supervisor/node-spawner.ts';
import type { Spawner } from '#main/supervisor/spawner.ts';
import { freePort } from './ports.ts';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.resolve(HERE, '..', '..');

/** Waits until the condition holds. Fails with `what` after the limit. */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const PORT_KEYS = ['POSTGRES_PORT', 'REDIS_PORT', 'SIMULATOR_PORT', 'DATA_INGESTION_PORT', 'STRATEGY_ENGINE_PORT', 'EXECUTION_PORT', 'RISK_MANAGEMENT_PORT', 'ANALYTICS_PORT', 'NOTIFICATION_PORT', 'WEB_SERVER_PORT'];

/** Settings that keep a test away from the default ports. */
export async function ownPorts(): Promise<Record<string, string>> {
  const ports = new Set<number>();
  while (ports.size <= PORT_KEYS.length) ports.add(await freePort());
  const [api, ...rest] = [...ports];
  return { ORCHESTRATOR_API_URL: `http://127.0.0.1:${api}/api`, ...Object.fromEntries(PORT_KEYS.map((key, index) => [key, String(rest[index])])) };
}

/** A fresh folder that other users can pass through, below the system's temporary folder. */
export function freshFolder(): string {
  return mkdtempSync(path.join(tmpdir(), 'ms-test-'));
}

/** Our own program with the fake worker and migrations of the test's. */
export function fakeLayout(migrationsFolder: string): Layout {
  const real = findLayout(pathToFileURL(path.join(ROOT, 'main', 'headless.ts')).href);
  return { ...real, migrationsFolder, workerEntry: () => path.join(HERE, 'fake-worker.mjs') };
}

/** Writes migration files for both databases. */
export function writeMigrations(folder: string, files: Readonly<Record<string, string>>): void {
  for (const database of ['trading_system', 'orchestrator']) mkdirSync(path.join(folder, database), { recursive: true });
  for (const [name, sql] of Object.entries(files)) writeFileSync(path.join(folder, 'trading_system', name), sql);
}

/** What fake workers shall do, by unit; see fake-worker.mjs. */
export type Behaviour = Readonly<Partial<Record<UnitId, Readonly<Record<string, unknown>>>>>;

/** Tells the fake workers what to do from their next start on. */
export function behave(dataDir: string, behaviour: Behaviour): void {
  writeFileSync(path.join(dataDir, 'fake-worker.json'), JSON.stringify(behaviour));
}

/** A running stack with what it told. */
export type FakeStack = { readonly stack: Stack; readonly notices: Notice[]; readonly dataDir: string; pidOf(id: UnitId): number; stateOf(id: UnitId): string };

/** How to start. */
export type FakeOptions = { readonly dataDir: string; readonly env: Readonly<Record<string, string>>; readonly migrationsFolder?: string; readonly events?: Partial<StackEvents>; readonly spawner?: Spawner };

/** Boots; does not wait for anything. */
export async function bootFake({ dataDir, env, migrationsFolder, events, spawner = nodeSpawner() }: FakeOptions): Promise<FakeStack> {
  const notices: Notice[] = [];
  const stack = await boot({
    dataDir,
    layout: fakeLayout(migrationsFolder ?? path.join(dataDir, 'no-migrations')),
    env,
    replay: null,
    spawner,
    events: { onUnit: () => undefined, onNotice: (notice) => notices.push(notice), onReplayDone: () => undefined, onStopAsked: () => undefined, ...events },
  });
  const unitOf = (id: UnitId) => stack.health().units.find((unit) => unit.id === id);
  return { stack, notices, dataDir, pidOf: (id) => unitOf(id)?.pid ?? 0, stateOf: (id) => unitOf(id)?.state ?? 'missing' };
}

/** Waits until every part is ready. */
export function untilHealthy(fake: FakeStack, limitMs = 30_000): Promise<void> {
  return eventually('every part is healthy', () => fake.stack.health().healthy, limitMs);
}

/** The passwords that a data folder was given, by name: from its vault as a headless start writes it. */
export function vaultOf(dataDir: string): Record<string, string> {
  const { secrets } = JSON.parse(readFileSync(path.join(dataDir, 'vault.json'), 'utf8')) as { secrets: Record<string, { value: string }> };
  return Object.fromEntries(Object.entries(secrets).map(([name, { value }]) => [name, value]));
}

/** True while a process is alive; a zombie that its new parent has not fetched yet is dead. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    if (['ESRCH', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** Removes a test's folder. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
