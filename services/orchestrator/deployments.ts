/** Deployments: what the services announced, when it runs next, run now, pause and resume. */
import * as z from 'zod';
import { randomUUID } from 'node:crypto';
import { FLOW_OWNERS, flowNameSchema, type Deployment, type DeploymentView, type FlowName } from '#app/contracts/flows.ts';
import { AppError } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { flowCallSchema, keyedRunId, type Announcement } from '#chassis/flows-wire.ts';
import { listRuns, type RunParts } from './runs.ts';
import { loadDeployment, loadDeployments, saveAnnouncement, setPaused, type StoredDeployment } from './store.ts';
import { calendarAgrees, nextTick, type MarketOfSchedules } from './ticks.ts';
import { readCron } from './triggers.ts';

/** What deployments work with beside the runs. */
export type DeploymentParts = RunParts & { readonly market: MarketOfSchedules };

/** Accepts a service's flows. @throws AppError INPUT_INVALID for a flow of another service, or a schedule that cannot be read. */
export async function announceFlows(parts: DeploymentParts, announcement: Announcement): Promise<void> {
  for (const { name, owner, schedule } of announcement.deployments) {
    if (owner !== announcement.owner || FLOW_OWNERS[name] !== owner) throw new AppError('INPUT_INVALID', `The flow ${name} belongs to ${FLOW_OWNERS[name]}`);
    if (schedule) readCron(schedule.cron);
  }
  const now = parts.clock.now();
  await parts.db.tx((tx) => saveAnnouncement(tx, announcement, now));
}

/** When a schedule runs next, null when it is paused, has none, or the calendar never agrees. */
export function nextRunAt(stored: StoredDeployment, market: MarketOfSchedules, now: EpochMs): EpochMs | null {
  const { schedule } = stored.deployment;
  if (!schedule || stored.isPaused || (market === 'unknown' && schedule.only !== 'always')) return null;
  return nextTick(readCron(schedule.cron), now, (tick) => calendarAgrees(schedule.only, market, tick));
}

/** All deployments with their last and next run. */
export async function viewDeployments(parts: DeploymentParts): Promise<DeploymentView[]> {
  const stored = await loadDeployments(parts.db);
  const now = parts.clock.now();
  return Promise.all(stored.map(async (entry) => {
    const [lastRun] = await listRuns(parts, { flow: entry.deployment.name, state: null, limit: 1 });
    return { ...entry.deployment, isPaused: entry.isPaused, nextRunAt: nextRunAt(entry, parts.market, now), lastRun: lastRun ?? null, announcedAt: entry.announcedAt };
  }));
}

/** The deployment of a name. @throws AppError FLOW_NOT_FOUND */
export async function findDeployment(parts: RunParts, name: string): Promise<StoredDeployment> {
  const flow = flowNameSchema.safeParse(name);
  const stored = flow.success ? await loadDeployment(parts.db, flow.data) : null;
  if (!stored) throw new AppError('FLOW_NOT_FOUND', `There is no flow ${name.slice(0, 60)}; GET /api/deployments lists them`);
  return stored;
}

function checkInput(deployment: Deployment, input: unknown): void {
  const schema = z.fromJSONSchema(deployment.inputJsonSchema as Parameters<typeof z.fromJSONSchema>[0]);
  const issue = schema.safeParse(input).error?.issues[0];
  if (issue) throw new AppError('FLOW_INPUT_INVALID', `${issue.path.join('.') || 'input'}: ${issue.message}`, { context: { flow: deployment.name } });
}

/**
 * Runs a flow now. With an idempotency key, asking twice is asking once.
 * @throws AppError FLOW_NOT_FOUND; FLOW_INPUT_INVALID naming the field; IDEMPOTENCY_CONFLICT when the key was used for another input.
 */
export async function runNow(parts: RunParts, name: string, request: { input: unknown; idempotencyKey: string | undefined }): Promise<string> {
  const { deployment } = await findDeployment(parts, name);
  const input = request.input ?? {};
  checkInput(deployment, input);
  const runId = keyedRunId(deployment.name, 'manual', request.idempotencyKey ?? randomUUID());
  const existing = request.idempotencyKey === undefined ? null : await parts.engine.get(runId);
  if (existing) {
    const earlier = flowCallSchema.safeParse(existing.input?.[0]).data?.input;
    if (JSON.stringify(earlier) !== JSON.stringify(input)) throw new AppError('IDEMPOTENCY_CONFLICT', 'This idempotency key was used for a run with another input; choose a new one');
    return runId;
  }
  await parts.engine.enqueue({ flow: deployment.name, runId, call: { input, scheduledFor: null }, trigger: 'manual', timeoutMs: deployment.timeoutMs });
  return runId;
}

/** Stops a flow's schedule or lets it go on; runs by hand and by event are not touched. @throws AppError FLOW_NOT_FOUND; INPUT_INVALID for a flow without schedule. */
export async function pauseSchedule(parts: RunParts, name: string, isPaused: boolean): Promise<FlowName> {
  const { deployment } = await findDeployment(parts, name);
  if (!deployment.schedule) throw new AppError('INPUT_INVALID', `The flow ${deployment.name} has no schedule to pause; it runs on demand`);
  await setPaused(parts.db, deployment.name, isPaused, parts.clock.now());
  return deployment.name;
}
