/** data_ingestion: bars from the broker's feed into the book, each once, gaps repaired. The wiring at a glance. */
import { join } from 'node:path';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import { isInSession } from '#app/market/calendar.ts';
import { monotonicMs, retry } from '#chassis/clock.ts';
import { runService, type ServiceContext, type ServiceParts } from '#chassis/service.ts';
import { checkAccess, type CheckedAccess } from '../alpaca/access.ts';
import { createFeed } from '../alpaca/data-stream.ts';
import { createGovernor } from '../alpaca/governor.ts';
import { createHistory } from '../alpaca/history.ts';
import { KEYS_REFUSED, KEYS_RETRY_MS } from '../alpaca/http.ts';
import type { Feed, FeedBar } from '../alpaca/ports.ts';
import { ingestionFlows } from './flows.ts';
import { startIntake, type Intake } from './intake.ts';
import { watchRoom } from './room.ts';
import { refreshWatchList } from './watch-list.ts';

const FIRST_CONTACT = { attempts: 1_000, baseMs: 250, capMs: 10_000 };
const EXTEND_MS = 20_000;
/** A start that waits longer than this says so. */
const PATIENCE_MS = 5_000;
/** In session, bars of liquid symbols come every minute: silence longer than this is worth a word. */
const SILENCE_MS = 150_000;
const LOOK_MS = 5_000;

async function setUp(ctx: ServiceContext): Promise<ServiceParts> {
  const { config, db, log, health } = ctx;
  invariant(config.alpaca, 'data_ingestion was given no broker access');
  const access = checkAccess(config.alpaca, config.mode);
  const governor = () => createGovernor({ monotonicMs, nowMs: () => ctx.clock.now() });
  const history = createHistory({ access, tradingGovernor: governor(), dataGovernor: governor(), signal: ctx.signal });
  const barsSeen = ctx.metrics.counter('bars_seen_total', 'Bars that arrived on the stream');
  let watched: string[] = [];
  let intake: Intake | null = null;
  let feed: Feed | null = null;
  const room = watchRoom({ folder: config.dataDir, signal: ctx.signal, onChange: (reason) => health.degraded('disk', reason) });

  const refreshSymbols = async (): Promise<number> => {
    watched = await refreshWatchList(db, await history.assets(), config.mode);
    feed?.watch(watched);
    return watched.length;
  };
  const onMessages = (bars: readonly FeedBar[]): void => {
    barsSeen.inc(bars.length);
    intake?.take(bars);
  };
  const repair = (why: string): void => {
    intake?.repair(why).catch((error: unknown) => {
      if (!ctx.signal.aborted) ctx.fatal(error);
    });
  };
  intake = startIntake({
    db, history, log, signal: ctx.signal, timeframe: '1Min', isReplay: config.replay !== undefined, watched: () => watched, hasRoom: room.hasRoom,
    onFatal: (error) => ctx.fatal(error), onTrouble: (reason) => health.degraded('history', reason),
  });
  feed = openFeed(ctx, access, { onMessages, repair });
  const stream = feed;
  return {
    recover: () => reachBroker(ctx, refreshSymbols),
    async start() {
      stream.watch(watched);
      stream.start();
      watchSilence(ctx, stream, repair);
    },
    flows: ingestionFlows({
      db, intake, history, refreshSymbols, mode: config.mode, isReplay: config.replay !== undefined, archiveFolder: join(config.dataDir, 'archive'), now: () => ctx.clock.now(),
      bulk: { access: config.postgres, database: config.postgres.tradingDb, applicationName: 'data_ingestion archive' },
    }),
    async drain() {
      stream.close();
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

/** The first contact may wait for a broker that is away, as long as it takes; the supervisor, and through it the person, is told what we wait for. */
async function reachBroker(ctx: ServiceContext, refreshSymbols: () => Promise<number>): Promise<void> {
  let reason = 'waits for the broker: no answer yet';
  const patience = setInterval(() => ctx.extend(EXTEND_MS, reason), PATIENCE_MS);
  const attempt = async (): Promise<void> => {
    try {
      await refreshSymbols();
    } catch (error) {
      reason = `waits for the broker: ${error instanceof Error ? error.message : String(error)}`;
      ctx.health.set('broker', { ok: false, message: describeError(error) });
      ctx.log.warn({ error: describeError(error) }, 'The broker cannot be reached yet');
      throw error;
    }
  };
  try {
    await retry({ ...FIRST_CONTACT, signal: ctx.signal, isRetryable: (error) => !ctx.signal.aborted && isWaitable(error) }, attempt);
  } catch (error) {
    // Refused keys need a person, who must be able to see this part: it comes up degraded, and asks rarely.
    if (!isKeysRefused(error)) throw error;
    askAgain(ctx, refreshSymbols);
  } finally {
    clearInterval(patience);
  }
}

/** Shows refused keys to the broker again once a minute, until it takes them. */
function askAgain(ctx: ServiceContext, refreshSymbols: () => Promise<number>): void {
  ctx.health.degraded('keys', KEYS_REFUSED);
  const timer = setInterval(() => {
    refreshSymbols().then(() => {
      clearInterval(timer);
      ctx.health.degraded('keys', null);
    }, (error: unknown) => {
      ctx.log.warn({ error: describeError(error) }, 'The broker still refuses the keys');
      if (!isKeysRefused(error) && !isWaitable(error) && !ctx.signal.aborted) ctx.fatal(error);
    });
  }, KEYS_RETRY_MS);
  ctx.signal.addEventListener('abort', () => clearInterval(timer));
}

function isKeysRefused(error: unknown): boolean {
  return error instanceof AppError && error.code === 'BROKER_KEYS_REJECTED';
}

function openFeed(ctx: ServiceContext, access: CheckedAccess, { onMessages, repair }: { onMessages: (bars: readonly FeedBar[]) => void; repair: (why: string) => void }): Feed {
  return createFeed({
    access, nowMs: () => ctx.clock.now(),
    listener: {
      onMessages,
      onState(state, reason) {
        ctx.log.info({ state, reason }, 'Market data stream');
        ctx.health.set('broker', { ok: state === 'live', message: reason });
        ctx.health.degraded('feed', state === 'live' || state === 'connecting' || state === 'authenticated' ? null : `Market data stream: ${reason}`);
        // What was sent while the stream was away is not repeated: read it.
        if (state === 'live') repair('the stream is live');
      },
      onTrouble(message) {
        ctx.log.warn({ message }, 'A message of the feed could not be used');
        repair('a message of the feed could not be used');
      },
    },
  });
}

/** Unreachable or throttled brokers are waited for; what only a person can change is not. */
function isWaitable(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, 'family') !== 'operator';
}

/** A live stream that brings no bars during a session may have lost its subscription: read over REST and say so. */
function watchSilence(ctx: ServiceContext, stream: Feed, repair: (why: string) => void): void {
  if (ctx.config.mode === 'demo') return; // The simulator's market has its own time and may stand still.
  let lastRepairAt = 0;
  const timer = setInterval(() => {
    const age = stream.lastMessageAgeMs();
    const isSilent = isInSession(ctx.clock.now()) && age !== null && age > SILENCE_MS;
    ctx.health.degraded('silence', isSilent ? `No market data for ${Math.round(age / 1000)} s in session` : null);
    if (isSilent && monotonicMs() - lastRepairAt > SILENCE_MS) {
      lastRepairAt = monotonicMs();
      repair('silence in session');
    }
  }, LOOK_MS);
  ctx.signal.addEventListener('abort', () => clearInterval(timer));
}

runService({ unit: 'data_ingestion', setUp });
