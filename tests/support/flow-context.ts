/** A flow's context without the engine: steps remember their results as the engine's do, so that a run can be "killed" after a step and begun again. */
import type { FlowName } from '#app/contracts/flows.ts';
import type { FlowContext, FlowDefinition } from '#chassis/flows.ts';
import { invariant } from '#app/domain/errors.ts';

/** What a run did, beside its result. */
export type FlowRunSeen = { readonly steps: string[]; readonly logs: { level: string; message: string }[]; readonly children: { name: FlowName; input: unknown }[]; readonly skipped: { name: string; reason: string }[] };

/** How to run. `memory`: results of steps that were finished before; `killAfter`: the step after whose effect the worker dies, before its result is kept. */
export type FlowRunOptions = {
  readonly runId?: string; readonly scheduledFor?: number | null; readonly input?: unknown; readonly memory?: Map<string, unknown>; readonly killAfter?: string;
  readonly child?: (name: FlowName, input: unknown) => Promise<unknown>;
};

/** The death of a worker in the middle of a run. */
export class Killed extends Error {}

/** Runs a flow of a list by its name. @throws Killed when asked to, else what the flow throws. */
export async function runFlowByHand(flows: readonly FlowDefinition[], name: FlowName, options: FlowRunOptions = {}): Promise<{ output: unknown } & FlowRunSeen> {
  const definition = flows.find((known) => known.name === name);
  invariant(definition, 'The service has this flow', { name });
  const seen: FlowRunSeen = { steps: [], logs: [], children: [], skipped: [] };
  const memory = options.memory ?? new Map<string, unknown>();
  const controller = new AbortController();
  const runId = options.runId ?? `${name}:test`;
  const ctx: FlowContext = {
    runId, scheduledFor: options.scheduledFor ?? null, signal: controller.signal,
    async step(step, fn) {
      if (memory.has(step)) return memory.get(step) as Awaited<ReturnType<typeof fn>>;
      seen.steps.push(step);
      // What the engine keeps is JSON: whatever does not survive it is not there after a crash.
      const result = JSON.parse(JSON.stringify((await fn({ attempt: 1, signal: controller.signal })) ?? null)) as Awaited<ReturnType<typeof fn>>;
      if (options.killAfter === step) throw new Killed(step);
      memory.set(step, result);
      return result;
    },
    async child(childName, input = {}, key) {
      invariant(definition.children?.includes(childName), 'A flow names its children', { name, childName });
      seen.children.push({ name: childName, input });
      return { runId: `${runId}/${childName}${key === undefined ? '' : `.${key}`}`, output: options.child ? await options.child(childName, input) : {} };
    },
    skip(step, reason) {
      seen.skipped.push({ name: step, reason });
      return Promise.resolve();
    },
    log: (level, message) => void seen.logs.push({ level, message }),
    progress: () => undefined,
  };
  const output: unknown = JSON.parse(JSON.stringify((await definition.run(ctx, definition.input.parse(options.input ?? {}))) ?? null));
  return { output, ...seen };
}
