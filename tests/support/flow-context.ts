/** A flow of a service's list, run by its name without the engine; see run-flow.ts. */
import type { FlowName } from '#app/contracts/flows.ts';
import type { FlowDefinition } from '#chassis/flows.ts';
import { runFlowByHand as runByHand, type HandOptions, type HandRun } from './run-flow.ts';

export { Killed } from './run-flow.ts';

/** How to run. `memory`: results of steps that were finished before. */
export type FlowRunOptions = Omit<HandOptions, 'remembered'> & { readonly input?: unknown; readonly memory?: Map<string, unknown> };

/** Runs a flow of a list by its name; `steps` are those that really ran. @throws Killed when asked to, else what the flow throws. */
export async function runFlowByHand(flows: readonly FlowDefinition[], name: FlowName, { input, memory, ...options }: FlowRunOptions = {}): Promise<HandRun> {
  const run = await runByHand(flows.find((known) => known.name === name), input ?? {}, { ...options, ...(memory === undefined ? {} : { remembered: memory }) });
  return { ...run, steps: run.ran };
}
