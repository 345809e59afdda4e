/** The orchestrator at a glance: engine tables -> API -> schedules, woken every minute; history kept bounded. */
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import { monotonicMs } from '#chassis/clock.ts';
import { openDb } from '#chassis/db.ts';
import { runService, type ServiceContext, type ServiceParts } from '#chassis/service.ts';
import { buildApi } from './api.ts';
import { ensureEngineTables, openEngine } from './engine.ts';
import { forgetOldRuns } from './retention.ts';
import { sweep, type SchedulerParts } from './scheduler.ts';
import type { MarketOfSchedules } from './ticks.ts';
import { everyMinute } from './triggers.ts';

const POOL = 3;
const PROBE_EVERY_MS = 5_000;
const FORGET_FIRST_MS = 60_000;
const FORGET_EVERY_MS = 6 * 3_600_000;

/** In a replay the market's time is not the wall's: schedules that ask for the market rest. A demo's market never closes. */
function marketOf(config: RuntimeConfig): MarketOfSchedules {
  if (config.replay) return 'unknown';
  return config.mode === 'demo' ? 'always_open' : 'exchange';
}

async function setUp(ctx: ServiceContext): Promise<ServiceParts> {
  const { config, log, clock } = ctx;
  const db = openDb({
    access: config.postgres, database: config.postgres.orchestratorDb, schema: null, applicationName: 'orchestrator', max: POOL,
    onLost: (error) => ctx.fatal(new AppError('DATABASE_UNREACHABLE', 'PostgreSQL is gone', { cause: error })),
  });
  await ensureEngineTables(config.postgres);
  const engine = await openEngine(config, log);
  const parts: SchedulerParts = { db, engine, clock, log, market: marketOf(config) };
  const onTrouble = (error: unknown): void => {
    if (!ctx.signal.aborted) log.warn({ error: describeError(error) }, 'A regular task of the orchestrator failed; it is tried again at its next time');
  };
  const probe = async (): Promise<void> => {
    const began = monotonicMs();
    await db.query('SELECT 1');
    ctx.health.set('postgres', { ok: true, latencyMs: monotonicMs() - began });
  };
  const forget = async (): Promise<void> => {
    log.info({ removed: await forgetOldRuns(parts, config.logRetentionDays) }, 'Old runs forgotten');
  };
  const minutes = everyMinute(() => sweep(parts).catch(onTrouble));
  const timers = [
    setInterval(() => void probe().catch(onTrouble), PROBE_EVERY_MS),
    setInterval(() => void forget().catch(onTrouble), FORGET_EVERY_MS),
    setTimeout(() => void forget().catch(onTrouble), FORGET_FIRST_MS),
  ];
  const api = buildApi({ ...parts, internalToken: config.internalToken, health: ctx.healthReport, metrics: async () => ({ contentType: ctx.metrics.contentType, text: await ctx.metrics.render() }) });
  return {
    async serve() {
      const endpoint = config.units.orchestrator;
      invariant(endpoint, 'The orchestrator has no address in the runtime configuration');
      await api.listen({ host: endpoint.host, port: endpoint.port });
      return { close: () => api.close() };
    },
    // What was missed while the system was off is decided before anything else happens.
    async recover() {
      await probe();
      await sweep(parts);
    },
    async start() {
      minutes.start();
    },
    async drain() {
      for (const timer of timers) clearTimeout(timer);
      await minutes.stop();
      await api.close();
      await engine.close();
      await db.close();
    },
    resumed: () => sweep(parts),
  };
}

runService({ unit: 'orchestrator', usesBook: false, usesBus: false, setUp });
