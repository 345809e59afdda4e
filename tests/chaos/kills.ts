/** Experiments with SIGKILL to parts of a stack that trades: workers, PostgreSQL, Redis with its data, and everything mixed. */
import { KILLABLE_UNITS } from '../support/stack.ts';
import { runCampaign, TARGETS } from './campaign.ts';
import type { CampaignResult, Kill, Target } from './campaign.ts';
import { timesWithin } from './experiment.ts';
import type { Experiment, Measure, Outcome } from './experiment.ts';

const WORKERS = KILLABLE_UNITS.filter((unit) => unit !== 'postgres' && unit !== 'redis');
/** Repeated crashes of one part wait longer by design, and two at once for each other. */
const WITHIN_BUDGET = (kill: Kill): boolean => kill.nth === 1 && !kill.isDouble;

function timesOf(kills: readonly Kill[]): number[] {
  return kills.flatMap(({ recoveryMs }) => (recoveryMs === null ? [] : [recoveryMs]));
}

function outcomeOf({ kills, ...compared }: CampaignResult, measures: (single: readonly number[]) => readonly Measure[]): Outcome {
  const single = timesOf(kills.filter(WITHIN_BUDGET));
  const all = timesOf(kills);
  const notes = [`${single.length} of ${kills.length} kills were the first of their part within a minute and alone: the targets are for these; the slowest of all took ${Math.round(Math.max(0, ...all))} ms`];
  return { ...compared, faults: kills.length, measures: measures(single), notes };
}

type Plan = Pick<Experiment, 'id' | 'what' | 'target' | 'full'> & { readonly targets: readonly Target[]; readonly measures: (times: readonly number[]) => readonly Measure[] };

function killing({ targets, measures, ...plan }: Plan): Experiment {
  return { ...plan, run: async (options) => outcomeOf(await runCampaign(options, targets), measures) };
}

/** A worker, chosen at random, is killed. */
export const workerKill = killing({
  id: 'worker', what: 'SIGKILL to a random worker under more than 50 orders a minute', target: '0 lost, 0 doubled; ready again p95 <= 2 s, p99 <= 5 s', full: 200, targets: WORKERS,
  measures: (times) => [timesWithin('ready again', times, 0.95, 2_000), timesWithin('ready again', times, 0.99, 5_000)],
});

/** PostgreSQL is killed. */
export const postgresKill = killing({
  id: 'postgres', what: 'SIGKILL to the postmaster', target: '0 committed rows lost; all ready again p95 <= 6 s', full: 50, targets: ['postgres'],
  measures: (times) => [timesWithin('all ready again', times, 0.95, 6_000)],
});

/** Redis is killed, and its data with it. */
export const redisKill = killing({
  id: 'redis', what: 'SIGKILL to Redis, its data erased', target: '0 lost, 0 doubled; flow resumes p95 <= 4 s', full: 50, targets: ['redis'],
  measures: (times) => [timesWithin('all ready again', times, 0.95, 4_000)],
});

/** Everything that can die dies, one or two at once. */
export const mixedKills = killing({
  id: 'mixed', what: 'any part, the supervisor, an orderly stop; sometimes two at once', target: '0 lost, 0 doubled', full: 50, targets: TARGETS, measures: () => [],
});
