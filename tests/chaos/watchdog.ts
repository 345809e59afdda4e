/** Experiments for the watchdog: a part that ends at once, one that hangs, and a computer that sleeps. */
import type { UnitId } from '#app/contracts/health.ts';
import { behave, bootFake, eventually, freshFolder, isAlive, ownPorts, removeFolder, untilHealthy } from '../support/fake-stack.ts';
import type { FakeStack } from '../support/fake-stack.ts';
import { freshDataDir, removeDataDir, startStack } from '../support/stack.ts';
import { percentile, timesWithin } from './experiment.ts';
import type { Experiment, Outcome } from './experiment.ts';
import { freeze, signal } from './processes.ts';

const LOOP_LIMIT_MS = 90_000;
const WATCH_MS = 5_000;
/** Longer than the silence after which a worker is taken for dead. */
const SLEEP_MS = 17_000;
const SHOWN_UNITS: readonly UnitId[] = ['notification', 'analytics', 'gateway', 'risk_management'];
const NOTHING = { orders: 0, fills: 0, lost: [], doubled: [] } as const;

/** Real databases and supervisor, workers that do as they are told. */
async function withFakes<T>(act: (fake: FakeStack, dataDir: string) => Promise<T>): Promise<T> {
  const dataDir = freshFolder();
  const fake = await bootFake({ dataDir, env: await ownPorts() });
  try {
    await untilHealthy(fake);
    return await act(fake, dataDir);
  } finally {
    await fake.stack.stop('the experiment is over');
    removeFolder(dataDir);
  }
}

type Loop = { readonly seconds: number; readonly cpuPercent: number; readonly starts: number; readonly broken: readonly string[] };

async function crashOnce(): Promise<Loop> {
  return withFakes(async (fake, dataDir) => {
    const others = fake.stack.health().units.filter(({ id, pid }) => id !== 'analytics' && pid !== null).map(({ id, pid }) => [id, pid] as const);
    const noticesBefore = fake.notices.length;
    behave(dataDir, { analytics: { exitAtStart: 70, reason: 'as the experiment asked' } });
    const began = performance.now();
    process.kill(fake.pidOf('analytics'), 'SIGKILL');
    await eventually('the part is given up', () => fake.stateOf('analytics') === 'failed', LOOP_LIMIT_MS);
    const seconds = (performance.now() - began) / 1_000;
    const cpu = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    const used = process.cpuUsage(cpu);
    const starts = fake.stack.history({ unitId: 'analytics', limit: 100 }).filter(({ state }) => state === 'starting').length - 1;
    const notices = fake.notices.slice(noticesBefore).filter(({ unit, level }) => unit === 'analytics' && level === 'error');
    return {
      seconds, starts, cpuPercent: (used.user + used.system) / 10 / WATCH_MS,
      broken: [...others.filter(([id, pid]) => fake.pidOf(id) !== pid).map(([id]) => `${id} was started again with the crashing part`), ...(notices.length === 1 ? [] : [`${notices.length} notices: ${notices.map(({ text }) => text).join(' | ')}`])],
    };
  });
}

/** A part ends at once, whenever it is started. */
export const crashLoop: Experiment = {
  id: 'crash-loop', what: 'a part ends at once, however often it is started', target: 'given up after 5 in 60 s; CPU < 5 %; others unaffected; one notice', full: 5,
  async run({ count, tell }): Promise<Outcome> {
    const loops: Loop[] = [];
    for (let n = 0; n < count; n += 1) {
      const loop = await crashOnce();
      tell(`given up after ${loop.starts} starts in ${loop.seconds.toFixed(1)} s, the supervisor then takes ${loop.cpuPercent.toFixed(1)} % of a core`);
      loops.push(loop);
    }
    const most = (what: (loop: Loop) => number): number | null => percentile(loops.map(what), 1);
    return {
      ...NOTHING, runs: count, faults: loops.reduce((sum, { starts }) => sum + starts, 0), broken: loops.flatMap(({ broken }) => broken),
      measures: [
        { what: 'starts before it is given up', unit: 'times', value: most(({ starts }) => starts), most: 6 },
        { what: 'until given up', unit: 'ms', value: Math.round((most(({ seconds }) => seconds) ?? 0) * 1_000), most: 60_000 },
        { what: 'of a core afterwards', unit: '%', value: Math.round((most(({ cpuPercent }) => cpuPercent) ?? 0) * 10) / 10, most: 5 },
      ],
    };
  },
};

/** A part hangs. */
export const hang: Experiment = {
  id: 'hang', what: 'SIGSTOP to a worker', target: 'amber <= 6 s, replaced <= 20 s', full: 10,
  async run({ count, tell }) {
    const times = await withFakes(async (fake) => {
      const found: { amber: number; replaced: number }[] = [];
      for (let n = 0; n < count; n += 1) {
        const unit = SHOWN_UNITS[n % SHOWN_UNITS.length] ?? 'analytics';
        const pid = fake.pidOf(unit);
        const began = performance.now();
        process.kill(pid, 'SIGSTOP');
        await eventually(`${unit} to turn amber`, () => fake.stateOf(unit) === 'unresponsive', 30_000);
        const amber = performance.now() - began;
        await eventually(`${unit} to be replaced`, () => fake.stateOf(unit) === 'ready' && fake.pidOf(unit) !== pid && !isAlive(pid), 60_000);
        found.push({ amber, replaced: performance.now() - began });
        tell(`${unit}: amber after ${Math.round(amber)} ms, replaced after ${Math.round(performance.now() - began)} ms`);
      }
      return found;
    });
    return { ...NOTHING, runs: 1, faults: count, broken: [], measures: [timesWithin('amber', times.map(({ amber }) => amber), 1, 6_000), timesWithin('replaced', times.map(({ replaced }) => replaced), 1, 20_000)] };
  },
};

/** The computer sleeps: every process stands still for longer than a hung one is borne, and goes on. */
export const sleeps: Experiment = {
  id: 'sleep', what: 'every process stands still for 17 s and goes on, as when the computer sleeps', target: 'nobody is taken for dead; all well again <= 20 s', full: 20,
  async run({ count, tell }) {
    const dataDir = await freshDataDir();
    const stack = startStack({ dataDir });
    await stack.announced();
    const times: number[] = [];
    const broken: string[] = [];
    for (let n = 0; n < count; n += 1) {
      const before = (await stack.health())?.units.map(({ id, pid }) => `${id} ${pid ?? '-'}`) ?? [];
      const pids = freeze(stack.pid);
      await new Promise((resolve) => setTimeout(resolve, SLEEP_MS));
      const began = performance.now();
      signal(pids, 'SIGCONT');
      await eventually('all well after the sleep', async () => (await stack.health())?.healthy === true, 60_000);
      times.push(performance.now() - began);
      // The watchdog looks twice a second; give it the time in which it would err.
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      const after = (await stack.health())?.units.map(({ id, pid }) => `${id} ${pid ?? '-'}`) ?? [];
      broken.push(...before.filter((line) => !after.includes(line)).map((line) => `${line} was replaced after sleep ${n + 1}`));
      tell(`sleep ${n + 1}: well after ${Math.round(times.at(-1) ?? 0)} ms`);
    }
    if ((await stack.stop()) !== 0) broken.push('the stop after the sleeps was not clean');
    removeDataDir(dataDir);
    return { ...NOTHING, runs: 1, faults: count, broken, measures: [timesWithin('all well', times, 1, 20_000)] };
  },
};
