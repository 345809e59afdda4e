/** The real orchestrator process: /health names what is wrong with schedules and stays ready, /metrics counts, the broker's calendar moves the next runs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scheduleSchema, type FlowScheduleInput } from '#app/contracts/flow-schedules.ts';
import { FLOW_OWNERS, type Deployment, type DeploymentView, type FlowName } from '#app/contracts/flows.ts';
import type { WorkerHealth } from '#app/contracts/health.ts';
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { nextOpen } from '#app/market/calendar.ts';
import { toNewYork } from '#app/market/nyse-zone.ts';
import { openDb } from '#chassis/db.ts';
import { saveAnnouncement } from '../../services/orchestrator/store.ts';
import { startFamily, type Family } from './family.ts';

let family: Family;
let base: string;
const now = Date.now() as EpochMs;
/** The next session that does not begin today, which the broker closes. */
const closedOpen = nextOpen((now + 86_400_000) as EpochMs);

function deployment(name: FlowName, schedule: FlowScheduleInput | null): Deployment {
  return {
    name, owner: FLOW_OWNERS[name], description: 'd', version: '1', schedule: schedule === null ? null : scheduleSchema.parse(schedule), retries: 1, retryDelayMs: 100, timeoutMs: 1_000, concurrency: 1, onMissed: 'skip', overlap: 'queue',
    input: {}, inputJsonSchema: {}, events: [], children: [], isShareable: false,
  };
}

async function get<T>(path: string): Promise<T> {
  const response = await fetch(`${base}${path}`, { headers: { authorization: `Bearer ${family.config('orchestrator').internalToken}` } });
  const text = await response.text();
  return (text.startsWith('{') ? JSON.parse(text) : { text, status: response.status }) as T;
}

describe('the orchestrator at work', () => {
  beforeAll(async () => {
    family = await startFamily();
    const { postgres, units } = family.config('orchestrator');
    base = `http://127.0.0.1:${units.orchestrator?.port ?? 0}`;
    const db = openDb({ access: postgres, database: postgres.orchestratorDb, schema: null, applicationName: 'test', max: 1, onLost: () => undefined });
    await db.tx((tx) => saveAnnouncement(tx, {
      owner: 'execution',
      deployments: [
        deployment('reconcile_trades', { kind: 'session', anchor: 'open', offsetMinutes: -30 }), deployment('execute_trades', { kind: 'interval', everyMinutes: 5, until: now - 86_400_000 }),
        deployment('manage_orders', { kind: 'interval', everyMinutes: 40_320 }), deployment('update_positions', null),
      ],
    }, now));
    await db.query("UPDATE flows.schedules SET settings = '{}', changed_at = now() WHERE flow = 'manage_orders'");
    // The clock was ahead by a day when the last decision was made.
    await db.query("UPDATE flows.schedules SET decided_until = decided_until + interval '1 day' WHERE flow = 'manage_orders'");
    await db.close();
    const ingestion = family.config('data_ingestion').postgres;
    const book = openDb({ access: ingestion, database: ingestion.tradingDb, schema: null, applicationName: 'test', max: 1, onLost: () => undefined });
    await book.query("INSERT INTO data_ingestion.market_calendar (day, source) VALUES ($1, 'test')", [toNewYork(closedOpen).date]);
    await book.close();
    await family.orchestrator();
  });
  afterAll(() => family.stop());

  it('is ready, and names what is wrong with schedules', async () => {
    const health = await get<WorkerHealth>('/health');
    expect(health).toMatchObject({ ready: true, unit: 'orchestrator', detail: { postgres: { ok: true }, schedules: { ok: false }, clock: { ok: true, message: expect.stringMatching(/set back by 1440 min/) as string } } });
    expect(health.reasons).toEqual(['1 schedule never fires again: execute_trades', 'The settings of manage_orders cannot be used; its defaults hold']);
    expect(health.detail['schedules']?.message).toBe(health.reasons.join('; '));
  });

  it('shows each flow with its health, in words', async () => {
    const { deployments } = await get<{ deployments: DeploymentView[] }>('/api/deployments');
    const of = (name: FlowName): DeploymentView | undefined => deployments.find((view) => view.name === name);
    expect(of('execute_trades')).toMatchObject({ health: 'exhausted', nextRunsAt: [], healthReason: expect.stringMatching(/^It ended on/) as string });
    expect(of('manage_orders')).toMatchObject({ health: 'ok', scheduleText: 'Every 4 weeks', healthReason: expect.stringMatching(/stored settings cannot be used/) as string });
    expect(of('update_positions')).toMatchObject({ health: 'ok', nextRunsAt: [], scheduleText: null });
  });

  it("keeps to the broker's calendar", async () => {
    const { deployments } = await get<{ deployments: DeploymentView[] }>('/api/deployments');
    const next = deployments.find((view) => view.name === 'reconcile_trades')?.nextRunsAt ?? [];
    expect(next).toHaveLength(5);
    expect(next.map((at) => toRfc3339(at as EpochMs))).not.toContain(toRfc3339((closedOpen - 30 * 60_000) as EpochMs));
    expect(next).toContain(nextOpen(closedOpen) - 30 * 60_000);
  });

  it('counts for Prometheus', async () => {
    const { text } = await get<{ text: string }>('/metrics');
    expect(text).toMatch(/mainspring_flow_schedules\{health="exhausted",unit="orchestrator"\} 1\n/);
    expect(text).toMatch(/mainspring_flow_schedules\{health="ok",unit="orchestrator"\} 3\n/);
    expect(text).toMatch(/mainspring_flow_queue_depth\{flow="manage_orders",unit="orchestrator"\} 0\n/);
    expect(text).toMatch(/mainspring_flow_start_lateness_ms/);
  });
});
