/** The gateway: the only HTTP door for people. This file is its wiring at a glance. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runService } from '#chassis/service.ts';
import type { ServiceContext, ServiceParts } from '#chassis/service.ts';
import { monotonicMs } from '#chassis/clock.ts';
import { SERVICE_IDS } from '#app/domain/ids.ts';
import type { StackHealth } from '#app/contracts/health.ts';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import { createGuard } from './guard.ts';
import { createHandlers } from './handlers.ts';
import { FEED_CHANNELS, LiveFeed } from './live-feed.ts';
import { createLogBook } from './log-follow.ts';
import { createLogSource } from './log-tail.ts';
import { createMarketClock } from './market-clock.ts';
import { openReportShelf } from './reports-door.ts';
import { mergeMetrics } from './merge-metrics.ts';
import { createOrchestrator } from './orchestrator.ts';
import { buildServer } from './server.ts';
import { createSessions } from './sessions.ts';
import { createSockets } from './sockets.ts';
import { openStaticFiles } from './static-files.ts';
import { createStatus } from './status.ts';
import { createWaitingOrders } from './waiting-orders.ts';

const SCRAPE_TIMEOUT_MS = 2_000;
const FILL_BUCKETS_MS = [1, 2, 5, 10, 20, 30, 40, 50, 75, 100, 200, 500, 1_000, 5_000];

/** Where the built page lies: beside the bundle, or in dist/ when running from source. */
function pageFolder(): string {
  const bundled = join(import.meta.dirname, '..', 'renderer');
  return existsSync(join(bundled, 'index.html')) ? bundled : join(import.meta.dirname, '..', '..', 'dist', 'renderer');
}

/** Metrics of this process and of every part that serves them; a part that does not answer is left out and counted. */
async function scrapeAll(ctx: ServiceContext): Promise<string> {
  const others = Object.entries(ctx.config.units).filter(([unit]) => unit !== 'gateway' && unit !== 'postgres' && unit !== 'redis');
  const texts = await Promise.all(others.map(async ([unit, endpoint]) => {
    try {
      const response = await fetch(`http://${endpoint.host}:${endpoint.port}/metrics`, { signal: AbortSignal.timeout(SCRAPE_TIMEOUT_MS) });
      return response.ok ? await response.text() : '';
    } catch (error) {
      ctx.log.debug({ part: unit, error: describeError(error) }, 'A part gave no metrics');
      return '';
    }
  }));
  return mergeMetrics([await ctx.metrics.render(), ...texts]);
}

function setUp(ctx: ServiceContext): Promise<ServiceParts> {
  const { config, db, bus, log, metrics } = ctx;
  const endpoint = config.units.gateway;
  invariant(endpoint && config.gateway, 'The gateway has an address and its secrets');
  const now = ctx.clock.now;
  let stack: StackHealth | null = null;
  ctx.onControl((message) => {
    if (message.type === 'unitStates') stack = message.stack;
  });

  const sessions = createSessions(config.gateway.sessionSecret, endpoint.port);
  const guard = createGuard({ port: endpoint.port, apiToken: config.gateway.apiToken, sessions, now, monotonic: monotonicMs });
  const clock = createMarketClock({ mode: config.mode, isReplay: config.replay !== undefined, simulator: config.units.simulator, internalToken: config.internalToken, now, log });
  const status = createStatus({ db, clock, waitingOrders: createWaitingOrders({ execution: config.units.execution, log }), stack: () => stack, isWireUp: () => bus.isUp(), live: () => (config.mode === 'live' ? { armedUntil: ctx.arming.armedUntil() } : null), now });
  const fillToPush = metrics.histogram('fill_to_push_ms', 'From the broker\'s message of a fill to its push to the pages', [], FILL_BUCKETS_MS);
  const droppedSockets = metrics.counter('live_dropped_total', 'Pages that were too slow and dropped');

  const sockets = createSockets({ guard, instanceId: config.instanceId, log, now, onHello: () => feed.snapshot(), onDropped: () => droppedSockets.inc() });
  const feed: LiveFeed = new LiveFeed({
    db, log, status, now, push: (body) => sockets.push(body), count: () => sockets.count(), onFillPushed: (ms) => fillToPush.observe(ms),
    onFailure(error) {
      // A lost database ends the process in the chassis; a defect must not be hidden behind a quiet page.
      if (ctx.signal.aborted) return;
      if (error instanceof AppError && error.family !== 'bug') log.warn({ error: describeError(error) }, 'A live push failed; the next one reads the book again');
      else ctx.fatal(error);
    },
  });
  ctx.arming.onChange(() => feed.statusChanged());
  const handlers = createHandlers({ ctx, sessions, status, orchestrator: createOrchestrator(config) });
  let stopTail = (): void => undefined;

  return Promise.resolve({
    async serve() {
      const app = await buildServer({
        host: endpoint.host, port: endpoint.port, version: config.version, log, guard, sessions, handlers, sockets, files: openStaticFiles(pageFolder()), now,
        reports: openReportShelf(db, config.dataDir),
        exports: (ask) => ctx.callCommand('exportBars', ask),
        logBook: createLogBook({ db, now, signal: ctx.signal }),
        logs: createLogSource((unitId, lines, afterSeq) => ctx.request('unitLogs', { unitId, lines, ...(afterSeq === undefined ? {} : { afterSeq }) })),
        health: () => ({ ...ctx.healthReport(), units: (stack?.units ?? []).map(({ id, state }) => ({ id, state })) }),
        metrics: async () => ({ contentType: ctx.metrics.contentType, text: await scrapeAll(ctx) }),
        redeemLogin: async (token) => (await ctx.request('redeemLogin', { token })).valid,
      });
      invariant(endpoint.host === '127.0.0.1', 'The gateway listens on loopback only', { host: endpoint.host });
      await app.listen({ host: endpoint.host, port: endpoint.port });
      return { close: () => app.close() };
    },
    async start() {
      await feed.start();
      const ends = [bus.tail(SERVICE_IDS, (envelope) => feed.hear(envelope), () => feed.gap('Redis was away')), bus.listen(FEED_CHANNELS, (channel, value) => feed.said(channel, value))];
      stopTail = () => ends.forEach((end) => end());
    },
    drain() {
      stopTail();
      feed[Symbol.dispose]();
      sockets.close();
      return Promise.resolve();
    },
  });
}

runService({ unit: 'gateway', pool: 4, setUp });
