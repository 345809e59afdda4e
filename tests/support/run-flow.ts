/** A flow's body run by hand, over real parts but without the engine: steps are remembered, so that a crash and its resumption can be played. */
import type { FlowName } from '#app/contracts/flows.ts';
import { checkResult } from '#chassis/flows-result.ts';
import type { FlowContext, FlowDefinition, FlowLogLevel } from '#chassis/flows.ts';

/** What the body finds around it. `remembered`: finished steps of an earlier execution by name; they give their result without running. */
export type HandOptions = {
  readonly runId?: string;
  readonly scheduledFor?: number | null;
  readonly remembered?: Map<string, unknown>;
  /** Plays the children; default: each gives `{}`. */
  readonly child?: (name: FlowName, input: Readonly<Record<string, unknown>>) => unknown;
  readonly signal?: AbortSignal;
  /** The step after whose effect the worker dies, before its result is kept. */
  readonly killAfter?: string;
  /** Hears the steps that are skipped, also those of a run that then fails. */
  readonly onSkip?: (name: string, reason: string) => void;
  /** Hears how far the run is. */
  readonly onProgress?: (done: number, total: number) => void;
};

/** What the body did, in its order. `steps`: all that it went through; `ran`: those of them that were not remembered. */
export type HandRun = {
  readonly output: unknown;
  readonly steps: string[];
  readonly ran: string[];
  readonly skipped: { readonly name: string; readonly reason: string }[];
  readonly children: { readonly name: FlowName; readonly input: unknown }[];
  readonly logs: { readonly level: FlowLogLevel; readonly message: string; readonly fields: unknown }[];
  readonly remembered: Map<string, unknown>;
};

/** The death of a worker in the middle of a run. */
export class Killed extends Error {}

/** As it comes out of the book. @throws AppError FLOW_RESULT_INVALID as the engine does */
const json = (value: unknown): unknown => (value === undefined ? null : (JSON.parse(JSON.stringify(checkResult('a step', value))) as unknown));

/** Runs the body of a flow once. @throws Killed when asked to, else what the body throws; `options.remembered` then holds the finished steps. */
export async function runFlowByHand(definition: FlowDefinition | undefined, input: unknown = {}, options: HandOptions = {}): Promise<HandRun> {
  if (!definition) throw new Error('There is no such flow');
  const run: Omit<HandRun, 'output'> = { steps: [], ran: [], skipped: [], children: [], logs: [], remembered: options.remembered ?? new Map<string, unknown>() };
  const signal = options.signal ?? new AbortController().signal;
  const recall = async <T>(name: string, fn: () => Promise<T>): Promise<T> => {
    if (!run.remembered.has(name)) run.remembered.set(name, json(await fn()));
    return run.remembered.get(name) as T;
  };
  const ctx: FlowContext = {
    runId: options.runId ?? `${definition.name}:test`,
    scheduledFor: options.scheduledFor ?? null,
    signal,
    step(name, fn) {
      run.steps.push(name);
      return recall(name, async () => {
        run.ran.push(name);
        const result = await fn({ attempt: 1, signal });
        if (options.killAfter === name) throw new Killed(name);
        return result;
      });
    },
    async child(name, childInput = {}, key) {
      if (definition.children?.includes(name) !== true) throw new Error(`${definition.name} does not name its child ${name}`);
      run.children.push({ name, input: childInput });
      const runId = `${options.runId ?? definition.name}/${name}${key === undefined ? '' : `.${key}`}`;
      return recall(runId, async () => ({ runId, output: json((await options.child?.(name, childInput)) ?? {}) }));
    },
    async skip(name, reason) {
      run.skipped.push({ name, reason });
      options.onSkip?.(name, reason);
      await Promise.resolve();
    },
    log: (level, message, fields) => void run.logs.push({ level, message, fields }),
    progress: (done, total) => options.onProgress?.(done, total),
  };
  return { ...run, output: json(await definition.run(ctx, definition.input.parse(input))) };
}
