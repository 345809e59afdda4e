/** `mainspring worker`: a second worker of a service, which takes shareable flows from the queues, on this machine or another. */
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { RuntimeConfigSchema, type RuntimeConfig } from '#app/contracts/config.ts';
import { EXIT, type ToWorker } from '#app/contracts/control.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { SERVICE_IDS } from '#app/domain/ids.ts';
import type { Layout } from '../layout.ts';
import { writeFileAtomically } from '../store/atomic-file.ts';
import { askDoor } from '../supervisor/door.ts';
import { nodeSpawner } from '../supervisor/node-spawner.ts';
import type { Child } from '../supervisor/spawner.ts';
import { workerEnvironment } from '../units/own-variables.ts';
import { refuse, type Command } from './arguments.ts';

const ASK_LIMIT_MS = 15_000;
const STOP_MS = 5_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** A worker that lived this long had started well. */
const WELL_MS = 60_000;
const OTHERS = 0o077;
const HOST_LETTERS = 8;

/** Where the command works. `door` finds the control door of the running stack. */
export type WorkerPlace = { readonly here: string; readonly layout: Layout; door(): Promise<string> };

/** `worker config SERVICE --out FILE`, `worker run FILE`. @throws AppError INPUT_INVALID, CONFIG_INVALID. */
export async function runWorker({ words, out }: Command, place: WorkerPlace): Promise<number> {
  const [verb, what, ...rest] = words;
  if (rest.length > 0 || what === undefined || (verb !== 'config' && verb !== 'run')) return refuse('Write "worker config SERVICE --out FILE" or "worker run FILE".');
  return verb === 'config' ? writeConfig(what, out, place) : work(path.resolve(place.here, what), place.layout);
}

async function writeConfig(word: string, out: string | null, place: WorkerPlace): Promise<number> {
  const service = SERVICE_IDS.find((id) => id === word) ?? refuse(`"${word}" is no service. Services: ${SERVICE_IDS.join(', ')}`);
  if (out === null) return refuse('Name the file with --out: it holds a database password, and is readable for you alone.');
  const answer = await askDoor(await place.door(), 'workerConfig', ASK_LIMIT_MS, { service });
  if (!answer) throw new AppError('INPUT_INVALID', 'Mainspring is not running: its ports and passwords of this launch are not known. Start it first.');
  writeFileAtomically(out, `${JSON.stringify(RuntimeConfigSchema.parse(answer.result), null, 2)}\n`);
  process.stdout.write(`${out} is written, for your eyes only. On another machine put its way to PostgreSQL (postgres.host, postgres.port) and to the orchestrator (units.orchestrator) there.\n`);
  return EXIT.ok;
}

/** The configuration in a file that nobody else may read. @throws AppError CONFIG_INVALID (operator) with the remedy. */
export function readWorkerConfig(file: string): RuntimeConfig {
  let text: string;
  try {
    const { mode } = statSync(file);
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0) throw new AppError('CONFIG_INVALID', `${file} holds a password and others may read it. Run: chmod 600 ${file}`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('CONFIG_UNREADABLE', `${file} cannot be read (${describeError(error)}). "mainspring worker config" writes one.`, { cause: error });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new AppError('CONFIG_INVALID', `${file} is no JSON (${describeError(error)}). "mainspring worker config" writes one.`, { cause: error });
  }
  const config = RuntimeConfigSchema.safeParse(json);
  const problem = config.error?.issues[0];
  if (!config.success) throw new AppError('CONFIG_INVALID', `${file}: ${problem?.path.join('.') ?? ''} ${problem?.message ?? 'is not valid'}`);
  return config.data;
}

/** A name that no other worker has, and that says where it is. A worker that starts again is a new one: what it left is finished by others. */
function newWorkerName(): string {
  const host = hostname().toLowerCase().replaceAll(/[^a-z0-9]/g, '').slice(0, HOST_LETTERS);
  return `${host === '' ? 'host' : host}-${randomBytes(3).toString('hex')}`;
}

async function work(file: string, layout: Layout): Promise<number> {
  const config = readWorkerConfig(file);
  const stopping = new AbortController();
  const running: { child: Child | null } = { child: null };
  const stop = (): void => {
    stopping.abort();
    const message: ToWorker = { type: 'stop', deadlineMs: STOP_MS, reason: 'asked in the terminal' };
    running.child?.send(message);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  const spawner = nodeSpawner();
  for (let failures = 0; !stopping.signal.aborted;) {
    const startedAt = performance.now();
    const child = spawner.start({ kind: 'worker', module: layout.workerEntry(config.unit), name: config.unit, nodeFlags: [], v8Flags: [], env: workerEnvironment(), cwd: layout.workFolder });
    running.child = child;
    const code = await live(child, { ...config, extraWorker: { id: newWorkerName() } });
    if (stopping.signal.aborted || code === EXIT.config) return stopping.signal.aborted ? EXIT.ok : EXIT.config;
    failures = performance.now() - startedAt > WELL_MS ? 0 : failures + 1;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
    process.stderr.write(`The worker ended (${code === null ? 'killed' : `exit code ${code}`}); it starts again in ${Math.round(pauseMs / 1_000)} s. Ctrl-C stops.\n`);
    await pause(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
  }
  return EXIT.ok;
}

const messageSchema = z.object({ type: z.string() });

function live(child: Child, config: RuntimeConfig): Promise<number | null> {
  child.stdout?.pipe(process.stdout, { end: false });
  child.stderr?.pipe(process.stderr, { end: false });
  child.onMessage((raw) => {
    const { type } = messageSchema.parse(raw);
    const init: ToWorker = { type: 'init', config };
    if (type === 'hello') child.send(init);
    if (type === 'ready') process.stdout.write(`A worker of ${config.unit} (${config.extraWorker?.id ?? ''}) is up and takes flows that may be shared. Ctrl-C stops.\n`);
  });
  return new Promise((resolve) => child.onEnd((end) => resolve(end.code)));
}
