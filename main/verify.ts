/** Verification: one real round trip per part, made from outside that part. */
import * as z from 'zod';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { FLOW_NAMES } from '#app/contracts/flows.ts';
import { WorkerIdSchema } from '#app/contracts/health.ts';
import type { UnitHealth, VerifyCheck, VerifyReport, WorkerId } from '#app/contracts/health.ts';
import { describeError } from '#app/domain/errors.ts';
import { checkRole } from './units/role-check.ts';

const ASK_LIMIT_MS = 5_000;
const HealthBodySchema = z.object({ unit: WorkerIdSchema, instanceId: z.string(), ready: z.boolean(), reasons: z.array(z.string()) });
const DeploymentsSchema = z.union([z.array(z.object({ name: z.string() })), z.object({ deployments: z.array(z.object({ name: z.string() })) }).transform((body) => body.deployments)]);

/** What is verified: the units as the supervisor sees them, and what each worker was told. */
export type VerifyTarget = {
  readonly units: readonly UnitHealth[];
  readonly configFor: (unit: WorkerId) => RuntimeConfig;
  readonly now: () => number;
};

async function timed(part: string, ask: () => Promise<{ ok: boolean; detail: string }>): Promise<VerifyCheck> {
  const before = performance.now();
  try {
    const { ok, detail } = await ask();
    return { part, ok, detail, tookMs: performance.now() - before };
  } catch (error) {
    return { part, ok: false, detail: describeError(error), tookMs: performance.now() - before };
  }
}

async function getJson(url: string, token: string | null): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, { headers: token === null ? {} : { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(ASK_LIMIT_MS), redirect: 'error' });
  return { status: response.status, body: await response.json() };
}

function checkWorker(unit: UnitHealth, id: WorkerId, target: VerifyTarget): Promise<VerifyCheck> {
  return timed(unit.title, async () => {
    const config = target.configFor(id);
    const endpoint = config.units[id];
    if (unit.state !== 'ready' || !endpoint) return { ok: false, detail: [unit.state, ...unit.reasons].join(': ') };
    const { status, body } = await getJson(`http://${endpoint.host}:${endpoint.port}/health`, null);
    const health = HealthBodySchema.safeParse(body);
    if (!health.success) return { ok: false, detail: `port ${endpoint.port} answers ${status}, but not with the health of ${id}` };
    const { data } = health;
    // The answer must come from this run, not from another program or an earlier instance on the same port.
    if (data.unit !== id || data.instanceId !== config.instanceId) return { ok: false, detail: `port ${endpoint.port} belongs to ${data.unit} of another instance` };
    return { ok: status === 200 && data.ready, detail: data.ready ? `ready on port ${endpoint.port}` : `not ready: ${data.reasons.join('; ')}` };
  });
}

function checkUnit(unit: UnitHealth, target: VerifyTarget): Promise<VerifyCheck> {
  const worker = WorkerIdSchema.safeParse(unit.id);
  if (worker.success) return checkWorker(unit, worker.data, target);
  return timed(unit.title, () => {
    const ok = unit.state === 'ready' || unit.state === 'done';
    const answer = unit.latencyMs === null ? '' : `, answered in ${unit.latencyMs.toFixed(1)} ms`;
    const where = unit.port === null ? '' : ` on port ${unit.port}`;
    return Promise.resolve({ ok, detail: ok ? `${unit.state}${where}${answer}` : [unit.state, ...unit.reasons].join(': ') });
  });
}

function checkDatabases(ids: readonly WorkerId[], target: VerifyTarget): Promise<VerifyCheck> {
  return timed('Database roles', async () => {
    const bad: string[] = [];
    await Promise.all(
      ids.map(async (id) => {
        const { postgres } = target.configFor(id);
        const problem = await checkRole(postgres, postgres.tradingDb);
        if (problem !== null) bad.push(`${id}: ${problem}`);
      }),
    );
    return { ok: bad.length === 0, detail: bad.length === 0 ? `${ids.length} roles reach the book with their own password` : bad.join('; ') };
  });
}

function checkDiscovery(checks: readonly VerifyCheck[], total: number): VerifyCheck {
  const answered = checks.filter((check) => check.ok).length;
  return { part: 'Service discovery', ok: answered === total, detail: `${answered} of ${total} workers answer at the address that the others were told`, tookMs: 0 };
}

function checkFlows(target: VerifyTarget): Promise<VerifyCheck> {
  return timed('Flows', async () => {
    const config = target.configFor('orchestrator');
    const endpoint = config.units.orchestrator;
    if (!endpoint) return { ok: false, detail: 'there is no orchestrator' };
    const { status, body } = await getJson(`http://${endpoint.host}:${endpoint.port}/api/deployments`, config.internalToken);
    if (status !== 200) return { ok: false, detail: `the orchestrator answered ${status}` };
    const names = new Set(DeploymentsSchema.parse(body).map((deployment) => deployment.name));
    const missing = FLOW_NAMES.filter((name) => !names.has(name));
    return { ok: missing.length === 0, detail: missing.length === 0 ? `${names.size} deployed` : `missing: ${missing.join(', ')}` };
  });
}

/** Asks every part. The report is healthy when all answers are. */
export async function verifyStack(target: VerifyTarget): Promise<VerifyReport> {
  const checks = await Promise.all(target.units.map((unit) => checkUnit(unit, target)));
  const workers = target.units.flatMap((unit) => (WorkerIdSchema.safeParse(unit.id).success ? [WorkerIdSchema.parse(unit.id)] : []));
  const workerChecks = checks.filter((_, index) => WorkerIdSchema.safeParse(target.units[index]?.id).success);
  const roles = await checkDatabases(workers, target);
  const flows = workers.includes('orchestrator') ? [await checkFlows(target)] : [];
  const all = [...checks, checkDiscovery(workerChecks, workers.length), roles, ...flows];
  return { healthy: all.every((check) => check.ok), at: target.now(), checks: all };
}
