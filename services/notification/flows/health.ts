/** monitor_system_health: how every part is, kept with its history; what changed is told. */
import * as z from 'zod';
import type { Db, Queryable, Tx } from '#chassis/db.ts';
import { flow, type FlowContext, type FlowDefinition } from '#chassis/flows.ts';
import { plainJson } from '#chassis/plain-text.ts';
import type { Herald } from '../herald.ts';
import type { Notice } from '../notices.ts';
import { askAllParts, type PartHealth, type ProbeParts } from '../probes.ts';
import { awaitDeliveries } from './await-deliveries.ts';

const LINES_MAX = 20;
const LINE_MAX = 400;
const STEPS = 3;

/** What the flow works with: what it asks, where it writes, who tells. */
export type HealthFlowParts = { readonly db: Db; readonly probe: ProbeParts; readonly herald: Herald };

const INSERT = `
  INSERT INTO notification.health_checks (run_id, part, is_healthy, latency_ms, detail)
  SELECT $1, h.part, h.is_healthy, h.latency_ms, h.detail::jsonb FROM unnest($2::text[], $3::boolean[], $4::float8[], $5::text[]) AS h(part, is_healthy, latency_ms, detail)
  ON CONFLICT (run_id, part) DO UPDATE SET is_healthy = excluded.is_healthy, latency_ms = excluded.latency_ms, detail = excluded.detail, at = clock_timestamp()`;

/** How each part was in the last look before this run. */
const LAST = `SELECT DISTINCT ON (part) part, is_healthy AS "isHealthy" FROM notification.health_checks WHERE run_id <> $1 AND at > clock_timestamp() - interval '1 day' ORDER BY part, at DESC`;

/** The parameters; an event fills them with the part that failed, its reasons and last words (secrets taken out by the supervisor). */
export const healthInputSchema = z.object({
  unit: z.string().max(60).optional().describe('The part that failed; without it a general look'),
  since: z.number().int().optional().describe('When it failed, milliseconds since 1970'),
  reasons: z.array(z.string().max(LINE_MAX)).max(10).default([]).describe('Why, in the words of the supervisor'),
  lastLines: z.array(z.string().max(LINE_MAX)).max(LINES_MAX).default([]).describe('The last lines of its output'),
}).strict();
type Input = z.output<typeof healthInputSchema>;

/** A person hears of a part when it stops being well and when it is well again, not every five minutes in between. */
function changes(runId: string, parts: readonly PartHealth[], before: ReadonlyMap<string, boolean>): Notice[] {
  return parts.flatMap(({ part, isHealthy, reasons }): Notice[] => {
    if ((before.get(part) ?? true) === isHealthy) return [];
    const notificationId = `health:${part}:${runId}`;
    return [isHealthy
      ? { notificationId, kind: 'health', severity: 'info', title: `${part} is well again`, body: 'It answers as it should.', context: { part } }
      : { notificationId, kind: 'health', severity: part === 'schedules' ? 'warning' : 'critical', title: `${part} is not well`, body: `${reasons.join('; ')}.`, context: { part, reasons } }];
  });
}

/** The failure that started this run, told with the part's last words. */
function failure({ unit, since, reasons, lastLines }: Input): Notice[] {
  if (unit === undefined) return [];
  const why = reasons.length === 0 ? 'It gave no reason' : reasons.join('; ');
  return [{ notificationId: `health:unit:${unit}:${since ?? 0}`, kind: 'health', severity: 'critical', title: `${unit} has failed`, body: `${why}. The supervisor has given it up for now and tries again after a while.`, context: { part: unit, unit, reasons, lastLines } }];
}

async function lastLook(db: Queryable, runId: string): Promise<Map<string, boolean>> {
  return new Map((await db.query<{ part: string; isHealthy: boolean }>(LAST, [runId])).map((row) => [row.part, row.isHealthy]));
}

/** Keeps the answers and tells what changed. @returns the ids of what is told */
async function writeChecks(tx: Tx, herald: Herald, look: { runId: string; parts: readonly PartHealth[]; input: Input }): Promise<string[]> {
  const { runId, parts, input } = look;
  const before = await lastLook(tx, runId);
  await tx.query(INSERT, [runId, parts.map((p) => p.part), parts.map((p) => p.isHealthy), parts.map((p) => p.latencyMs), parts.map((p) => plainJson({ reasons: p.reasons }))]);
  // What failed is told with its last words, not a second time as "not well".
  const notices = [...failure(input), ...changes(runId, parts, before).filter(({ context, severity }) => context['part'] !== input.unit || severity === 'info')];
  await herald.tell(tx, notices.map((notice) => ({ notice })));
  return notices.map((notice) => notice.notificationId);
}

async function run(ctx: FlowContext, { db, probe, herald }: HealthFlowParts, input: Input): Promise<unknown> {
  if (input.unit !== undefined) ctx.log('warn', `${input.unit} has failed`, { reasons: input.reasons, lastLines: input.lastLines });
  const parts = await ctx.step('ask every part', () => askAllParts(probe));
  ctx.progress(1, STEPS);
  const told = await ctx.step('keep the answers', () => db.tx((tx) => writeChecks(tx, herald, { runId: ctx.runId, parts, input })));
  ctx.progress(2, STEPS);
  const unwell = parts.filter((part) => !part.isHealthy);
  for (const part of unwell) ctx.log('warn', `${part.part} is not well`, { reasons: part.reasons });
  const degraded = parts.filter((part) => part.isHealthy && part.reasons.length > 0);
  ctx.log('info', 'Asked every part', { parts: parts.length, unwell: unwell.length, degraded: degraded.length });
  if (told.length === 0) await ctx.skip('wait for the deliveries', 'Nothing has changed since the last look');
  const deliveries = told.length === 0 ? null : await awaitDeliveries(ctx, { db, herald }, told);
  ctx.progress(STEPS, STEPS);
  return { isHealthy: unwell.length === 0 && input.unit === undefined, healthy: parts.length - unwell.length, total: parts.length, unwell, degraded, failedUnit: input.unit ?? null, told: told.length, deliveries, note: deliveries?.note ?? null };
}

/** The flow. */
export function healthFlow(parts: HealthFlowParts): FlowDefinition {
  return flow({
    name: 'monitor_system_health',
    description: 'Asks every part how it is: the workers, PostgreSQL, Redis, the schedules and the disk; keeps the answers and tells what changed.',
    input: healthInputSchema,
    schedule: { kind: 'cron', cron: '*/5 * * * *', only: 'always' }, events: ['the failure of a part'],
    retries: 2, retryDelayMs: 2_000, timeoutMs: 90_000, concurrency: 1, onMissed: 'skip', overlap: 'skip',
    run: (ctx, input) => run(ctx, parts, input),
  });
}
