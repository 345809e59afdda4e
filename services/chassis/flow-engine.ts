/** Flows of a service from the chassis' side: the registry at once, the durable engine behind it when the service is ready. */
import * as z from 'zod';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { FLOW_OWNERS, type Deployment } from '#app/contracts/flows.ts';
import { scheduleSchema } from '#app/contracts/flow-schedules.ts';
import { AppError, invariant } from '#app/domain/errors.ts';
import { SERVICE_IDS, type ServiceId } from '#app/domain/ids.ts';
import { readInput, type FlowDefinition, type FlowRegistry } from './flows.ts';
import type { LaunchedEngine } from './flows-dbos.ts';
import type { Patience } from './flows-watch.ts';
import { announce, createReporter } from './flows-report.ts';
import { enqueueRun, keyedRunId, newRunSchema, RUN_KEY, type Enqueuer } from './flows-wire.ts';
import type { Logger } from './log.ts';

/** A service waits this long for its runs to come to rest between two steps when it stops. */
const REST_MS = 2_000;

/**
 * What a service's engine is built from. `onFatal` ends the process; `degraded` says (or with null takes back) why the service is not well;
 * `workerId` names a worker beside the service's own, which runs shareable flows only and announces nothing.
 */
export type FlowEngineOptions = {
  readonly unit: string;
  readonly workerId?: string;
  readonly config: RuntimeConfig;
  readonly log: Logger;
  readonly onFatal: (error: unknown) => void;
  readonly degraded: (key: string, reason: string | null) => void;
  /** How long to wait for steps that do not heed their signal, and for workers that are gone; tests are less patient. */
  readonly patience?: Patience;
};

/** The engine of one service. The process has at most one. */
export type FlowEngine = {
  readonly registry: FlowRegistry;
  /** Launches the engine and announces the flows; resolves when both are under way for good or the engine is stopped. Call once, after `ready`. */
  start(definitions: readonly FlowDefinition[]): Promise<void>;
  /** Takes a run at the service's door: true when it is in the book and begins as soon as a place is free, false before the engine is up. @throws AppError INPUT_INVALID, FLOW_NOT_FOUND */
  accept(run: unknown): Promise<boolean>;
  /** Lets running steps finish (up to 2 s), leaves unfinished runs to the next start, closes the engine. */
  stop(): Promise<void>;
};

/** A flow as the orchestrator hears of it; its settings are the defaults that a person may change. @throws AppError INVARIANT_BROKEN for a flow of another service. */
export function describeFlow(definition: FlowDefinition, owner: ServiceId, version: string): Deployment {
  const { name, description, schedule, retries, retryDelayMs, timeoutMs, concurrency, onMissed } = definition;
  invariant(FLOW_OWNERS[name] === owner, 'A flow is defined by a service that does not own it', { name, owner });
  const inputJsonSchema = z.toJSONSchema(definition.input, { io: 'input' }) as Record<string, unknown>;
  return {
    name, owner, description, version, retries, retryDelayMs, timeoutMs, concurrency, onMissed, inputJsonSchema, input: {},
    schedule: schedule === null ? null : scheduleSchema.parse(schedule), overlap: definition.overlap ?? 'queue',
    events: [...(definition.events ?? [])], children: [...(definition.children ?? [])], isShareable: definition.isShareable ?? false,
  };
}

/** Builds the engine of a service; nothing is loaded or connected yet. */
export function createFlowEngine({ unit, workerId, config, log, onFatal, degraded, patience }: FlowEngineOptions): FlowEngine {
  const owner = SERVICE_IDS.find((id) => id === unit);
  invariant(owner, 'Only services run flows', { unit });
  const reporter = createReporter(config, log);
  const stopping = new AbortController();
  let definitions: readonly FlowDefinition[] = [];
  let enqueuer: Promise<Enqueuer & { destroy(): Promise<void> }> | null = null;
  let launched: LaunchedEngine | null = null;
  let closeGate: (() => Promise<void>) | null = null;

  const registry: FlowRegistry = {
    async trigger(name, input, key) {
      if (FLOW_OWNERS[name] !== owner) throw new AppError('FLOW_NOT_FOUND', `The flow ${name} belongs to ${FLOW_OWNERS[name]}, not to ${owner}`);
      if (!RUN_KEY.test(key)) throw new AppError('FLOW_INPUT_INVALID', `The key of a run may hold letters, digits and . _ : / -, got "${key.slice(0, 60)}"`);
      const definition = definitions.find((known) => known.name === name);
      if (definition) readInput(definition.name, definition.input, input);
      const runId = keyedRunId(name, 'event', key);
      const run = { flow: name, runId, call: { input, scheduledFor: null }, trigger: 'event', timeoutMs: definition?.timeoutMs ?? DEFAULT_TIMEOUT_MS } as const;
      if (launched) await launched.accept(run);
      else {
        enqueuer ??= import('./flows-dbos.ts').then((engine) => engine.openEnqueuer(config, owner, log));
        await enqueueRun(await enqueuer, run);
      }
      return runId;
    },
  };

  return {
    registry,
    async start(flows) {
      definitions = workerId === undefined ? flows : flows.filter((definition) => definition.isShareable);
      if (definitions.length > 0) {
        const [engine, { openGate }] = await Promise.all([import('./flows-dbos.ts'), import('./flows-places.ts')]);
        const gate = openGate();
        closeGate = () => gate.close(REST_MS);
        if (stopping.signal.aborted) return;
        const parts = { unit: owner, config, log, reporter, gate, onBug: onFatal, degraded, ...(workerId === undefined ? {} : { workerId }), ...(patience === undefined ? {} : { patience }) };
        launched = await engine.launchEngine(parts, definitions, stopping.signal);
      }
      if (workerId !== undefined) return;
      await announce(config, log, { owner, deployments: flows.map((definition) => describeFlow(definition, owner, config.version)) }, stopping.signal);
    },
    async accept(given) {
      const run = newRunSchema.safeParse(given);
      if (!run.success) throw new AppError('INPUT_INVALID', `The run: ${z.prettifyError(run.error)}`);
      if (!launched || stopping.signal.aborted) return false;
      await launched.accept(run.data);
      return true;
    },
    async stop() {
      stopping.abort();
      await closeGate?.();
      await launched?.shut();
      await reporter.flush();
      reporter.stop();
      await (await enqueuer)?.destroy();
    },
  };
}

/** Limit of a run that is triggered before the flows are known (during recovery). */
const DEFAULT_TIMEOUT_MS = 600_000;
