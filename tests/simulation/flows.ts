/** Flows of a simulation: run in passing when their event comes, step by step, without the engine that would remember them. */
import type { FlowName } from '#app/contracts/flows.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import type { FlowContext, FlowDefinition } from '#chassis/flows.ts';
import { world } from './world.ts';

/** The life in which a flow runs. */
type Runner = { readonly name: string; readonly isDead: boolean; readonly isReady: boolean; readonly abort: AbortController; readonly parts: { readonly flows?: readonly FlowDefinition[] } };

/** Those that move orders or the book; the others only report. */
const RUN: ReadonlySet<FlowName> = new Set<FlowName>(['manage_orders', 'update_positions', 'reconcile_trades']);

function contextOf(life: Runner, runId: string): FlowContext {
  return {
    runId, scheduledFor: null, signal: life.abort.signal,
    step: (_name, fn) => fn({ attempt: 1, signal: life.abort.signal }),
    child: () => Promise.reject(new AppError('FLOW_NOT_FOUND', 'A simulation has no children')),
    skip: () => Promise.resolve(),
    log: () => undefined,
    progress: () => undefined,
  };
}

/** Starts a flow of the unit by its name. Failing is allowed, as in the real history of runs: it is tried again by its schedule. */
export function runInPassing(life: Runner, name: FlowName, key: string, input: unknown = {}): string {
  const runId = `${name}:${key}`;
  const definition = life.parts.flows?.find((one) => one.name === name);
  if (definition === undefined || !RUN.has(name) || life.isDead || !life.isReady) return runId;
  definition.run(contextOf(life, runId), definition.input.parse(input)).catch((error: unknown) => {
    if (!life.isDead) world().trace.note(`${life.name} flow ${runId} failed: ${describeError(error)}`);
  });
  return runId;
}
