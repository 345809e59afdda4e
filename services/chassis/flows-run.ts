/** One execution of a flow: its steps with retries, its log, its progress, and how it is left alone when the service stops. */
import { DBOS } from '@dbos-inc/dbos-sdk';
import { AppError, describeError } from '#app/domain/errors.ts';
import { backoffMs, sleep } from './clock.ts';
import type { FlowContext, FlowDefinition, FlowLogLevel, StepContext } from './flows.ts';
import type { Reporter } from './flows-report.ts';
import { MAX_LOG_LINES, type FlowCall } from './flows-wire.ts';
import type { Logger } from './log.ts';

const PROGRESS_EVERY_MS = 500;
const RETRY_CAP_MS = 300_000;
const MAX_MESSAGE = 2_000;

/** One execution's passage through the gate. */
export type Passage = {
  /** The execution has ended. */
  leave(): void;
  /** The execution stays where it is for ever: unfinished in the book, it goes on at the next start. */
  park(): Promise<never>;
};

/** The service's stop as runs see it: once closed, no step begins; once aborted, those still running are told to end. */
export type Gate = { readonly isClosed: boolean; readonly aborted: AbortSignal; enter(): Passage };

/** Opens the gate; `close` resolves when no execution moves any more, or at the deadline, and aborts what still runs. */
export function openGate(): Gate & { close(deadlineMs: number): Promise<void> } {
  const controller = new AbortController();
  const moving = new Set<symbol>();
  let isClosed = false;
  let wake: (() => void) | null = null;
  return {
    get isClosed() {
      return isClosed;
    },
    aborted: controller.signal,
    enter() {
      const execution = Symbol('execution');
      moving.add(execution);
      const leave = (): void => {
        moving.delete(execution);
        if (moving.size === 0) wake?.();
      };
      return {
        leave,
        park: () => {
          leave();
          return new Promise<never>(() => undefined);
        },
      };
    },
    async close(deadlineMs) {
      isClosed = true;
      const quiet = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (moving.size > 0) await Promise.race([quiet, sleep(deadlineMs)]);
      controller.abort(new AppError('UNIT_TIMEOUT', 'The service is stopping'));
    },
  };
}

/** The places of a flow: as many executions as its concurrency allows, in the order of their coming. */
export type Slots = { readonly free: number; acquire(): Promise<() => void> };

/** Opens the places of a flow. The queue keeps to the same number; this also counts the runs that did not come through the queue. */
export function openSlots(limit: number): Slots {
  const waiting: (() => void)[] = [];
  let taken = 0;
  const release = (): void => {
    const next = waiting.shift();
    if (next) next();
    else taken -= 1;
  };
  return {
    get free() {
      return limit - taken;
    },
    async acquire() {
      if (taken < limit) taken += 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return release;
    },
  };
}

/** What an execution needs around it. */
export type RunParts = { readonly definition: FlowDefinition; readonly slots: Slots; readonly log: Logger; readonly reporter: Reporter; readonly gate: Gate; readonly now: () => number; readonly executionId: string };

/** Is there a point in trying this step again? What needs another input, a human, or a look at what happened is not repeated blindly. */
function isWorthRetrying(error: unknown): boolean {
  return !(error instanceof AppError) || error.family === 'temporary' || error.family === 'conflict';
}

/** Runs the flow's body once, from its beginning or after a crash. */
export async function runFlow(parts: RunParts, call: FlowCall): Promise<unknown> {
  const runId = DBOS.workflowID ?? '';
  const { definition, gate } = parts;
  const release = await parts.slots.acquire();
  const controller = new AbortController();
  const onStop = (): void => controller.abort(gate.aborted.reason);
  gate.aborted.addEventListener('abort', onStop, { once: true });
  const passage = gate.enter();
  const tellers = tellersOf(parts, runId);
  try {
    if (gate.isClosed) await passage.park();
    const ctx: FlowContext = {
      runId,
      scheduledFor: call.scheduledFor,
      signal: controller.signal,
      step: (name, fn) => (gate.isClosed ? passage.park() : DBOS.runStep(() => runStep({ parts, runId, name, controller, passage }, fn), { name })),
      log: tellers.log,
      progress: tellers.progress,
    };
    return (await definition.run(ctx, call.input)) ?? null;
  } catch (error) {
    parts.log.warn({ runId, flow: definition.name, error: describeError(error) }, 'A run ended with an error');
    throw error;
  } finally {
    release();
    passage.leave();
    gate.aborted.removeEventListener('abort', onStop);
    tellers.finish();
  }
}

