/** Entry of a research thread: the strategies that come with the house. */
import { parentPort, workerData } from 'node:worker_threads';
import * as z from 'zod';
import { invariant } from '#app/domain/errors.ts';
import { strategyType } from '#app/strategy/registry.ts';
import { serveThread } from './thread.ts';

invariant(parentPort, 'This file is the entry of a thread');
serveThread(parentPort, z.object({ number: z.number().int().positive() }).parse(workerData).number, strategyType);
