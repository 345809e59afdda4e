/** Flows as a service writes them: named, typed, durable functions; the registry through which the chassis runs them. */
import type * as z from 'zod';
import type { FlowName, FlowSettings } from '#app/contracts/flows.ts';
import { AppError } from '#app/domain/errors.ts';
import type { FlowScheduleInput } from '#app/contracts/flow-schedules.ts';

/** Levels of a line in a run's own log. */
export type FlowLogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What a running flow may use. */
export type FlowContext = {
  /** The run's id: `flow:scheduledTime`, `flow:key` of an event, or `flow:` and a random id of a manual start. Stable across crashes. */
  readonly runId: string;
  /** When the schedule meant the run to start (epoch ms), null for a manual or event start. The same value after a crash: use it instead of a clock in the flow's body. */
  readonly scheduledFor: number | null;
  /**
   * Runs one step and remembers its result: after a crash the flow goes through its body again, and finished steps give their remembered result without running.
   * A step that throws is tried again with backoff (`retries`, `retryDelayMs` of the flow), unless its error says that repeating cannot help
   * (families invalid, denied, operator, bug, unknown). An unfinished step runs again after a crash, so its effect must be idempotent by key.
   * The result must survive JSON. The body between steps must be deterministic: no clock, no randomness, no reads.
   * @throws the step's last error; a cancelled or timed-out run ends here too, and must not be caught.
   */
  step<T>(name: string, fn: (step: StepContext) => Promise<T>): Promise<T>;
  /**
   * Starts another flow, of this service or another, as a child of this run and waits for its end; shown as a step. The child's id is made of this
   * run's id and `name` (and `key`, for several children of one flow), so that a crash starts no second one; cancelling this run cancels it.
   * Children may run side by side: `await Promise.all([ctx.child(...), ctx.child(...)])`, always begun in the same order.
   * @returns the child's id and output @throws AppError FLOW_CHILD_FAILED (denied) with the child's error when it did not complete; FLOW_INPUT_INVALID
   */
  child(name: FlowName, input?: Readonly<Record<string, unknown>>, key?: string): Promise<{ readonly runId: string; readonly output: unknown }>;
  /** Records a step that the run decides not to take, and why: a branch that the reader should see. */
  skip(name: string, reason: string): Promise<void>;
  /** Adds a line to the run's log, seen on the flows page, and to the service's own log. Lines of a body that runs again after a crash are written once per run of the body. */
  log(level: FlowLogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Shows how far the run is. Written at most every half second, and at the end. */
  progress(done: number, total: number): void;
  /** Aborted when the run is cancelled, has timed out, or the service is draining. Pass it to whatever waits. */
  readonly signal: AbortSignal;
};

/** What one attempt of a step may use. */
export type StepContext = {
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** As FlowContext.signal. */
  readonly signal: AbortSignal;
};

/**
 * A flow of a service. Write it through `flow()`, which ties the type of `run`'s input to the schema.
 * `retries`: further tries of a failing step; `retryDelayMs`: wait before the first of them, doubled each time;
 * `timeoutMs`: limit of a whole run from its start; `concurrency`: runs of this flow at one time;
 * `onMissed`: what to do at start about scheduled times that passed while the system was off.
 */
export type FlowDefinition = {
  readonly name: FlowName;
  /** One sentence for people. */
  readonly description: string;
  /** Validates and fills the input of a manual or event start; a scheduled start passes `{}`. Must be expressible as JSON Schema. */
  readonly input: z.ZodType;
  readonly schedule: FlowScheduleInput | null;
  readonly retries: number;
  readonly retryDelayMs: number;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly onMissed: FlowSettings['onMissed'];
  /** What a tick does while an earlier run still waits or runs; default `queue`. */
  readonly overlap?: FlowSettings['overlap'];
  /** What starts it beside the schedule, in words for people: "each fill". The service triggers it itself. */
  readonly events?: readonly string[];
  /** Flows that its runs may start with `ctx.child`; others are refused. */
  readonly children?: readonly FlowName[];
  /** True: a worker of this service on another machine may take its runs. It must need nothing but the database. */
  readonly isShareable?: boolean;
  /** The durable body. Its result must survive JSON and is shown as the run's output. */
  run(ctx: FlowContext, input: unknown): Promise<unknown>;
};

/** A flow with its input typed by its schema. */
export type FlowSpec<S extends z.ZodType> = Omit<FlowDefinition, 'input' | 'run'> & {
  readonly input: S;
  run(ctx: FlowContext, input: z.output<S>): Promise<unknown>;
};

/** The input as the schema fills it. @throws AppError FLOW_INPUT_INVALID naming the field. */
export function readInput<S extends z.ZodType>(flowName: FlowName, schema: S, input: unknown): z.output<S> {
  const read = schema.safeParse(input ?? {});
  if (read.success) return read.data;
  const problem = read.error.issues[0];
  throw new AppError('FLOW_INPUT_INVALID', `${problem?.path.join('.') || 'The input'}: ${problem?.message ?? 'is not valid'}`, { context: { flow: flowName } });
}

/** Writes a flow down; `run` receives what the schema gives. */
export function flow<S extends z.ZodType>(spec: FlowSpec<S>): FlowDefinition {
  return { ...spec, run: async (ctx, input) => spec.run(ctx, readInput(spec.name, spec.input, input)) };
}

/** The flows of this process, as the service's own code sees them. */
export type FlowRegistry = {
  /**
   * Starts one of this service's flows because of an event. The run's id is `name:key`, so the same event gives one run however often it is told.
   * Durable once resolved; call it after the commit of what it reacts to (`tx.afterCommit`). It starts at once when the flow has a free place
   * (its `concurrency`) and waits in the queue, looked at once a second, otherwise and before the engine is up: for events that come in
   * crowds choose a key that many of them share, such as the minute.
   * @returns the run id
   * @throws AppError FLOW_NOT_FOUND for a flow of another service; FLOW_INPUT_INVALID; DATABASE_UNREACHABLE (temporary).
   */
  trigger(name: FlowName, input: unknown, key: string): Promise<string>;
};
