/** The simulator put together: market, journal, broker, streams, server, pacer. */
import type { FastifyInstance } from 'fastify';
import type { ReplaySettings, SimulatorSettings } from '#app/contracts/config.ts';
import type { TapeSummary } from '#app/contracts/control.ts';
import type { WorkerHealth } from '#app/contracts/health.ts';
import { AppError } from '#app/domain/errors.ts';
import { toText } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { monotonicMs } from '#chassis/clock.ts';
import type { Queryable } from '#chassis/db.ts';
import { DEFAULT_VENUE_CONFIG, type VenueConfig } from '#app/backtest/venue-types.ts';
import { openBroker, type Broker } from './broker.ts';
import { createFaults, type Faults } from './faults.ts';
import { openGate } from './gate.ts';
import { openJournal, readMarketStart, type Journal } from './journal.ts';
import type { Market, MarketBar } from './market.ts';
import { startPacer, type Pacer } from './pacer.ts';
import { openReplayMarket } from './replay.ts';
import { readReplayFolder } from './replay-files.ts';
import type { Controls } from './rest-control.ts';
import { buildServer } from './server.ts';
import { openDataStream, type DataStream } from './stream-data.ts';
import { openTradingStream } from './stream-trading.ts';
import { legsIn } from './rest-orders.ts';
import { createDayBars } from './day-bars.ts';
import { DEFAULT_RATE_LIMIT } from './rest-common.ts';
import { releaseStuck } from './stuck.ts';
import { openSyntheticMarket, syntheticStart } from './synthetic.ts';

/** How to build a simulator. */
export type SimulatorOptions = {
  readonly settings: SimulatorSettings;
  readonly replay: ReplaySettings | null;
  readonly internalToken: string;
  /** Wall clock, for the first day of a new synthetic market. */
  readonly today: EpochMs;
  /** The book, for the lockstep gate of a replay; null: the tape goes by the clock. */
  readonly book: Queryable | null;
  readonly signal: AbortSignal;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void; error(fields: object, message: string): void };
  health(): WorkerHealth;
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  onFatal(error: unknown): void;
  /** How the broker treats its clients, where it differs from a broker in the same computer. */
  readonly strictness?: Partial<Strictness>;
  /** First instant of a new synthetic market; without it about a month before `today`. */
  readonly marketStart?: EpochMs;
  /** Wall clock in whose minutes requests are counted, in seconds; without it the computer's. */
  wallSeconds?(): number;
  /** How account and matching are set up, beyond seed and cash. */
  readonly account?: Partial<VenueConfig>;
};

/** What a client may do. `requestsPerMinute` for each of the two APIs. */
export type Strictness = { readonly requestsPerMinute: number; readonly plan: 'basic' | 'plus'; readonly dataConnections: number; readonly maxBufferedBytes: number | undefined; readonly authTimeoutMs: number | undefined };
/** A broker in the same computer shall not be what limits a replay; everything else is as with the free plan. */
const DEFAULT_STRICTNESS: Strictness = { requestsPerMinute: DEFAULT_RATE_LIMIT, plan: 'basic', dataConnections: 1, maxBufferedBytes: undefined, authTimeoutMs: undefined };

/** A simulator that answers; the tape stands still until `start`. */
export type Simulator = {
  readonly server: FastifyInstance;
  readonly broker: Broker;
  readonly faults: Faults;
  /** Lets the tape run. Resolves with the summary at its end, with null when it was stopped before. */
  start(): Promise<TapeSummary | null>;
  /** Holds the tape, before it runs too. */
  pause(): void;
  close(): Promise<void>;
};

async function openMarket(options: SimulatorOptions): Promise<Market> {
  const { settings, replay } = options;
  if (replay === null) return openSyntheticMarket(settings.seed, readMarketStart(settings.journalFile, 'synthetic', () => options.marketStart ?? syntheticStart(options.today)));
  try {
    const folder = await readReplayFolder(replay.folder);
    options.log.info({ folder: replay.folder, files: folder.series.length, ignored: folder.ignored }, 'Recorded bars read; quotes and other files are ignored');
    return openReplayMarket(folder);
  } catch (error) {
    // Starting again cannot help: a person must mend the file.
    if (error instanceof AppError && error.code === 'REPLAY_FILE_INVALID') throw new AppError('CONFIG_INVALID', `The replay cannot start. ${error.message}`, { cause: error, context: error.context });
    throw error;
  }
}

