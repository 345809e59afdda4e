/** data_ingestion: bars from the broker's feed into the book, each once, gaps repaired; the past filled beside them; the universe kept. The wiring at a glance. */
import { join } from 'node:path';
import { describeError, invariant } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { REDIS_DB } from '#chassis/bus.ts';
import { monotonicMs } from '#chassis/clock.ts';
import { runService, type ServiceContext, type ServiceParts } from '#chassis/service.ts';
import { checkAccess, type CheckedAccess } from '../alpaca/access.ts';
import { createFeed } from '../alpaca/data-stream.ts';
import { createGovernor } from '../alpaca/governor.ts';
import { createHistory } from '../alpaca/history.ts';
import type { Feed, FeedBar, FeedTick } from '../alpaca/ports.ts';
import { storageCommands } from './bars-commands.ts';
import { reachBroker, watchSilence } from './broker-contact.ts';
import { openBulkDesk } from './bulk-desk.ts';
import { ingestionFlows } from './flows.ts';
import { startIntake, type Intake } from './intake.ts';
import { keepMonthsAhead } from './partitions.ts';
import { qualityCommands } from './quality-commands.ts';
import { keepQuality, type QualityLane } from './quality-lane.ts';
import { keepQuotes, type Quotes } from './quotes.ts';
import { watchRoom } from './room.ts';
import { openUniverseDesk, type UniverseDesk } from './universe-desk.ts';

async function setUp(ctx: ServiceContext): Promise<ServiceParts> {
  const { config, db, bus, log, health, metrics } = ctx;
  invariant(config.alpaca, 'data_ingestion was given no broker access');
  const access = checkAccess(config.alpaca, config.mode);
  const isReplay = config.replay !== undefined;
  const governor = () => createGovernor({ monotonicMs, nowMs: () => ctx.clock.now() });
  const history = createHistory({ access, tradingGovernor: governor(), dataGovernor: governor(), signal: ctx.signal });
  const counts = createCounts(ctx);
  const bulk = (purpose: string) => ({ access: config.postgres, database: config.postgres.tradingDb, applicationName: `data_ingestion ${purpose}` });
  const room = watchRoom({ folder: config.dataDir, signal: ctx.signal, onChange: (reason) => health.degraded('disk', reason) });
  let feed: Feed | null = null;
  let quality: QualityLane | null = null;
  const quotes = keepQuotes({ cache: bus.cache(REDIS_DB.marketData), broadcast: bus.broadcast, log, onSuspect: (symbol, at) => intake.suspect(symbol, at) });
  const desk = openUniverseDesk({ ctx, history, quotes, isReplay, feed: () => feed, counts: counts.read, wake: () => past.wake(), onActions: () => quality?.soon(), onFollowed: (symbols) => repairBy(ctx, intake, 'symbols are followed from now on', symbols) });
  const revised = metrics.counter('bars_revised_total', 'Stored bars that the broker told anew');
  const intake = startIntake({
    db, history, log, signal: ctx.signal, timeframe: '1Min', isReplay, watched: desk.watched, hasRoom: room.hasRoom, broadcast: bus.broadcast, onRevised: (count) => revised.inc(count),
    onFatal: (error) => ctx.fatal(error), onTrouble: (reason) => health.degraded('history', reason),
  });
  const past = openBulkDesk({
    db, bulk: bulk('filling'), history, log, signal: ctx.signal, dataDir: config.dataDir, isReplay, isBusy: () => intake.backlog() > 0, hasRoom: room.hasRoom, watched: desk.watched, onFatal: (error) => ctx.fatal(error), onFilled: () => {
      desk.pastFilled();
      quality?.soon();
    }, onImported: () => quality?.soon(),
  });
  const stream = openFeed(ctx, access, { intake, desk, counts, quotes });
  feed = stream;
  return {
    async recover() {
      await keepMonthsAhead(db, ctx.clock.now());
      await reachBroker(ctx, desk.refresh);
    },
    commands: { ...desk.commands, ...past.commands, ...storageCommands(ctx), ...qualityCommands({ db, bulk: bulk('quality'), history }) },
    async start() {
      stream.watch(desk.watched());
      stream.start();
      watchSilence(ctx, stream, (why) => repairBy(ctx, intake, why));
      past.start();
      desk.begin();
      quality = keepQuality(db, { signal: ctx.signal, onError: (error) => log.warn({ error: describeError(error) }, 'Factors or coverage could not be worked out') });
    },
    flows: ingestionFlows({
      db, intake, history, refreshSymbols: desk.refresh, steps: desk.steps, mode: config.mode, isReplay, archiveFolder: join(config.dataDir, 'archive'), now: () => ctx.clock.now(), bulk: bulk('archive'),
    }),
    async drain() {
      stream.close();
      desk.stop();
      quotes.stop();
      await past.stop();
      await intake.stop();
    },
    async resumed() {
      stream.reconnect('the computer slept');
    },
    backlog: () => intake.backlog(),
    oldestPendingAgeMs: () => intake.oldestPendingAgeMs(),
    brokerMessageAgeMs: () => stream.lastMessageAgeMs(),
  };
}

