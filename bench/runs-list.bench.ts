/** How quickly 100,000 runs are filtered: every filter of the run list, and the views of all flows. */
import { FLOW_NAMES, runQuerySchema } from '#app/contracts/flows.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { openDb } from '#chassis/db.ts';
import { viewDeployments, viewFlowDays } from '../services/orchestrator/deployment-views.ts';
import { ensureEngineTables } from '../services/orchestrator/engine.ts';
import { listRuns } from '../services/orchestrator/runs.ts';
import { seedRuns } from '../tests/support/many-runs.ts';
import { startBook } from '../tests/support/servers.ts';
import { figureOf, type Figure } from './lib/measure.ts';

const RUNS = 100_000;
const ROUNDS = 10;
const DAY_MS = 86_400_000;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Measures on a server of its own; limits from the issue: <= 200 ms for any filter, <= 100 ms for the deployments. */
export async function benchRunsList(): Promise<Figure[]> {
  const book = await startBook();
  const access = book.access('orchestrator');
  await ensureEngineTables(access);
  const db = openDb({ access, database: 'orchestrator', schema: null, applicationName: 'orchestrator', max: 3, onLost: () => undefined });
  try {
    const now = Date.now() as EpochMs;
    const parts = { db, clock: { now: () => now }, market: 'exchange' } as const;
    await seedRuns(db, now, RUNS);
    const filters: Readonly<Record<string, object>> = {
      'no filter': {}, 'a flow': { flow: 'run_backtest' }, 'a service': { owner: 'analytics' }, 'failed': { states: 'FAILED' }, 'completed': { states: 'COMPLETED' }, 'under way': { states: 'RUNNING,PENDING,LATE,RETRYING' },
      'a service, failed': { owner: 'analytics', states: 'FAILED' }, 'retries': { trigger: 'retry' }, 'a day, 1,000 rows': { from: now - 10 * DAY_MS, to: now - 9 * DAY_MS, limit: 1_000 }, 'children': { parentRunId: 'generate_reports:parent-50' },
      'search that finds': { search: 'seed-77777' }, 'search that finds nothing': { search: 'nothing at all' }, 'an old page': { cursor: `${now - 29 * DAY_MS}~x` },
    };
    const figures: Figure[] = [];
    const all: number[] = [];
    for (const [name, filter] of Object.entries(filters)) {
      const query = runQuerySchema.parse(filter);
      const values: number[] = [];
      for (let n = 0; n < ROUNDS; n += 1) values.push(await timed(() => listRuns(parts, query)));
      all.push(...values);
      figures.push(figureOf({ name: `runs, ${name}`, unit: 'ms', values, p: 0.95, limit: 200 }));
    }
    figures.push(figureOf({ name: 'runs, any filter', unit: 'ms', values: all, p: 0.95, limit: 200 }));
    // All 23 flows announced, as a running stack has them.
    await db.query(`INSERT INTO flows.deployments (name, owner, definition, announced_at) SELECT name, 'analytics', jsonb_build_object('name', name, 'owner', 'analytics', 'description', '', 'version', '1', 'retryDelayMs', 100, 'concurrency', 1,
      'inputJsonSchema', '{}'::jsonb, 'events', '[]'::jsonb, 'children', '[]'::jsonb, 'isShareable', false, 'schedule', jsonb_build_object('kind', 'cron', 'cron', '10 16 * * *', 'only', 'trading_days'), 'onMissed', 'skip', 'overlap', 'skip',
      'input', '{}'::jsonb, 'retries', 1, 'timeoutMs', 60000), now() FROM unnest($1::text[]) AS name`, [FLOW_NAMES]);
    await db.query("INSERT INTO flows.schedules (flow, decided_until) SELECT name, now() FROM flows.deployments");
    const views: number[] = [];
    const days: number[] = [];
    for (let n = 0; n < ROUNDS; n += 1) {
      views.push(await timed(() => viewDeployments(parts)));
      days.push(await timed(() => viewFlowDays(parts, 14)));
    }
    figures.push(figureOf({ name: 'all deployments', unit: 'ms', values: views, p: 0.95, limit: 100 }), figureOf({ name: 'two weeks of days', unit: 'ms', values: days, p: 0.95 }));
    return figures;
  } finally {
    await db.close();
    await book.stop();
  }
}
