/** The flows of notification. */
import * as z from 'zod';
import type { Db, Tx } from '#chassis/db.ts';
import { flow, type FlowDefinition } from '#chassis/flows.ts';
import { record } from './lane.ts';
import type { Notice } from './notices.ts';
import { askAllParts, type PartHealth, type ProbeParts } from './probes.ts';

const INSERT = `
  INSERT INTO notification.health_checks (run_id, part, is_healthy, latency_ms, detail)
  SELECT $1, h.part, h.is_healthy, h.latency_ms, h.detail::jsonb FROM unnest($2::text[], $3::boolean[], $4::float8[], $5::text[]) AS h(part, is_healthy, latency_ms, detail)
  ON CONFLICT (run_id, part) DO UPDATE SET is_healthy = excluded.is_healthy, latency_ms = excluded.latency_ms, detail = excluded.detail, at = clock_timestamp()`;

/** How each part was in the last look before this run. */
const LAST = `SELECT DISTINCT ON (part) part, is_healthy AS "isHealthy" FROM notification.health_checks WHERE run_id <> $1 AND at > clock_timestamp() - interval '1 day' ORDER BY part, at DESC`;

/** A person hears of a part when it stops being well and when it is well again, not every five minutes in between. */
function changes(runId: string, parts: readonly PartHealth[], before: ReadonlyMap<string, boolean>): Notice[] {
  return parts.flatMap(({ part, isHealthy, reasons }): Notice[] => {
    if ((before.get(part) ?? true) === isHealthy) return [];
    const notificationId = `health:${part}:${runId}`;
    return [isHealthy
      ? { notificationId, kind: 'health', severity: 'info', title: `${part} is well again`, body: 'It answers as it should.', context: { part } }
      : { notificationId, kind: 'health', severity: 'critical', title: `${part} is not well`, body: `${reasons.join('; ')}.`, context: { part, reasons } }];
  });
}

async function writeChecks(tx: Tx, runId: string, parts: readonly PartHealth[]): Promise<void> {
  const before = new Map((await tx.query<{ part: string; isHealthy: boolean }>(LAST, [runId])).map((row) => [row.part, row.isHealthy]));
  await tx.query(INSERT, [runId, parts.map((p) => p.part), parts.map((p) => p.isHealthy), parts.map((p) => p.latencyMs), parts.map((p) => JSON.stringify({ reasons: p.reasons }))]);
  await record(tx, changes(runId, parts, before));
}

/** monitor_system_health: how every part is, kept with its history. `probe` is what it asks; `db` where it writes. */
export function notificationFlows(db: Db, probe: ProbeParts): FlowDefinition[] {
  return [
    flow({
      name: 'monitor_system_health',
      description: 'Asks every part how it is: the workers, PostgreSQL, Redis and the disk; keeps the answers and tells what changed.',
      input: z.object({}),
      schedule: { kind: 'cron', cron: '*/5 * * * *', only: 'always' },
      retries: 2, retryDelayMs: 2_000, timeoutMs: 60_000, concurrency: 1, onMissed: 'skip',
      async run(ctx) {
        const parts = await ctx.step('ask every part', () => askAllParts(probe));
        ctx.progress(1, 2);
        await ctx.step('keep the answers', async () => {
          await db.tx((tx) => writeChecks(tx, ctx.runId, parts));
          return parts.length;
        });
        ctx.progress(2, 2);
        const unwell = parts.filter((part) => !part.isHealthy);
        for (const part of unwell) ctx.log('warn', `${part.part} is not well`, { reasons: part.reasons });
        const degraded = parts.filter((part) => part.isHealthy && part.reasons.length > 0);
        ctx.log('info', 'Asked every part', { parts: parts.length, unwell: unwell.length, degraded: degraded.length });
        return { isHealthy: unwell.length === 0, healthy: parts.length - unwell.length, total: parts.length, unwell, degraded };
      },
    }),
  ];
}
