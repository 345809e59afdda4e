/** Starting a run without the second that a queue may take: the owner is asked at its door; who does not answer finds the run on its queue. */
import * as z from 'zod';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { FLOW_OWNERS } from '#app/contracts/flows.ts';
import { enqueueRun, START_PATH, type Enqueuer, type NewRun } from './flows-wire.ts';

/** A door answers within this time or the run goes the other way. */
const DOOR_TIMEOUT_MS = 1_000;

/** What the door answers: `started` when the run is in the owner's book and begins as soon as a place is free. */
const startAnswerSchema = z.object({ started: z.boolean() });

async function askOwner(config: RuntimeConfig, run: NewRun): Promise<boolean> {
  const endpoint = config.units[FLOW_OWNERS[run.flow]];
  if (!endpoint) return false;
  try {
    const response = await fetch(`http://${endpoint.host}:${endpoint.port}${START_PATH}`, {
      method: 'POST', body: JSON.stringify(run), signal: AbortSignal.timeout(DOOR_TIMEOUT_MS),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${config.internalToken}` },
    });
    const answer = startAnswerSchema.safeParse(await response.json());
    return response.ok && answer.data?.started === true;
  } catch {
    // Away, starting, or slow: the queue holds the run until it is there. Should it have heard us after all, the id makes it one run.
    return false;
  }
}

/**
 * Starts a run: at its owner at once when that answers, through the queue (looked at once a second) otherwise. Durable once resolved, and the
 * same run however often it is asked for, because the id is the same.
 * @throws the engine's error when the database cannot be reached.
 */
export async function startRun(config: RuntimeConfig, client: Enqueuer, run: NewRun): Promise<'at_once' | 'queued'> {
  if (await askOwner(config, run)) return 'at_once';
  await enqueueRun(client, run);
  return 'queued';
}
