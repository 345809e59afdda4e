/** Experiment: what a dead stack may leave behind. Foreign processes under our old numbers, dead sockets, half-written files: the next start works, and no stranger is touched. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { layoutOf } from '#main/store/data-folder.ts';
import { isAlive } from '../support/fake-stack.ts';
import { freshDataDir, removeDataDir, startStack } from '../support/stack.ts';
import { timesWithin } from './experiment.ts';
import type { Experiment } from './experiment.ts';
import { freeze, killAll } from './processes.ts';

/** Who runs our PostgreSQL when root started it: a stranger of the same user is what fools PostgreSQL itself. */
function databaseUser(): { uid: number; gid: number } | Record<string, never> {
  if (process.getuid?.() !== 0) return {};
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  const [, , uid, gid] = (lines.find((line) => line.startsWith('postgres:')) ?? lines.find((line) => line.startsWith('nobody:')) ?? '').split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

/** What lies about after a bad end. Each is planted over what a killed stack has left; all get the number of a stranger's process. */
const REMAINS: Readonly<Record<string, (dataDir: string, stranger: number) => void>> = {
  'postmaster.pid with a stranger in it': (dataDir, stranger) => {
    const home = path.join(dataDir, 'postgres');
    const file = readdirSync(home, { recursive: true, encoding: 'utf8' }).find((name) => path.basename(name) === 'postmaster.pid');
    if (file === undefined) throw new Error('A killed PostgreSQL has left no postmaster.pid: there is nothing to spoil');
    const [, ...rest] = readFileSync(path.join(home, file), 'utf8').split('\n');
    writeFileSync(path.join(home, file), [stranger, ...rest].join('\n'));
  },
  'run files with a stranger in them': (dataDir, stranger) => {
    const { runFolder } = layoutOf(dataDir);
    for (const name of readdirSync(runFolder).filter((one) => /^[a-z_]+\.\d+\.json$/.test(one))) {
      const file = path.join(runFolder, name);
      const content = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
      writeFileSync(path.join(runFolder, name.replace(/\d+/, String(stranger))), JSON.stringify({ ...content, pid: stranger }));
    }
    writeFileSync(path.join(runFolder, `gateway.${stranger}.json`), '{"unit":"gateway","pid":');
  },
  'half-written files': (dataDir) => {
    writeFileSync(`${layoutOf(dataDir).vaultFile}.1-0123456789ab.new`, '{"secrets":{"post');
    writeFileSync(path.join(dataDir, 'preferences.json'), '{"mo');
    writeFileSync(path.join(dataDir, 'redis', 'redis.conf'), 'port 0\nunixso');
  },
  'a dead socket where the door was': (dataDir) => {
    if (!existsSync(layoutOf(dataDir).door)) writeFileSync(layoutOf(dataDir).door, '');
  },
};

async function startOver(dataDir: string): Promise<number> {
  const began = performance.now();
  const stack = startStack({ dataDir });
  await stack.announced();
  const tookMs = performance.now() - began;
  await killAll(freeze(stack.pid));
  await stack.exited();
  return tookMs;
}

/** What a dead stack may leave behind. */
export const staleFiles: Experiment = {
  id: 'stale', what: 'after a kill: strangers under our numbers, dead sockets, half-written files', target: 'every start works (<= 12 s), no stranger is touched', full: 20,
  async run({ count, tell }) {
    const dataDir = await freshDataDir();
    const boots: number[] = [];
    const broken: string[] = [];
    const strangers: ChildProcess[] = [];
    try {
      await startOver(dataDir);
      for (let n = 0; n < count; n += 1) {
        const stranger = spawn('sleep', ['600'], { stdio: 'ignore', ...databaseUser() });
        strangers.push(stranger);
        for (const plant of Object.values(REMAINS)) plant(dataDir, stranger.pid ?? 0);
        boots.push(await startOver(dataDir));
        if (!isAlive(stranger.pid ?? 0)) broken.push(`a stranger (start ${n + 1}) was ended`);
        tell(`${String(n + 1).padStart(4)}  up after ${Math.round(boots.at(-1) ?? 0)} ms over ${Object.keys(REMAINS).join(', ')}`);
      }
    } finally {
      for (const stranger of strangers) stranger.kill('SIGKILL');
    }
    removeDataDir(dataDir);
    return { runs: count, faults: count * Object.keys(REMAINS).length, orders: 0, fills: 0, lost: [], doubled: [], broken, measures: [timesWithin('up', boots, 1, 12_000)] };
  },
};
