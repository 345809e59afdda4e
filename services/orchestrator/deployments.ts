/** Deployments as people act on them: announced by the services, run now, paused, resumed, changed. */
import { randomUUID } from 'node:crypto';
import type { MarketOfSchedules } from '#app/contracts/flow-schedules.ts';
import { FLOW_OWNERS, flowNameSchema, type Deployment, type FlowName, type FlowSettings } from '#app/contracts/flows.ts';
import { AppError } from '#app/domain/errors.ts';
import { flowCallSchema, keyedRunId, type Announcement } from '#chassis/flows-wire.ts';
import { saveChange } from './changes.ts';
import { inputProblemOf } from './inputs.ts';
import type { RunParts } from './runs.ts';
import { problemOf, saveSettings, settingsInForce } from './settings.ts';
import { loadDeployment, saveAnnouncement, setPaused, type StoredDeployment } from './store.ts';
import { readSchedule } from './triggers.ts';

/** What deployments work with beside the runs. */
export type DeploymentParts = RunParts & { readonly market: MarketOfSchedules };

/** Accepts a service's flows. @throws AppError INPUT_INVALID for a flow of another service, SCHEDULE_INVALID for a schedule that cannot be read. */
export async function announceFlows(parts: DeploymentParts, announcement: Announcement): Promise<void> {
  for (const { name, owner, schedule } of announcement.deployments) {
    if (owner !== announcement.owner || FLOW_OWNERS[name] !== owner) throw new AppError('INPUT_INVALID', `The flow ${name} belongs to ${FLOW_OWNERS[name]}`);
    if (schedule) readSchedule(schedule);
  }
  const now = parts.clock.now();
  await parts.db.tx((tx) => saveAnnouncement(tx, announcement, now));
}

/** The deployment of a name. @throws AppError FLOW_NOT_FOUND */
export async function findDeployment(parts: RunParts, name: string): Promise<StoredDeployment> {
  const flow = flowNameSchema.safeParse(name);
  const stored = flow.success ? await loadDeployment(parts.db, flow.data) : null;
  if (!stored) throw new AppError('FLOW_NOT_FOUND', `The flow ${name.slice(0, 60)} has not been announced by its service; GET /api/deployments lists those that have`);
  return stored;
}

function checkInput(deployment: Deployment, input: unknown): void {
  const problem = inputProblemOf(deployment, input);
  if (problem) throw new AppError('FLOW_INPUT_INVALID', `${problem.field || 'input'}: ${problem.message}`, { context: { flow: deployment.name } });
}

/** What a run now is asked with. */
export type RunRequest = { readonly input: unknown; readonly idempotencyKey: string | undefined; readonly actor: string };

/**
 * Runs a flow now. With an idempotency key, asking twice is asking once.
 * @throws AppError FLOW_NOT_FOUND; FLOW_INPUT_INVALID naming the field; IDEMPOTENCY_CONFLICT when the key was used for another input.
 */
export async function runNow(parts: RunParts, name: string, request: RunRequest): Promise<string> {
  const { deployment, storedSettings } = await findDeployment(parts, name);
  const input = request.input ?? {};
  checkInput(deployment, input);
  const runId = keyedRunId(deployment.name, 'manual', request.idempotencyKey ?? randomUUID());
  const existing = request.idempotencyKey === undefined ? null : await parts.engine.get(runId);
  if (existing) {
    const earlier = flowCallSchema.safeParse(existing.input?.[0]).data?.input;
    if (JSON.stringify(earlier) !== JSON.stringify(input)) throw new AppError('IDEMPOTENCY_CONFLICT', 'This idempotency key was used for a run with another input; choose a new one');
    return runId;
  }
  const { settings } = settingsInForce(deployment, storedSettings);
  await parts.engine.start({ flow: deployment.name, runId, call: { input, scheduledFor: null, retries: settings.retries }, trigger: 'manual', timeoutMs: settings.timeoutMs });
  const isPlain = typeof input === 'object' && Object.keys(input).length === 0;
  await saveChange(parts.db, { flow: deployment.name, actor: request.actor, what: 'run_started', detail: isPlain ? null : `with ${JSON.stringify(input).slice(0, 500)}`, runId, idempotencyKey: runId }, parts.clock.now());
  return runId;
}

/** Stops a flow's schedule or lets it go on; runs by hand and by event are not touched. @throws AppError FLOW_NOT_FOUND; INPUT_INVALID for a flow without schedule. */
export async function pauseSchedule(parts: RunParts, name: string, isPaused: boolean, actor = 'unknown'): Promise<FlowName> {
  const { deployment, storedSettings, isPaused: wasPaused } = await findDeployment(parts, name);
  if (!settingsInForce(deployment, storedSettings).settings.schedule && isPaused) throw new AppError('INPUT_INVALID', `The flow ${deployment.name} has no schedule to pause; it runs on demand`);
  if (wasPaused === isPaused) return deployment.name;
  const now = parts.clock.now();
  await parts.db.tx(async (tx) => {
    await setPaused(tx, deployment.name, isPaused, now);
    await saveChange(tx, { flow: deployment.name, actor, what: isPaused ? 'paused' : 'resumed', detail: null, runId: null }, now);
  });
  return deployment.name;
}

/** What differs, in words: the names of the changed settings with their new values. */
function differences(before: FlowSettings, after: FlowSettings): string {
  const names = Object.keys(after) as (keyof FlowSettings)[];
  const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return changed.map((name) => `${name}: ${JSON.stringify(after[name]).slice(0, 300)}`).join('; ').slice(0, 1_000) || 'nothing changed';
}

/**
 * Puts a person's settings in force, or with null the flow's defaults. A changed schedule begins now.
 * @throws AppError FLOW_NOT_FOUND; SCHEDULE_INVALID and FLOW_INPUT_INVALID naming the field.
 */
export async function changeSettings(parts: RunParts, name: string, settings: FlowSettings | null, actor: string): Promise<void> {
  const { deployment, storedSettings } = await findDeployment(parts, name);
  const problem = settings === null ? null : problemOf(deployment, settings);
  if (problem) throw problem;
  const before = settingsInForce(deployment, storedSettings).settings;
  const now = parts.clock.now();
  await parts.db.tx(async (tx) => {
    await saveSettings(tx, deployment.name, settings, now);
    await saveChange(tx, { flow: deployment.name, actor, what: settings === null ? 'settings_reset' : 'settings_saved', detail: settings === null ? null : differences(before, settings), runId: null }, now);
  });
}
