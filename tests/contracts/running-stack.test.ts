/** What the parts of a running stack really say to each other, held against the contracts: events, health, metrics, and who may write where. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOPICS, parseEnvelope } from '#app/contracts/events.ts';
import type { EventEnvelope, Topic } from '#app/contracts/events.ts';
import { WORKER_IDS, WorkerHealthSchema } from '#app/contracts/health.ts';
import { SERVICE_IDS } from '#app/domain/ids.ts';
import { recordBars } from '../support/recorded-bars.ts';
import { until } from '../support/servers.ts';
import { cleanUp, freshDataDir, startStack } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';

const LIMIT_MS = 300_000;
/** What happens in any replay that trades; the others need a person or a mishap. */
const EVERYDAY: readonly Topic[] = ['bar.closed', 'signal.raised', 'order.approved', 'order.submitted', 'order.changed', 'order.closed', 'order.filled', 'position.changed', 'equity.recorded'];
const SAMPLE = /^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*",?)*\})? (NaN|[+-]?Inf|[+-]?[0-9.]+([eE][+-]?\d+)?)( \d+)?$/;

let folder: string;
let stack: TestStack;

beforeAll(async () => {
  folder = recordBars({ symbols: ['AAA', 'BBB', 'CCC'], days: ['2024-03-04'], minutes: 120, seed: 3 });
  stack = startStack({ dataDir: await freshDataDir(), replay: folder, isKeeping: true });
  await stack.announced();
  await until(() => stack.replayEnd(), 'the end of the tape', LIMIT_MS);
}, LIMIT_MS);

afterAll(async () => {
  await stack.stop();
  await cleanUp();
  rmSync(folder, { recursive: true, force: true });
}, LIMIT_MS);

/** The address of a worker's own HTTP server. */
async function addressOf(id: (typeof WORKER_IDS)[number]): Promise<string> {
  return `http://127.0.0.1:${(await stack.unit(id)).port ?? 0}`;
}

describe('events', () => {
  it('in every outbox have the shape of their topic, and come from the service that may raise it', async () => {
    const raised = new Set<Topic>();
    for (const service of SERVICE_IDS) {
      const rows = await stack.read((query) => query<Record<string, unknown>>(`SELECT seq, topic, key, correlation_id AS "correlationId", written_at AS "tsWritten", payload FROM ${service}.outbox ORDER BY seq`));
      rows.forEach((row, index) => {
        const event: EventEnvelope | null = parseEnvelope({ ...row, producer: service });
        expect(event, `${service} says something that no contract knows: ${String(row['topic'])}`).not.toBeNull();
        if (event === null) return;
        expect([event.seq, TOPICS[event.topic].producer]).toEqual([index + 1, service]);
        raised.add(event.topic);
      });
    }
    expect([...raised].sort()).toEqual(expect.arrayContaining([...EVERYDAY].sort()));
  });

  it('lead from a bar to its fill: the bar names the signal, the signal all that follows', async () => {
    const chains = await stack.read((query) => query<{ bar: string | null; topics: string[] }>(`
      SELECT b.key AS bar, (SELECT array_agg(DISTINCT o.topic ORDER BY o.topic) FROM (SELECT topic, correlation_id FROM risk_management.outbox UNION ALL SELECT topic, correlation_id FROM execution.outbox) o WHERE o.correlation_id = s.key) AS topics
      FROM strategy_engine.outbox s LEFT JOIN data_ingestion.outbox b ON b.topic = 'bar.closed' AND b.key = s.correlation_id WHERE s.topic = 'signal.raised'`));
    expect(chains.filter(({ bar }) => bar === null)).toEqual([]);
    const whole = ['order.approved', 'order.changed', 'order.closed', 'order.filled', 'order.submitted', 'position.changed'];
    const [filled] = await stack.read((query) => query<{ n: number }>(`SELECT count(*) AS n FROM execution.orders WHERE status = 'filled' AND source = 'strategy'`));
    expect(filled?.n).toBeGreaterThan(2);
    expect(chains.filter(({ topics }) => whole.every((topic) => topics.includes(topic)))).toHaveLength(filled?.n ?? 0);
  });
});

describe.each(WORKER_IDS)('%s', (id) => {
  it('tells its health as the contract says, under its own name', async () => {
    const response = await fetch(`${await addressOf(id)}/health`);
    expect(response.status).toBe(200);
    const body: unknown = await response.json();
    // The gateway's /health is the report of the whole stack, for programs outside.
    if (id === 'gateway') expect(body).toMatchObject({ ready: true });
    else expect(WorkerHealthSchema.parse(body)).toMatchObject({ unit: id, live: true, ready: true, reasons: [] });
  });

  it('shows metrics that Prometheus can read', async () => {
    const response = await fetch(`${await addressOf(id)}/metrics`);
    // The gateway is the one part that people outside may reach: it shows them to those who have signed in.
    expect(response.status).toBe(id === 'gateway' ? 401 : 200);
    if (id === 'gateway') return;
    const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => !SAMPLE.test(line))).toEqual([]);
  });
});

describe('the book', () => {
  it('has one writer for each table: the service whose name its schema bears', async () => {
    const writers = await stack.read((query) => query<{ table_schema: string; table_name: string; writers: string[] }>(`
      SELECT table_schema, table_name, array_agg(DISTINCT grantee ORDER BY grantee) AS writers FROM information_schema.role_table_grants
      WHERE privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE') AND table_schema = ANY($1) AND grantee <> table_schema AND grantee <> (SELECT tableowner FROM pg_tables WHERE schemaname = table_schema AND tablename = table_name)
      GROUP BY 1, 2`, [SERVICE_IDS]));
    expect(writers).toEqual([]);
  });

  it('lets no service empty, change or own what it holds', async () => {
    const roles = await stack.read((query) => query<{ rolname: string }>(`SELECT rolname FROM pg_roles WHERE rolname = ANY($1) AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls)`, [WORKER_IDS]));
    const owned = await stack.read((query) => query<{ tablename: string }>('SELECT tablename FROM pg_tables WHERE tableowner = ANY($1)', [WORKER_IDS]));
    expect([roles, owned]).toEqual([[], []]);
  });
});
