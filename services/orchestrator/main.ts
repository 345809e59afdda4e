/** The orchestrator at a glance: engine tables -> API -> schedules, woken every minute; history kept bounded. */
import type { RuntimeConfig } from '#app/contracts/config.ts';
import type { MarketOfSchedules } from '#app/contracts/flow-schedules.ts';
import type { WorkerHealth } from '#app/contracts/health.ts';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import { readCalendar } from '#chassis/calendar.ts';
import { monotonicMs } from '#chassis/clock.ts';
import { openDb } from '#chassis/db.ts';
import { runService, type ServiceContext, type ServiceParts } from '#chassis/service.ts';
import { openAlarm } from './alarm.ts';
import { buildApi } from './api.ts';
import { viewDeployments } from './deployment-views.ts';
import { ensureEngineTables, openEngine } from './engine.ts';
import { reasonsOf } from './health.ts';
import { createFlowMetrics } from './metrics.ts';
import { forgetOldRuns } from './retention.ts';
import { describeClockChange, loadClockChange, saveClockChange } from './schedule-store.ts';
import { sweep, type SchedulerParts } from './scheduler.ts';

const POOL = 3;
const PROBE_EVERY_MS = 5_000;
const FORGET_FIRST_MS = 60_000;
const FORGET_EVERY_MS = 6 * 3_600_000;
const CALENDAR_EVERY_MS = 3_600_000;
/** A change of the clock is news for a week. */
const CLOCK_NEWS_MS = 7 * 24 * 3_600_000;
/** A clock that has just jumped may be wrong for a moment: history is not judged old by it until it has stayed so for an hour. */
const DOUBT_MS = 3_600_000;

/** In a replay the market's time is not the wall's: schedules that ask for the market rest. A demo's market never closes. */
function marketOf(config: RuntimeConfig): MarketOfSchedules {
  if (config.replay) return 'unknown';
  return config.mode === 'demo' ? 'always_open' : 'exchange';
}

/** The broker's calendar stands in the book, which the orchestrator needs for nothing else: a connection for the moment. */
async function refreshCalendar({ config, log }: ServiceContext, market: MarketOfSchedules): Promise<void> {
  if (market !== 'exchange') return;
  const book = openDb({ access: config.postgres, database: config.postgres.tradingDb, schema: null, applicationName: 'orchestrator', max: 1, onLost: (error) => log.warn({ error: describeError(error) }, 'The book was lost while its calendar was read') });
  try {
    await readCalendar(book, log);
  } finally {
    await book.close();
  }
}

/** Looks at how all flows fare, for `/metrics` and `/health`. A flow that fails is no failure of the orchestrator, which stays ready. */
function openWatch(ctx: ServiceContext, parts: SchedulerParts & Parameters<typeof viewDeployments>[0]) {
  const metrics = createFlowMetrics(ctx.metrics, parts.clock.now());
  let reasons: readonly string[] = [];
  return {
    metrics,
    async look(): Promise<void> {
      const now = parts.clock.now();
      await metrics.look(parts.db, now);
      const views = await viewDeployments(parts);
      metrics.show(views, now);
      reasons = reasonsOf(views);
      ctx.health.set('schedules', reasons.length === 0 ? { ok: true } : { ok: false, message: reasons.join('; ') });
    },
    health(): WorkerHealth {
      const report = ctx.healthReport();
      return { ...report, reasons: [...report.reasons, ...reasons] };
    },
  };
}

function troubleIn({ log, signal }: ServiceContext): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) log.warn({ error: describeError(error) }, 'A regular task of the orchestrator failed; it is tried again at its next time');
  };
}

async function setUp(ctx: ServiceContext): Promise<ServiceParts> {
  const { config, log, clock } = ctx;
  const db = openDb({
    access: config.postgres, database: config.postgres.orchestratorDb, schema: null, applicationName: 'orchestrator', max: POOL,
    onLost: (error) => ctx.fatal(new AppError('DATABASE_UNREACHABLE', 'PostgreSQL is gone', { cause: error })),
  });
  await ensureEngineTables(config.postgres);
  const engine = await openEngine(config, log);
  const market = marketOf(config);
  const onTrouble = troubleIn(ctx);
  const parts = { db, engine, clock, log, market, onClockChange: (note: string) => ctx.health.set('clock', { ok: true, message: note }) };
  const watch = openWatch(ctx, parts);
  let doubtedAtMs = -Infinity;
  const probe = async (): Promise<void> => {
    const began = monotonicMs();
    await db.query('SELECT 1');
    ctx.health.set('postgres', { ok: true, latencyMs: monotonicMs() - began });
  };
  const forget = async (): Promise<void> => {
    if (monotonicMs() - doubtedAtMs < DOUBT_MS) return;
    log.info({ removed: await forgetOldRuns(parts, config.logRetentionDays) }, 'Old runs forgotten');
  };
  const alarm = openAlarm({
    clock, monotonicMs,
    wake: () => sweep(parts).then(() => watch.look()).catch(onTrouble),
    onClockChange(movedMs) {
      doubtedAtMs = monotonicMs();
      watch.metrics.clockChanged();
      // A clock that was set back is found by the scheduler itself, also when it happened while nobody looked.
      if (movedMs < 0) return log.warn({ movedMs }, 'The clock was set back');
      const change = { noticedAt: clock.now(), movedMs, note: describeClockChange(movedMs, clock.now()) };
      log.info({ movedMs }, change.note);
      parts.onClockChange(change.note);
      saveClockChange(db, change).catch(onTrouble);
    },
  });
  const timers = [
    setInterval(() => void probe().catch(onTrouble), PROBE_EVERY_MS),
    setInterval(() => void forget().catch(onTrouble), FORGET_EVERY_MS),
    setTimeout(() => void forget().catch(onTrouble), FORGET_FIRST_MS),
    setInterval(() => void refreshCalendar(ctx, market).catch(onTrouble), CALENDAR_EVERY_MS),
  ];
  const api = buildApi({ ...parts, internalToken: config.internalToken, health: watch.health, metrics: async () => ({ contentType: ctx.metrics.contentType, text: await ctx.metrics.render() }) });
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
      await refreshCalendar(ctx, market);
      const change = await loadClockChange(db);
      if (change && clock.now() - change.noticedAt < CLOCK_NEWS_MS) parts.onClockChange(change.note);
      await sweep(parts);
      await watch.look().catch(onTrouble);
    },
    async start() {
      alarm.start();
    },
    async drain() {
      for (const timer of timers) clearTimeout(timer);
      await alarm.stop();
      await api.close();
      await engine.close();
      await db.close();
    },
    resumed: () => alarm.look(),
  };
}

runService({ unit: 'orchestrator', usesBook: false, usesBus: false, setUp });
