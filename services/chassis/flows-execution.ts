/** What one execution of a flow has around it: its place, its passage, its voice, and who starts its children. */
import type { FlowDefinition } from './flows.ts';
import type { Gate, Hold, Passage } from './flows-places.ts';
import type { Reporter } from './flows-report.ts';
import type { NewRun } from './flows-wire.ts';
import type { Logger } from './log.ts';

/** How a run ended. */
export type RunEnd = { readonly status: string; readonly output: unknown; readonly error: unknown };

/** What the engine does for parents. */
export type ChildStarter = {
  /** Durable once resolved; the same child however often it is asked for. */
  start(run: NewRun): Promise<void>;
  /** Resolves with the run's end, or with null when the signal aborts. */
  ended(runId: string, signal: AbortSignal): Promise<RunEnd | null>;
  cancel(runId: string): Promise<void>;
};

/** What an execution needs around it. */
export type RunParts = {
  readonly runId: string;
  readonly definition: FlowDefinition;
  readonly hold: Hold;
  readonly log: Logger;
  readonly reporter: Reporter;
  readonly gate: Gate;
  readonly children: ChildStarter;
  readonly now: () => number;
  readonly executionId: string;
  /** Aborted when the run is not this execution's any more: cancelled, timed out, taken over. */
  readonly controller: AbortController;
};

/** An execution at work. */
export type Execution = { readonly parts: RunParts; readonly passage: Passage; readonly retries: number };