type StepRun = { readonly parts: RunParts; readonly runId: string; readonly name: string; readonly controller: AbortController; readonly passage: Passage };

async function runStep<T>(step: StepRun, fn: (ctx: StepContext) => Promise<T>): Promise<T> {
  const { parts, controller } = step;
  const { definition, gate } = parts;
  const stepIndex = DBOS.stepID ?? 0;
  const cancelled = DBOS.stepStatus?.cancelSignal;
  const onCancel = (): void => controller.abort(cancelled?.reason ?? new Error('The run was cancelled'));
  if (cancelled?.aborted) onCancel();
  cancelled?.addEventListener('abort', onCancel, { once: true });
  const tell = (attempt: number, error: string | null, nextAttemptAt: number | null): void =>
    parts.reporter.report({ kind: 'attempt', runId: step.runId, at: parts.now(), stepIndex, name: step.name.slice(0, 200), attempt, error: error?.slice(0, MAX_MESSAGE) ?? null, nextAttemptAt });
  try {
    for (let attempt = 1; ; attempt += 1) {
      tell(attempt, null, null);
      try {
        return await fn({ attempt, signal: controller.signal });
      } catch (error) {
        const isLast = attempt > definition.retries || !isWorthRetrying(error) || controller.signal.aborted;
        const waitMs = isLast ? 0 : Math.round(backoffMs(attempt - 1, { baseMs: definition.retryDelayMs, capMs: RETRY_CAP_MS }));
        tell(attempt, describeError(error), isLast ? null : parts.now() + waitMs);
        if (isLast) throw error;
        parts.log.info({ runId: step.runId, step: step.name, attempt, waitMs, error: describeError(error) }, 'A step failed and will be tried again');
        await sleep(waitMs, controller.signal);
        if (controller.signal.aborted) throw error;
      }
    }
  } catch (error) {
    // The service is stopping: not the run's failure. Left unfinished, the step runs again at the next start.
    if (gate.aborted.aborted) return await step.passage.park();
    throw error;
  } finally {
    cancelled?.removeEventListener('abort', onCancel);
  }
}

type Tellers = Pick<FlowContext, 'log' | 'progress'> & { finish(): void };

function tellersOf(parts: RunParts, runId: string): Tellers {
  const { reporter, now } = parts;
  let lines = 0;
  let toldAt = -Infinity;
  let waiting: { done: number; total: number } | null = null;
  let timer: NodeJS.Timeout | null = null;
  const tellProgress = (): void => {
    if (timer) clearTimeout(timer);
    timer = null;
    if (!waiting) return;
    reporter.report({ kind: 'progress', runId, at: now(), ...waiting });
    toldAt = now();
    waiting = null;
  };
  return {
    log(level: FlowLogLevel, message: string, fields?: Readonly<Record<string, unknown>>) {
      parts.log[level]({ runId, flow: parts.definition.name, ...fields }, message);
      lines += 1;
      if (lines > MAX_LOG_LINES) return;
      const text = lines === MAX_LOG_LINES ? `${message} (this run has said enough; the rest is in the log of its service)` : message;
      reporter.report({ kind: 'log', runId, at: now(), lineId: `${parts.executionId}:${lines}`, level, message: text.slice(0, MAX_MESSAGE), fields: fields ?? null });
    },
    progress(done, total) {
      waiting = { done, total };
      if (done >= total || now() - toldAt >= PROGRESS_EVERY_MS) tellProgress();
      else timer ??= setTimeout(tellProgress, PROGRESS_EVERY_MS).unref();
    },
    finish() {
      tellProgress();
      void reporter.flush();
    },
  };
}
