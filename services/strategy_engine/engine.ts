/** The engine: what runs, what it knows, and the one way in which bars change it, from the wire or from the book. */
import type { EventEnvelope } from '#app/contracts/events.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Tx, Queryable } from '#chassis/db.ts';
import { plainJson } from '#chassis/plain-text.ts';
import { applyBars, type Failure, type Fleet, type Outcome } from './apply-bars.ts';
import { CellCache, loadCells, writeCells, type ClosedBar } from './cells.ts';
import { loadRoster, readWatched, type Deployment, type Roster } from './deployments.ts';
import { readFacts } from './facts.ts';
import { pauseLosers } from './own-pause.ts';
import type { NewSignal } from './signals.ts';
import { Staleness } from './staleness.ts';

/** The running engine. */
export type Engine = {
  /** Reads everything from the book. */
  load(book: Queryable): Promise<void>;
  deployments(): readonly Deployment[];
  /** Shows a batch of `bar.closed` events to the strategies, in the caller's transaction. @throws AppError VERSION_CONFLICT when the batch must be repeated. */
  hear(tx: Tx, events: readonly EventEnvelope[]): Promise<void>;
  /** Shows stored bars to some of the strategies, in the caller's transaction, over the cells as the book has them. @throws AppError VERSION_CONFLICT */
  replay(tx: Tx, fleet: Fleet, bars: readonly ClosedBar[]): Promise<Outcome>;
  /** The book's strategies have changed otherwise: they are read again before the next bar. */
  forget(): void;
  /** A strategy has been stopped: its process, where it has one, ends at once; the rest is read again before the next bar. */
  ended(strategyId: string): void;
  /** Notes a committed change of the switch. */
  setEnabled(strategyId: string, isEnabled: boolean): void;
  /** The symbols that are watched now, read afresh. */
  refreshWatched(book: Queryable): Promise<ReadonlySet<string>>;
};

/** Hears what the engine has read, and what it has committed: for health and metrics. */
export type EngineListener = { loaded(roster: Roster): void; applied(count: number): void; raised(signals: readonly NewSignal[]): void; failed(failures: readonly Failure[]): void };

const INSERT_SIGNALS = `
  INSERT INTO strategy_engine.strategy_signals (signal_id, strategy_id, strategy_version_id, symbol, timeframe, bar_open_time, ts_market, target, reference_price, atr, reasons, protection, weight, own_order, cancels)
  SELECT s.signal_id, s.strategy_id, s.strategy_version_id, s.symbol, s.timeframe, to_timestamp(s.bar_open_ms / 1000.0), to_timestamp(s.market_ms / 1000.0),
    s.target, s.reference_price, s.atr, s.reasons::jsonb, s.protection::jsonb, s.weight, s.own_order::jsonb, s.cancels
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[], $9::numeric[], $10::numeric[], $11::text[], $12::text[],
    $13::numeric[], $14::text[], $15::bigint[])
    AS s(signal_id, strategy_id, strategy_version_id, symbol, timeframe, bar_open_ms, market_ms, target, reference_price, atr, reasons, protection, weight, own_order, cancels)
  ON CONFLICT DO NOTHING
  RETURNING signal_id`;

/** Writes signals and tells the ones that the book did not have: an id names one logical signal for ever. */
export async function raiseSignals(tx: Tx, signals: readonly NewSignal[]): Promise<void> {
  const column = <T>(pick: (payload: NewSignal['payload']) => T): T[] => signals.map((signal) => pick(signal.payload));
  const written = await tx.query<{ signal_id: string }>(INSERT_SIGNALS, [
    column((s) => s.signalId), column((s) => s.strategyId), column((s) => s.strategyVersionId), column((s) => s.symbol), column((s) => s.timeframe), column((s) => s.barOpenTime),
    column((s) => s.tsMarket), column((s) => s.target), column((s) => s.referencePrice), column((s) => s.atr), column((s) => plainJson(s.reasons)), column((s) => (s.protection === null ? null : JSON.stringify(s.protection))),
    column((s) => s.weight), column((s) => (s.order === null ? null : JSON.stringify(s.order))), column((s) => s.cancels),
  ]);
  const fresh = new Set(written.map((row) => row.signal_id));
  for (const { payload, correlationId } of signals) if (fresh.has(payload.signalId)) tx.emit({ topic: 'signal.raised', key: payload.signalId, correlationId, payload });
}

