/** The real stack as a user starts it: a headless child process on a data folder and ports of its own, watched through its control door. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { SETTING_KEYS } from '#app/contracts/setting-reader.ts';
import { VerifyCheckSchema } from '#app/contracts/health.ts';
import type { StackHealth, UnitHealth, UnitId } from '#app/contracts/health.ts';
import { lookAtBook, runningStack } from '#main/invariants/book.ts';
import type { Look } from '#main/units/postgres-look.ts';
import { ReplayEndSchema } from '#main/invariants/replay-end.ts';
import type { ReplayEnd } from '#main/invariants/replay-end.ts';
import { shareCompiled } from './compiled.ts';
import { isAlive, ownPorts } from './fake-stack.ts';
import { until } from './servers.ts';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
/** A start takes seconds on a quiet computer, and some minutes beside everything else that a busy one does. */
const START_LIMIT_MS = 150_000;
const STOP_LIMIT_MS = 60_000;
const KEPT_OUTPUT = 100_000;

const AnnouncementSchema = z.object({ healthy: z.boolean(), mode: z.string(), dashboard: z.string(), pid: z.number().int(), tookMs: z.number(), checks: z.array(VerifyCheckSchema) });
/** What `start --json` says when everything is up. */
export type Announcement = z.infer<typeof AnnouncementSchema>;

const LineSchema = z.union([z.object({ replay: ReplayEndSchema }), AnnouncementSchema]);

/** Units that can be killed: all that keep a process. */
export const KILLABLE_UNITS = ['simulator', 'execution', 'risk_management', 'strategy_engine', 'data_ingestion', 'analytics', 'gateway', 'orchestrator', 'notification', 'redis', 'postgres'] as const satisfies readonly UnitId[];
/** A unit that can be killed. */
export type KillableUnit = (typeof KILLABLE_UNITS)[number];

/** How to start. `entry` below the repository's root; `replay` is a folder of recorded bars, `speed` times real time (max when left out). */
export type StackOptions = { readonly dataDir: string; readonly replay?: string; readonly speed?: number | 'max'; readonly entry?: string; readonly isKeeping?: boolean };

/** A stack that was started. */
export type TestStack = {
  readonly dataDir: string;
  readonly pid: number;
  /** False as soon as the supervisor's process has ended. */
  isRunning(): boolean;
  /** The replay's end when it has been told. */
  replayEnd(): ReplayEnd | null;
  /** Waits until `start` has announced that everything is up. @throws when it ends before, with its output. */
  announced(limitMs?: number): Promise<Announcement>;
  /** Waits for the end of the replay and of the process. @throws when it fails, with its output. */
  finished(limitMs?: number): Promise<ReplayEnd>;
  /** Waits for the process's end; its exit code, or the signal's name. */
  exited(limitMs?: number): Promise<number | string>;
  /** Every unit's state now; null when the door is shut. */
  health(): Promise<StackHealth | null>;
  unit(id: UnitId): Promise<UnitHealth>;
  /** Sends SIGKILL to a unit's process and returns its pid. */
  killUnit(id: KillableUnit): Promise<number>;
  /** Waits until every part is ready and none of these processes is the one that a part has; false when the stack ended instead. */
  recovered(killed: readonly number[], limitMs?: number): Promise<boolean>;
  /** SIGKILL to the supervisor alone; resolves when it is gone. */
  killSupervisor(): Promise<void>;
  /** Reads the book, as its owner. */
  read<T>(ask: (query: Look['query']) => Promise<T>): Promise<T>;
  /** SIGTERM, then checks that no process that was ever seen is left. */
  stop(): Promise<number | string>;
  /** What it wrote, for the message of a failing test. */
  output(): string;
};

/** What is waited for will not come: a part was given up, or the process has ended. */
class GivenUp extends Error {}

const everything = new Set<ChildProcess>();
const folders = new Set<string>();

/** A fresh data folder below the system's temporary folder, with ports of its own in its `.env`. */
export async function freshDataDir(settings: Readonly<Record<string, string>> = {}): Promise<string> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'ms-stack-'));
  folders.add(dataDir);
  const lines = Object.entries({ ...(await ownPorts()), ...settings }).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(path.join(dataDir, '.env'), lines.join(''));
  shareCompiled(dataDir);
  return dataDir;
}

/** Removes a data folder whose stack has ended. */
export function removeDataDir(dataDir: string): void {
  rmSync(dataDir, { recursive: true, force: true });
  folders.delete(dataDir);
}

/** Ends what a failed test left running and removes its folders, unless somebody wants to look at them. To be called after each test. */
export async function cleanUp({ isKeepingFolders = false } = {}): Promise<void> {
  for (const child of everything) {
    child.kill('SIGKILL');
    await until(() => child.exitCode !== null || child.signalCode !== null, 'the stack to die');
  }
  everything.clear();
  if (!isKeepingFolders) for (const dataDir of folders) removeDataDir(dataDir);
}

/** Our own settings must come from the folder, not from the shell or the test runner. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(VITEST|NODE_OPTIONS$|NODE_V8_COVERAGE$|MAINSPRING_HOME$|INIT_CWD$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([key]) => !foreign.test(key) && !Object.hasOwn(SETTING_KEYS, key)));
}

function argumentsOf({ dataDir, replay, speed = 'max', isKeeping }: StackOptions): string[] {
  return ['start', '--json', '--data', dataDir, ...(replay === undefined ? [] : ['--replay', replay, '--speed', String(speed)]), ...(isKeeping === true ? ['--keep'] : [])];
}

/** What the child has said so far. */
type Heard = { text: string; announcement: Announcement | null; end: ReplayEnd | null; exit: number | string | null };

