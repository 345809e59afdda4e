/** Which runs of flows failed lately, asked of the orchestrator. */
import * as z from 'zod';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { describeError } from '#app/domain/errors.ts';

const TIMEOUT_MS = 5_000;
const MOST = 50;
const replySchema = z.object({ runs: z.array(z.object({ flow: z.string(), state: z.string(), createdAt: z.number(), error: z.string().nullable() })) });

/** A flow with its failed runs. `lastError` is cut to a line. */
export type FailedFlow = { readonly flow: string; readonly times: number; readonly lastAt: number; readonly lastError: string };
/** The answer, or why there is none. */
export type FailedFlows = { readonly flows: readonly FailedFlow[]; readonly problem: string | null };

/** Asks for the runs that failed since `from` (EpochMs). A summary is better with this gap named than not written at all, so nothing is thrown. */
export async function readFailedFlows(config: Pick<RuntimeConfig, 'units' | 'internalToken'>, from: number): Promise<FailedFlows> {
  const endpoint = config.units.orchestrator;
  if (!endpoint) return { flows: [], problem: 'the orchestrator is not part of this installation' };
  try {
    const response = await fetch(`http://${endpoint.host}:${endpoint.port}/api/runs?states=FAILED,CRASHED&from=${from}&limit=${MOST}`, { signal: AbortSignal.timeout(TIMEOUT_MS), headers: { authorization: `Bearer ${config.internalToken}` } });
    if (!response.ok) return { flows: [], problem: `the orchestrator answered ${response.status}` };
    const { runs } = replySchema.parse(await response.json());
    const byFlow = new Map<string, FailedFlow>();
    for (const { flow, createdAt, error } of runs) {
      const known = byFlow.get(flow);
      // Newest first: the first of each flow is its last failure.
      byFlow.set(flow, known ? { ...known, times: known.times + 1 } : { flow, times: 1, lastAt: createdAt, lastError: (error ?? 'no error was kept').split('\n')[0]?.slice(0, 200) ?? '' });
    }
    return { flows: [...byFlow.values()], problem: null };
  } catch (error) {
    return { flows: [], problem: `the orchestrator could not be asked: ${describeError(error)}` };
  }
}