/** The strategies that raise signals must still be enabled in these versions when the transaction commits: the rows stay locked until then. */
export async function confirmSpeakers(tx: Queryable, signals: readonly NewSignal[]): Promise<void> {
  const versions = [...new Set(signals.map(({ payload }) => payload.strategyVersionId))];
  const rows = await tx.query(`SELECT strategy_id FROM strategy_engine.strategies WHERE current_version_id = ANY($1::text[]) AND is_enabled ORDER BY strategy_id FOR SHARE`, [versions]);
  if (rows.length !== versions.length) throw new AppError('VERSION_CONFLICT', 'A strategy was switched or replaced while it raised a signal', { context: { versions } });
}

/** The bars among these events, as strategies are shown them. */
export function closedBars(events: readonly EventEnvelope[]): ClosedBar[] {
  const bars: ClosedBar[] = [];
  for (const event of events) if (event.topic === 'bar.closed') bars.push({ ...event.payload, isQuiet: event.payload.isBackfill, correlationId: event.correlationId });
  return bars;
}

/** Creates the engine; `load` it before bars come. `onPaused`: told whom it has paused by itself. */
export function createEngine(listener: EngineListener, onPaused: (strategyIds: readonly string[]) => void = () => undefined): Engine {
  let deployments: readonly Deployment[] = [];
  let watched: ReadonlySet<string> = new Set();
  let cells = new CellCache();
  /** Where the memory may differ from the book, it is read again before the next batch. */
  const memory = new Staleness();
  /** Versions that threw: they see nothing more until the service begins anew, or they have another version. */
  const failed = new Set<string>();
  const running = (): readonly Deployment[] => (failed.size === 0 ? deployments : deployments.filter((deployment) => !failed.has(deployment.versionId)));

  const refreshWatched = async (book: Queryable): Promise<ReadonlySet<string>> => {
    watched = await readWatched(book);
    return watched;
  };

  const load = (book: Queryable): Promise<void> => memory.renew(async () => {
    const roster = await loadRoster(book);
    deployments = roster.deployments;
    await refreshWatched(book);
    cells = await loadCells(book, deployments);
    listener.loaded(roster);
  });

  /** Writes an outcome; the memory follows only after the commit, so that a repeated batch begins where the book is. */
  const commit = async (tx: Tx, outcome: Outcome): Promise<void> => {
    if (outcome.failures.length > 0) {
      for (const { deployment } of outcome.failures) failed.add(deployment.versionId);
      listener.failed(outcome.failures);
    }
    if (outcome.moved.length === 0) return;
    try {
      await writeCells(tx, outcome.moved);
      if (outcome.signals.length > 0) {
        await confirmSpeakers(tx, outcome.signals);
        await raiseSignals(tx, outcome.signals);
      }
    } catch (error) {
      memory.mark();
      throw error;
    }
    tx.afterCommit(() => {
      for (const cell of outcome.moved) cells.adopt(cell.deployment.versionId, cell.name, cell);
      listener.applied(outcome.applied);
      listener.raised(outcome.signals);
    });
  };

  return {
    load, refreshWatched,
    forget: () => memory.mark(),
    ended: () => memory.mark(),
    deployments: running,
    async hear(tx, events) {
      if (memory.isStale) await load(tx);
      const bars = closedBars(events);
      // A symbol may have been put on the watch list after the list was read: its bars say so.
      if (bars.some((bar) => !watched.has(bar.symbol))) await refreshWatched(tx);
      await commit(tx, applyBars({ deployments: running(), cells, isWatched: (symbol) => watched.has(symbol), account: await readFacts(tx) }, bars));
      const paused = await pauseLosers(tx, deployments);
      if (paused.length === 0) return;
      memory.mark();
      tx.afterCommit(() => onPaused(paused));
    },
    async replay(tx, fleet, bars) {
      const outcome = applyBars({ ...fleet, account: await readFacts(tx) }, bars);
      await commit(tx, outcome);
      return outcome;
    },
    setEnabled(strategyId, isEnabled) {
      // A list that is being read just now may be the one from before.
      memory.mark();
      deployments = deployments.map((deployment) => (deployment.strategyId === strategyId ? { ...deployment, isEnabled } : deployment));
    },
  };
}