/** Reads files and journal and builds all parts. @throws AppError CONFIG_INVALID, JOURNAL_CORRUPT, DATA_FOLDER_UNUSABLE */
export async function openSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { settings, replay } = options;
  const market = await openMarket(options);
  const config: VenueConfig = { ...DEFAULT_VENUE_CONFIG, ...options.account, seed: settings.seed, startingCash: settings.startingCash };
  const strictness = { ...DEFAULT_STRICTNESS, ...options.strictness };
  const journal: Journal = openJournal({ file: settings.journalFile, config, fingerprint: market.fingerprint });
  const faults = createFaults(monotonicMs);
  // What is ahead of its journal is not truthful: only a new start from the disk is.
  const broker = openBroker(config, journal, market, { assetFault: faults.assetFault.bind(faults), onFailure: options.onFatal });
  faults.onClear(() => releaseStuck(broker));
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  let pacer: Pacer | null = null;
  const trading = openTradingStream({ keys: settings, faults, legsOf: legsIn(broker) });
  broker.onEvents(trading.push);
  const dayBars = createDayBars(broker);
  const data = openDataStream({
    keys: settings, faults, plan: strictness.plan, maxConnections: strictness.dataConnections, maxBufferedBytes: strictness.maxBufferedBytes, authTimeoutMs: strictness.authTimeoutMs,
    dayBar: dayBars.running, onSubscribe: () => pacer?.clientArrived(),
  });
  const gate = options.book && replay ? openGate({ db: options.book, signal, tell: (waiting, forMs) => options.log.warn({ waiting, forMs }, 'The replay waits for the pipeline') }) : null;
  const started = { atMs: 0, steps: 0, bars: 0 };
  const begin = (isPaused: boolean): Pacer => {
    Object.assign(started, { atMs: monotonicMs(), ...broker.counts() });
    return startPacer({
      broker, gate, signal, speed: replay ? replay.speed : settings.speed, pushBars: (bars) => data.pushBars(withFollowed(broker, data, bars)),
      hasClients: () => trading.listeners() > 0 && data.subscribers() > 0, isPaused,
    });
  };
  const controls = createControls(() => pacer);
  const server = await buildServer({
    broker, faults, controls: controls.controls, keys: settings, internalToken: options.internalToken, trading, data, feeds: { plan: strictness.plan }, dayBars, rateLimit: strictness.requestsPerMinute, wallSeconds: options.wallSeconds ?? (() => Date.now() / 1_000), health: options.health, metrics: options.metrics,
    onBug: (error, path) => {
      options.log.error({ path, error: String(error) }, 'A request failed');
      // The venue may be ahead of its journal: only a new start from the disk is truthful.
      options.onFatal(error);
    },
  });
  return {
    server, broker, faults, pause: () => controls.controls.pause(),
    start: async () => {
      pacer = begin(controls.isPausedAtStart());
      const isFinished = await pacer.done;
      return isFinished ? summaryOf(broker, started) : null;
    },
    close: async () => {
      stop.abort();
      // Whatever has failed before, port and file are given back: a process that cannot trade must be able to end.
      try {
        await pacer?.done;
      } finally {
        await server.close().finally(() => journal.close());
      }
    },
  };
}

/** The bars of a step with those of followed symbols that are not on the tape. */
function withFollowed(broker: Broker, data: Pick<DataStream, 'followed'>, bars: readonly MarketBar[]): readonly MarketBar[] {
  const { market } = broker;
  const openTime = bars[0]?.openTime;
  if (openTime === undefined || market.assets.size === market.tape.size) return bars;
  const { isAll, symbols } = data.followed();
  const aside = [...(isAll ? market.assets.keys() : symbols)].filter((symbol) => !market.tape.has(symbol));
  return aside.length === 0 ? bars : [...bars, ...aside.flatMap((symbol) => market.barAt(symbol, openTime) ?? [])];
}

/** Controls that work before the tape runs: pausing then means beginning paused. */
function createControls(pacer: () => Pacer | null): { readonly controls: Controls; isPausedAtStart(): boolean } {
  let isPaused = false;
  const setPaused = (wanted: boolean): void => {
    isPaused = wanted;
    if (wanted) pacer()?.pause();
    else pacer()?.resume();
  };
  return {
    isPausedAtStart: () => isPaused,
    controls: {
      speed: () => pacer()?.speed() ?? 'max', setSpeed: (speed) => pacer()?.setSpeed(speed), pause: () => setPaused(true), resume: () => setPaused(false),
      step: (count) => pacer()?.step(count) ?? Promise.resolve(), waitingFor: () => pacer()?.waitingFor() ?? null, isPaused: () => pacer()?.isPaused() ?? isPaused, isFinished: () => pacer()?.isFinished() ?? false,
    },
  };
}

/** Seconds and rate are those of this life: a simulator that was killed midway counts from its last start. */
function summaryOf(broker: Broker, started: { readonly atMs: number; readonly steps: number; readonly bars: number }): TapeSummary {
  const seconds = (monotonicMs() - started.atMs) / 1000;
  const counts = broker.counts();
  const bars = counts.bars - started.bars;
  return {
    bars: counts.bars, steps: counts.steps, seconds: Math.round(seconds * 10) / 10, barsPerSecond: seconds > 0 ? Math.round(bars / seconds) : 0,
    brokerOrders: broker.venue.state.orderSeq, brokerFills: broker.venue.state.executionSeq, brokerEquity: toText(broker.venue.figures().equity),
  };
}
