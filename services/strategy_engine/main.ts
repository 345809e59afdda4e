/** strategy_engine: bars in, signals out. The wiring at a glance. */
import { join } from 'node:path';
import type { SCREENER_COMMANDS } from '#app/contracts/commands-screener.ts';
import type { Db } from '#chassis/db.ts';
import { runService, type CommandHandlers, type ServiceContext, type ServiceParts } from '#chassis/service.ts';
import { openAuthorDesk } from './author-commands.ts';
import { barSource } from './backtest-bars.ts';
import { seedStrategies } from './deployments.ts';
import { deployCommands } from './deploy-commands.ts';
import { createEngine, type Engine, type EngineListener } from './engine.ts';
import { noteDaysOnPaper } from './evidence-days.ts';
import { createExplainer } from './explain.ts';
import { strategyFlows } from './flows.ts';
import { gateCommands } from './gates.ts';
import { bothEngines } from './live-both.ts';
import { createLiveEngine } from './live-engine.ts';
import { listenLive } from './live-listen.ts';
import { createWarmer, type Warmer } from './live-warm.ts';
import { renewVersions } from './renew-versions.ts';
import { findModel } from './screen-model.ts';
import { createScreener, type Screener } from './screen-run.ts';
import { deleteScreen, saveScreen, seedScreens } from './screen-save.ts';
import { scheduleScreens } from './screen-schedule.ts';
import { screenToStrategy } from './screen-universe.ts';
import { answerWish } from './screen-words.ts';
import { openStudio } from './studio.ts';

/** Room for the batches in which a replay catches up. */
const BATCH = 512;
/** Smaller, where each bar is a question to another process: what is slow there is told soon. */
const LIVE_BATCH = 128;
/** New versions of strategies warm up on thousands of stored bars per symbol. */
const RENEW_MS = 60_000;

function listen(ctx: ServiceContext): EngineListener {
  const { metrics, health } = ctx;
  const applied = metrics.counter('strategy_bars_total', 'Bars shown to strategies, once per strategy');
  const raised = metrics.counter('signals_raised_total', 'Signals raised', ['strategy', 'target']);
  const latency = metrics.histogram('bar_to_signal_ms', 'From a bar being received to its signal being committed, ms');
  return {
    loaded({ deployments, unusable }) {
      const enabled = deployments.filter((deployment) => deployment.isEnabled).length;
      health.set('strategies', { ok: unusable.length === 0, message: `${enabled} of ${deployments.length + unusable.length} strategies enabled` });
      health.degraded('strategies', unusable.length === 0 ? null : unusable.map(({ strategyId, reason }) => `Strategy ${strategyId} cannot run: ${reason}`).join('; '));
    },
    applied: (count) => applied.inc(count),
    failed(failures) {
      for (const { deployment, error } of failures) {
        ctx.log.error({ err: error, strategyId: deployment.strategyId }, 'A strategy failed and is stopped; what it holds stays held');
        health.degraded(`strategy:${deployment.strategyId}`, `${error.message}. It is stopped until the service begins anew; what it holds stays held.`);
      }
    },
    raised(signals) {
      const now = ctx.clock.now();
      for (const { payload } of signals) {
        raised.inc({ strategy: payload.strategyId, target: payload.target });
        latency.observe(Math.max(0, now - payload.tsBarSeen));
      }
    },
  };
}

function screenCommands(parts: { db: Db; engine: Engine; screener: Screener; warmer: Warmer }): Pick<CommandHandlers, keyof typeof SCREENER_COMMANDS> {
  const { db, screener } = parts;
  return {
    runScreen: ({ definition }) => screener.run(definition),
    saveScreen: (input) => saveScreen(db, input),
    deleteScreen: (input) => deleteScreen(db, input),
    askScreen: (input) => answerWish(input),
    screenModel: () => findModel(),
    screenToStrategy: (input) => screenToStrategy(parts, input),
  };
}

async function setUp(ctx: ServiceContext): Promise<ServiceParts> {
  const { db, log } = ctx;
  const listener = listen(ctx);
  const told = listenLive(ctx, listener);
  const live = createLiveEngine({ book: db, ...told, onBehind: (strategyIds) => strategyIds.forEach((strategyId) => warmer.ask(strategyId)) });
  const house = createEngine(listener, told.onPaused);
  const engine = bothEngines(house, live);
  const parts = { db, engine };
  const warmer = createWarmer({ db, live }, ctx.signal, ctx.fatal);
  const gates = { db, mode: ctx.config.mode, libraryDir: ctx.config.libraryDir ?? null };
  const research = { folder: join(ctx.config.dataDir, 'research'), bulk: { access: ctx.config.postgres, database: ctx.config.postgres.tradingDb, applicationName: 'strategy_engine research' } };
  const bars = barSource({ db, ...research });
  const author = openAuthorDesk(ctx, bars);
  const screener = createScreener(bars, { now: () => ctx.clock.now(), isSimulated: ctx.config.mode === 'demo' || ctx.config.replay !== undefined, complain: (complaints) => log.warn({ complaints: complaints.slice(0, 20), total: complaints.length }, 'Bars for screens are not as they should be') });
  const studio = openStudio({ db, source: bars, screener, warm: author.warm });
  return {
    async recover() {
      const seeded = await db.tx((tx) => seedStrategies(tx, ctx.config.mode));
      if (seeded > 0) log.info({ strategies: seeded }, 'Default strategies written');
      await db.tx(seedScreens);
      const lost = await studio.recover();
      if (lost > 0) log.warn({ backtests: lost }, 'Back-tests that nobody runs any more are marked as failed');
      ctx.extend(RENEW_MS, 'comparing strategies with their deployed versions');
      const versions = await db.tx(renewVersions);
      if (versions.length > 0) log.info({ versions }, 'Strategies behave otherwise than before and have new versions');
      await engine.load(db);
    },
    consumers: [
      { producer: 'data_ingestion', topics: ['bar.closed'], batch: BATCH, durability: 'soon', handle: (tx, events) => house.hear(tx, events) },
      { producer: 'data_ingestion', topics: ['bar.closed'], lane: 'authored', isWanted: () => live.isWanted(), batch: LIVE_BATCH, durability: 'soon', handle: (tx, events) => live.hear(tx, events) },
    ],
    commands: { ...deployCommands({ ...parts, live, warmer, screener, mode: ctx.config.mode, libraryDir: ctx.config.libraryDir ?? null, clock: ctx.clock }), explainBar: createExplainer({ book: db, archiveFolder: join(ctx.config.dataDir, 'archive') }), ...screenCommands({ ...parts, screener, warmer }), ...gateCommands(gates), ...author.commands, ...studio.commands },
    flows: strategyFlows({ ...parts, ...research, ...studio.flows }),
    async start() {
      await warmer.askAll();
      author.sync().catch(ctx.fatal);
      scheduleScreens({ db, screener, log, signal: ctx.signal });
      noteDaysOnPaper({ ...gates, now: () => ctx.clock.now(), log, signal: ctx.signal });
    },
    async drain() {
      live[Symbol.dispose]();
      await author[Symbol.asyncDispose]();
      await screener[Symbol.asyncDispose]();
    },
  };
}

runService({ unit: 'strategy_engine', setUp });
