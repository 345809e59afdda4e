/** Experiments in which everything goes down and the same command is given again: the supervisor killed, and orderly stops under load. */
import { isAlive } from '../support/fake-stack.ts';
import { seeded } from '../support/recorded-bars.ts';
import { until } from '../support/servers.ts';
import type { TestStack } from '../support/stack.ts';
import { timesWithin } from './experiment.ts';
import type { Experiment, Outcome, RunOptions } from './experiment.ts';
import { pause, tradeRounds } from './rounds.ts';

const GONE_LIMIT_MS = 30_000;

/** One end of a stack: what it left, and how long it took. */
type End = { readonly downMs: number; readonly bootMs: number };

/** Is the replay still trading, so that an end meets work? */
async function isTrading(stack: TestStack): Promise<boolean> {
  return stack.replayEnd() === null && stack.isRunning() && (await stack.health())?.stopping === false;
}

/** Ends stacks with `end`, starts them again, and goes on until enough were ended. */
async function endAgainAndAgain(options: RunOptions, end: (stack: TestStack) => Promise<number>): Promise<{ ends: readonly End[]; outcome: Omit<Outcome, 'measures'> }> {
  const random = seeded(options.seed);
  const ends: End[] = [];
  const compared = await tradeRounds(options, () => ends.length >= options.count, async (first, again) => {
    let stack = first;
    while (ends.length < options.count) {
      await pause(random);
      if (!(await isTrading(stack))) return stack;
      const downMs = await end(stack);
      const began = performance.now();
      stack = again();
      await stack.announced();
      ends.push({ downMs, bootMs: performance.now() - began });
      options.tell(`${String(ends.length).padStart(4)}  down after ${Math.round(downMs)} ms, up after ${Math.round(performance.now() - began)} ms`);
    }
    return stack;
  });
  return { ends, outcome: { ...compared, faults: ends.length } };
}

/** SIGKILL to the supervisor; everything that it had started must be gone by itself. @throws when a process is left. */
async function killSupervisor(stack: TestStack): Promise<number> {
  const pids = (await stack.health())?.units.flatMap((unit) => (unit.pid === null ? [] : [unit.pid])) ?? [];
  const began = performance.now();
  await stack.killSupervisor();
  await until(() => !pids.some(isAlive), 'all children of the killed supervisor to be gone', GONE_LIMIT_MS);
  return performance.now() - began;
}

/** An orderly stop. @throws when it does not end with 0, or leaves a process. */
async function stopInOrder(stack: TestStack): Promise<number> {
  const began = performance.now();
  const exit = await stack.stop();
  if (exit !== 0) throw new Error(`An orderly stop ended with ${exit}:\n${stack.output()}`);
  return performance.now() - began;
}

/** The supervisor is killed. */
export const supervisorKill: Experiment = {
  id: 'supervisor', what: 'SIGKILL to the supervisor while it trades, then the same command again', target: 'workers gone <= 3 s, ready again <= 12 s, nobody left', full: 30,
  async run(options) {
    const { ends, outcome } = await endAgainAndAgain(options, killSupervisor);
    const measures = [timesWithin('all processes gone', ends.map(({ downMs }) => downMs), 1, 3_000), timesWithin('boot to ready', ends.map(({ bootMs }) => bootMs), 1, 12_000)];
    return { ...outcome, measures };
  },
};

/** Everything is stopped in order, again and again. */
export const orderlyStop: Experiment = {
  id: 'stop', what: 'an orderly stop while it trades, then the same command again', target: '<= 20 s p95, exit 0, no process left, no order without an outcome', full: 100,
  async run(options) {
    const { ends, outcome } = await endAgainAndAgain(options, stopInOrder);
    return { ...outcome, measures: [timesWithin('stopped', ends.map(({ downMs }) => downMs), 0.95, 20_000)] };
  },
};