type Counts = { bar(bars: readonly FeedBar[]): void; tick(ticks: readonly FeedTick[]): void; trouble(): void; read(): { readonly bars: number; readonly updatedBars: number; readonly troubles: number } };

/** Counts what arrives: for /metrics, and for whoever asks how the feed fares. */
function createCounts({ metrics }: ServiceContext): Counts {
  const barsSeen = metrics.counter('bars_seen_total', 'Bars that arrived on the stream');
  const ticksSeen = metrics.counter('ticks_seen_total', 'Quotes, trades and other words between two bars that arrived on the stream', ['kind']);
  const seen = { bars: 0, updatedBars: 0, troubles: 0 };
  return {
    bar(bars) {
      barsSeen.inc(bars.length);
      const updated = bars.filter((bar) => bar.isRevision).length;
      seen.updatedBars += updated;
      seen.bars += bars.length - updated;
    },
    tick(ticks) {
      for (const { kind } of ticks) ticksSeen.inc({ kind });
    },
    trouble: () => void (seen.troubles += 1),
    read: () => ({ ...seen }),
  };
}

function repairBy(ctx: ServiceContext, intake: Intake, why: string, begun: readonly string[] = []): void {
  intake.repair(why, begun).catch((error: unknown) => {
    if (!ctx.signal.aborted) ctx.fatal(error);
  });
}

type FeedUsers = { readonly intake: Intake; readonly desk: UniverseDesk; readonly counts: Counts; readonly quotes: Quotes };

function openFeed(ctx: ServiceContext, access: CheckedAccess, { intake, desk, counts, quotes }: FeedUsers): Feed {
  return createFeed({
    access, nowMs: () => ctx.clock.now(),
    listener: {
      onMessages(bars) {
        counts.bar(bars);
        intake.take(bars);
        for (const { symbol, openTime } of bars) quotes.traded(symbol, openTime);
        const newest = bars.at(-1);
        if (newest) desk.marketAt(newest.openTime as EpochMs);
      },
      onTicks(ticks) {
        counts.tick(ticks);
        quotes.take(ticks);
      },
      onLimit: (reason) => desk.limit(reason),
      onState(state, reason) {
        ctx.log.info({ state, reason }, 'Market data stream');
        desk.streamState(state, reason);
        ctx.health.set('broker', { ok: state === 'live', message: reason });
        ctx.health.degraded('feed', state === 'live' || state === 'connecting' || state === 'authenticated' ? null : `Market data stream: ${reason}`);
        // What was sent while the stream was away is not repeated: read it.
        if (state === 'live') repairBy(ctx, intake, 'the stream is live');
      },
      onTrouble(message) {
        counts.trouble();
        ctx.log.warn({ message }, 'A message of the feed could not be used');
        repairBy(ctx, intake, 'a message of the feed could not be used');
      },
    },
  });
}

runService({ unit: 'data_ingestion', setUp });
