/** The table of the reliability paper (6.5) as experiments, in the order in which a whole run makes them. */
import { halfOpen, keyLoss, partition, wrongUpdates } from './broker.ts';
import { clockJumps } from './clock.ts';
import { diskFull } from './disk.ts';
import type { Experiment } from './experiment.ts';
import { orderlyStop, supervisorKill } from './ends.ts';
import { powerCut } from './power.ts';
import { staleFiles } from './stale.ts';
import { crashLoop, hang, sleeps } from './watchdog.ts';
import { mixedKills, postgresKill, redisKill, workerKill } from './kills.ts';

/** All experiments. */
export const EXPERIMENTS: readonly Experiment[] = [workerKill, postgresKill, redisKill, supervisorKill, powerCut, orderlyStop, mixedKills, staleFiles, crashLoop, hang, sleeps, clockJumps, diskFull, partition, halfOpen, wrongUpdates, keyLoss];
