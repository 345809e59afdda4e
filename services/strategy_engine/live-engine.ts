/** The engine of authored strategies: as that of the house, in a lane of its own, over processes instead of hosts. Its state is in the book alone. */
import type { EventEnvelope } from '#app/contracts/events.ts';
import type { Resource } from '#app/contracts/deploy.ts';
import type { Queryable, Tx } from '#chassis/db.ts';
import type { Fleet } from './apply-bars.ts';
import { CellCache, loadCells, writeCells, type ClosedBar } from './cells.ts';
import { readWatched, type Deployment } from './deployments.ts';
import { closedBars, confirmSpeakers, raiseSignals, type EngineListener } from './engine.ts';
import { readFacts } from './facts.ts';
import { applyLive, type LiveOutcome, type LiveRun } from './live-apply.ts';
import { countCourses, takeOut, writeLines } from './live-book.ts';
import { BATCH_MS } from './live-process.ts';
import { Yard } from './live-yard.ts';
import { loadAuthored, type AuthoredRoster } from './live-roster.ts';
import { overDailyLoss, pauseThem } from './own-pause.ts';
import { Staleness } from './staleness.ts';

/** What a batch of stored bars may take: nobody waits for it, but a transaction does. */
const REPLAY_MS = 20_000;

/** The running engine of authored strategies. */
export type LiveEngine = Disposable & {
  load(book: Queryable): Promise<void>;
  deployments(): readonly Deployment[];
  /** Those that must be shown stored bars before the lane's. */
  cold(): readonly Deployment[];
  /** Whether there is anyone to show bars to: without, the lane passes them over. */
  isWanted(): boolean;
  /** Shows a batch of `bar.closed` events, in the caller's transaction. @throws AppError VERSION_CONFLICT when the batch must be repeated */
  hear(tx: Tx, events: readonly EventEnvelope[]): Promise<void>;
  /** Shows stored bars to some, in processes of their own, so that the lane's never wait. @throws AppError VERSION_CONFLICT */
  replay(tx: Tx, fleet: Fleet, bars: readonly ClosedBar[]): Promise<LiveOutcome>;
  forget(): void;
  /** A strategy has been stopped: its process ends at once. */
  ended(strategyId: string): void;
  setEnabled(strategyId: string, isEnabled: boolean): void;
  refreshWatched(book: Queryable): Promise<ReadonlySet<string>>;
  /** What the processes cost, by strategy. */
  resources(now: number): Readonly<Record<string, Resource>>;
  /** What the process of a strategy costs, null while it has none. */
  resourceOf(strategyId: string, now: number): Resource | null;
};

/** Hears more than that of the house: who was paused, and who must be shown what it missed. `book`: outside of transactions, for the code that a process starts with. */
export type LiveParts = { readonly book: Queryable; readonly listener: EngineListener; readonly onPaused: (strategyIds: readonly string[]) => void; readonly onBehind: (strategyIds: readonly string[]) => void };

/** Whom a batch has taken out of the lane: for a person to look at, or to be shown from the book what they missed. */
export type Out = { readonly paused: readonly string[]; readonly behind: readonly string[] };

/** Everything that a batch leaves in the book. `judged`: those whose loss of the day is looked at. */
export async function writeOutcome(tx: Tx, outcome: LiveOutcome, judged: readonly Deployment[]): Promise<Out> {
  await writeCells(tx, outcome.moved);
  if (outcome.signals.length > 0) {
    await confirmSpeakers(tx, outcome.signals);
    await raiseSignals(tx, outcome.signals);
  }
  await writeLines(tx, outcome.lines);
  const causes = outcome.courses.length === 0 ? [] : await countCourses(tx, outcome.courses);
  causes.push(...(await overDailyLoss(tx, judged)));
  const paused = causes.length === 0 ? [] : await pauseThem(tx, causes);
  const out = await takeOut(tx, outcome.failures.map(({ deployment }) => deployment));
  return { paused, behind: out.filter((strategyId) => !paused.includes(strategyId)) };
}

/** Takes over into memory what was committed, and tells it. */
function adopt(outcome: LiveOutcome, cells: CellCache, listener: LiveParts['listener']): void {
  for (const cell of outcome.moved) cells.adopt(cell.deployment.versionId, cell.name, cell);
  listener.applied(outcome.applied);
  listener.raised(outcome.signals);
  if (outcome.failures.length > 0) listener.failed(outcome.failures);
}

/** Creates the engine; `load` it before bars come. */
export function createLiveEngine({ book: outside, listener, onPaused, onBehind }: LiveParts): LiveEngine {
  let roster: AuthoredRoster = { deployments: [], cold: [], unusable: [] };
  let watched: ReadonlySet<string> = new Set();
  let cells = new CellCache();
  const memory = new Staleness();
  const yard = new Yard(outside);

  const refreshWatched = async (book: Queryable): Promise<ReadonlySet<string>> => {
    watched = await readWatched(book);
    return watched;
  };
  const load = (book: Queryable): Promise<void> => memory.renew(async () => {
    roster = await loadAuthored(book);
    await refreshWatched(book);
    cells = await loadCells(book, roster.deployments);
    yard.keep(roster.deployments);
    listener.loaded(roster);
  });

  /** Writes an outcome; the memory follows only after the commit. */
  const commit = async (tx: Tx, outcome: LiveOutcome, judged: readonly Deployment[]): Promise<void> => {
    try {
      const { paused, behind } = await writeOutcome(tx, outcome, judged);
      if (paused.length + behind.length > 0) memory.mark();
      tx.afterCommit(() => {
        for (const strategyId of paused) yard.end(strategyId);
        if (paused.length > 0) onPaused(paused);
        if (behind.length > 0) onBehind(behind);
      });
    } catch (error) {
      memory.mark();
      throw error;
    }
    tx.afterCommit(() => adopt(outcome, cells, listener));
  };

  return {
    load, refreshWatched,
    deployments: () => roster.deployments,
    cold: () => roster.cold,
    isWanted: () => memory.isStale || roster.deployments.length > 0,
    forget: () => memory.mark(),
    ended(strategyId) {
      memory.mark();
      yard.end(strategyId);
    },
    async hear(tx, events) {
      if (memory.isStale) await load(tx);
      const bars = closedBars(events);
      if (bars.some((bar) => !watched.has(bar.symbol))) await refreshWatched(tx);
      const run: LiveRun = { processOf: (deployment) => yard.of(deployment), limitMs: BATCH_MS, isLive: true };
      const fleet = { deployments: roster.deployments, cells, isWatched: (symbol: string) => watched.has(symbol), account: await readFacts(tx) };
      await commit(tx, await applyLive(fleet, bars, run), roster.deployments);
    },
    async replay(tx, fleet, bars) {
      using stack = new DisposableStack();
      const outcome = await applyLive({ ...fleet, account: await readFacts(tx) }, bars, { processOf: (deployment) => stack.use(yard.make(deployment)), limitMs: REPLAY_MS, isLive: false });
      await commit(tx, outcome, []);
      return outcome;
    },
    setEnabled(strategyId, isEnabled) {
      // A list that is being read just now may be the one from before.
      memory.mark();
      roster = { ...roster, deployments: roster.deployments.map((deployment) => (deployment.strategyId === strategyId ? { ...deployment, isEnabled } : deployment)) };
    },
    resources: (now) => yard.resources(now),
    resourceOf: (strategyId, now) => yard.find(strategyId)?.resource(now) ?? null,
    [Symbol.dispose]() {
      yard.keep([]);
    },
  };
}
