/** What is asked of the orchestrator, route by route: the public contract, and what the services report. */
import * as z from 'zod';
import { flowNameSchema } from '#app/contracts/flows.ts';
import { ORCHESTRATOR, type OrchestratorRoute } from '#app/contracts/orchestrator.ts';
import { monotonicMs } from '#chassis/clock.ts';
import { announcementSchema, reportsSchema } from '#chassis/flows-wire.ts';
import type { Logger } from '#chassis/log.ts';
import { loadChanges } from './changes.ts';
import { previewSchedule, viewDeployments, viewFlowDays } from './deployment-views.ts';
import { announceFlows, changeSettings, findDeployment, pauseSchedule, runNow, type DeploymentParts } from './deployments.ts';
import { cancelRun, retryRun } from './run-acts.ts';
import { describeRun } from './run-detail.ts';
import { findRow, listRuns } from './runs.ts';
import { settingsInForce } from './settings.ts';
import { loadLogsAfter, saveReports } from './store.ts';

/** What the routes work with. */
export type RouteParts = DeploymentParts & { readonly log: Logger };

const ok = z.object({ ok: z.literal(true) });

/** Every route: for people (app/contracts/orchestrator.ts), and the two on which services speak of their flows and runs. */
export const ROUTES = {
  ...ORCHESTRATOR,
  announce: { method: 'POST', path: '/api/deployments/announce', summary: 'A service names all its flows; those no longer named are withdrawn', input: announcementSchema, output: ok },
  report: { method: 'POST', path: '/api/runs/report', summary: 'A service tells how its runs fare', input: reportsSchema, output: ok },
} as const satisfies Record<string, OrchestratorRoute>;

/** The name of a route. */
export type RouteName = keyof typeof ROUTES;
/** Every route's handler; a missing one does not compile. */
export type RouteHandlers = { readonly [N in RouteName]: (input: z.output<(typeof ROUTES)[N]['input']>) => Promise<z.output<(typeof ROUTES)[N]['output']>> };

const accepted = { accepted: true } as const;
/** Sums over whole days hardly change: they are worked out again after this long. */
const DAYS_KEPT_MS = 5_000;

/** Remembers the answer to each question for a while; whoever asks meanwhile waits for the same one. */
function remember<T>(keptMs: number, work: (question: number) => Promise<T>): (question: number) => Promise<T> {
  const known = new Map<number, { readonly at: number; readonly answer: Promise<T> }>();
  return (question) => {
    const before = known.get(question);
    if (before && monotonicMs() - before.at < keptMs) return before.answer;
    const answer = work(question);
    known.set(question, { at: monotonicMs(), answer });
    // A failure is told to who asked, and not remembered.
    answer.catch(() => known.delete(question));
    return answer;
  };
}

/** Builds the table of handlers. */
export function createRouteHandlers(parts: RouteParts): RouteHandlers {
  const { log } = parts;
  const flowDays = remember(DAYS_KEPT_MS, (days) => viewFlowDays(parts, days));
  return {
    deployments: async () => ({ deployments: await viewDeployments(parts) }),
    flowDays: async ({ days }) => ({ days: await flowDays(days) }),
    flowChanges: async ({ flow, limit }) => ({ changes: await loadChanges(parts.db, flow, limit) }),
    runFlow: async ({ flow, ...request }) => ({ runId: await runNow(parts, flow, { input: request.input, idempotencyKey: request.idempotencyKey, actor: request.actor }) }),
    async pauseFlow({ flow, actor }) {
      await pauseSchedule(parts, flow, true, actor);
      log.info({ flow, actor }, 'Schedule paused');
      return accepted;
    },
    async resumeFlow({ flow, actor }) {
      await pauseSchedule(parts, flow, false, actor);
      log.info({ flow, actor }, 'Schedule resumed');
      return accepted;
    },
    async saveFlowSettings({ flow, settings, actor }) {
      await changeSettings(parts, flow, settings, actor);
      log.info({ flow, actor, isReset: settings === null }, 'Settings of a flow changed');
      return accepted;
    },
    previewSchedule: ({ schedule }) => Promise.resolve(previewSchedule(parts, schedule)),
    runs: (query) => listRuns(parts, query),
    run: ({ runId }) => describeRun(parts, runId),
    runLogs: async ({ runId, afterSeq }) => ({ lines: await loadLogsAfter(parts.db, runId, afterSeq) }),
    async cancelRun({ runId, actor }) {
      await cancelRun(parts, runId, actor);
      log.info({ runId, actor }, 'Run cancelled');
      return accepted;
    },
    async retryRun({ runId, fromStep, idempotencyKey, actor }) {
      const { deployment, storedSettings } = await findDeployment(parts, flowNameSchema.parse((await findRow(parts, runId)).flow));
      const { timeoutMs } = settingsInForce(deployment, storedSettings).settings;
      const newRunId = await retryRun(parts, { runId, fromStep, timeoutMs, actor, idempotencyKey });
      log.info({ runId, newRunId, actor }, 'Run repeated');
      return { runId: newRunId };
    },
    async announce(announcement) {
      await announceFlows(parts, announcement);
      log.info({ owner: announcement.owner, flows: announcement.deployments.map((deployment) => deployment.name) }, 'Flows announced');
      return { ok: true };
    },
    async report({ reports }) {
      await parts.db.tx((tx) => saveReports(tx, reports));
      return { ok: true };
    },
  };
}
