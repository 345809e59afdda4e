/** The table of the reliability paper (6.5) as experiments, in the order in which a whole run makes them. */
import { halfOpen, keyLoss, partition, wrongUpdates } from './broker.ts';
import type { Experiment } from './experiment.ts';
import { orderlyStop, supervisorKill } from './ends.ts';
import { powerCut } from './power.ts';
import { mixedKills, postgresKill, redisKill, workerKill } from './kills.ts';

/** All experiments. */
export const EXPERIMENTS: readonly Experiment[] = [workerKill, postgresKill, redisKill, supervisorKill, powerCut, orderlyStop, mixedKills, partition, halfOpen, wrongUpdates, keyLoss];