function listen(child: ChildProcess): Heard {
  const heard: Heard = { text: '', announcement: null, end: null, exit: null };
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    heard.text = (heard.text + chunk).slice(-KEPT_OUTPUT);
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const parsed = LineSchema.safeParse(JSON.parse(line));
      if (!parsed.success) continue;
      if ('replay' in parsed.data) heard.end = parsed.data.replay;
      else heard.announcement = parsed.data;
    }
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    heard.text = (heard.text + chunk).slice(-KEPT_OUTPUT);
  });
  child.once('exit', (code, signal) => {
    heard.exit = code ?? signal ?? 'unknown';
    everything.delete(child);
  });
  return heard;
}

/** Starts `mainspring start --json` on the data folder. Returns at once. */
export function startStack(options: StackOptions): TestStack {
  const { dataDir } = options;
  const entry = path.join(ROOT, options.entry ?? 'main/headless.ts');
  const child = spawn(process.execPath, [entry, ...argumentsOf(options)], { stdio: ['ignore', 'pipe', 'pipe'], env: cleanEnvironment(), cwd: ROOT });
  everything.add(child);
  const heard = listen(child);
  const seen = new Set<number>();
  const health = async (): Promise<StackHealth | null> => {
    if (heard.exit !== null) return null;
    const stack = await runningStack(dataDir);
    for (const unit of stack?.units ?? []) if (unit.pid !== null) seen.add(unit.pid);
    return stack;
  };
  const failed = (what: string): Error => new Error(`${what} (exit ${heard.exit ?? 'none'}). Output:\n${heard.text}`);
  const waitFor = async <T>(what: string, limitMs: number, check: () => T | null | Promise<T | null>): Promise<T> => {
    try {
      const answer = await until(async () => {
        try {
          const value = await check();
          return value === null ? null : { value };
        } catch (error) {
          if (error instanceof GivenUp) return { givenUp: error };
          throw error;
        }
      }, what, limitMs);
      if (answer.givenUp) throw answer.givenUp;
      return answer.value;
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${await stateText()}\n${heard.text}`, { cause: error });
    }
  };
  const stateText = async (): Promise<string> => (await health().catch(() => null))?.units.map((unit) => `${unit.id}: ${unit.state} ${unit.reasons.join('; ')}`).join('\n') ?? 'The door is shut';
  const exited = (limitMs = STOP_LIMIT_MS): Promise<number | string> => waitFor('the stack to end', limitMs, () => (heard.exit === null ? null : { exit: heard.exit })).then(({ exit }) => exit);
  const unit = async (id: UnitId): Promise<UnitHealth> => {
    const found = (await health())?.units.find((candidate) => candidate.id === id);
    if (!found) throw failed(`There is no unit ${id}`);
    return found;
  };
  return {
    dataDir, exited, health, unit,
    pid: child.pid ?? 0,
    isRunning: () => heard.exit === null,
    replayEnd: () => heard.end,
    output: () => heard.text,
    announced: (limitMs = START_LIMIT_MS) => waitFor('the stack to be up', limitMs, () => {
      if (heard.announcement === null && heard.exit !== null) throw new GivenUp(`The stack ended before it was up (exit ${heard.exit})`);
      return heard.announcement;
    }),
    async finished(limitMs = 600_000) {
      const exit = await waitFor('the replay to end', limitMs, async () => {
        const lost = (await health())?.units.find((candidate) => candidate.state === 'failed');
        if (lost) throw new GivenUp(`${lost.id} was given up: ${lost.reasons.join('; ')}\n${lost.lastExit?.lastLines.slice(-5).join('\n') ?? ''}`);
        return heard.exit === null ? null : { exit: heard.exit };
      });
      if (heard.end === null || typeof exit.exit !== 'number') throw failed('The replay did not come to its end');
      return heard.end;
    },
    async killUnit(id) {
      const { pid } = await unit(id);
      if (pid === null) throw failed(`${id} has no process`);
      process.kill(pid, 'SIGKILL');
      return pid;
    },
    recovered: (killed, limitMs = START_LIMIT_MS) => waitFor('every part to be ready again', limitMs, async () => {
      const stack = await health();
      if (heard.exit !== null || heard.end !== null || stack?.stopping === true) return { isUp: false };
      return stack?.healthy === true && !stack.units.some((candidate) => candidate.pid !== null && killed.includes(candidate.pid)) ? { isUp: true } : null;
    }).then(({ isUp }) => isUp),
    async killSupervisor() {
      await health();
      child.kill('SIGKILL');
      await exited();
    },
    async read(ask) {
      const stack = await health();
      if (stack === null) throw failed('Nothing runs whose book could be read');
      const look = await lookAtBook(dataDir, stack);
      try {
        return await ask(look.query);
      } finally {
        await look.close();
      }
    },
    async stop() {
      await health();
      child.kill('SIGTERM');
      const exit = await exited();
      const left = [...seen].filter(isAlive);
      if (left.length > 0) throw failed(`Processes are left: ${left.join(', ')}`);
      return exit;
    },
  };
}
