/** Compares our book with the broker's and repairs what can be repaired: at start, after each reconnect, every six hours, on demand. */
import { toText } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { issuesOf } from '#app/execution/guardian-books.ts';
import { compareHoldings, createComparer, type Comparison, type Difference } from '#app/execution/reconcile.ts';
import { monotonicMs } from '#chassis/clock.ts';
import { crashPoint } from '#chassis/crash-point.ts';
import type { Db } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';
import type { Broker } from '../alpaca/ports.ts';
import { ensureOpened, ourHoldings, theirHoldings } from './account.ts';
import type { Adopter } from './adopt.ts';
import { createSerial } from './async.ts';
import type { Booking } from './booking.ts';
import { bookActivities } from './entries-activities.ts';
import { settleFindings } from './findings.ts';
import { standingDifferences } from './holdings.ts';
import { perform } from './perform.ts';
import { matchesOf, readBoth, type BothSides } from './reconcile-read.ts';
import type { Resolver } from './resolver.ts';

/** Orders that are compared before anything else may run in this process. */
const SLICE = 250;
/** A difference of positions or cash that stood so long is not a fill on its way. */
const STEADY_MS = 60_000;
const MAX_LOGGED = 200;

/** What reconciling needs. */
export type ReconcilerParts = {
  readonly db: Db; readonly broker: Broker; readonly booking: Booking; readonly resolver: Pick<Resolver, 'unknown' | 'attend'>; readonly adopter: Adopter; readonly log: Logger; readonly nowMs: () => EpochMs;
  /** Hears the differences that a person must look at, in words; null when there are none. */
  readonly onSerious: (words: string | null) => void;
  /** Milliseconds after which a difference of positions or cash may be mended by taking over the broker's figure; a minute. */ readonly steadyMs?: number;
  /** Milliseconds between two readings of positions and cash that differ. */ readonly pauseMs?: number;
};

/** What a run found. */
export type ReconcileResult = { readonly runId: string; readonly isClean: boolean; readonly differences: readonly Difference[] };

/**
 * The reconciler: one run at a time. A run id that is in the book already gives its recorded result: a flow that goes on after a crash compares once.
 * @throws what the broker's reading calls throw: then nothing is known.
 */
export type Reconciler = { run(runId: string): Promise<ReconcileResult> };

type Compared = { readonly orders: number; readonly fills: number; readonly positions: number; readonly tookMs: number };

const SERIOUS = new Set<Difference['kind']>(['position', 'fill_extra', 'order_fields', 'order_missing']);
/** Something is on its way into the book: figures that differ now need nobody's remedy yet. */
const ON_ITS_WAY = new Set<Difference['kind']>(['fill_missing', 'foreign_fill', 'foreign_order']);

/** The pure comparison, slice by slice: what else this process does goes on in between. */
async function compareBoth({ ours, theirs }: BothSides): Promise<Comparison> {
  const comparer = createComparer(theirs);
  for (let start = 0; start < ours.length; start += SLICE) {
    if (start > 0) await new Promise((resolve) => setImmediate(resolve));
    comparer.compare(ours.slice(start, start + SLICE));
  }
  return comparer.finish();
}

/** Positions and cash, when what was heard is booked. */
async function compareHeld({ db, broker, booking, pauseMs }: ReconcilerParts): Promise<{ readonly differences: readonly Difference[]; readonly positions: number }> {
  let positions = 0;
  const differences = await standingDifferences(async () => {
    await booking.idle();
    const theirs = await theirHoldings(broker);
    positions = theirs.positions.size;
    return compareHoldings(await ourHoldings(db), theirs);
  }, pauseMs);
  return { differences, positions };
}

async function store(db: Db, result: ReconcileResult, compared: Compared): Promise<void> {
  const { runId, isClean, differences } = result;
  await db.tx(async (tx) => {
    const inserted = await tx.query('INSERT INTO execution.reconciliations (run_id, is_clean, differences, compared) VALUES ($1, $2, $3, $4) ON CONFLICT (run_id) DO NOTHING RETURNING run_id', [runId, isClean, JSON.stringify(differences), JSON.stringify(compared)]);
    if (inserted.length === 1) tx.emit({ topic: 'account.reconciled', key: runId, correlationId: runId, payload: { runId, isClean, differences: [...differences] } });
  });
}

async function settle(parts: ReconcilerParts, comparison: Comparison, both: BothSides): Promise<number> {
  const { remaining, booked } = await perform(parts, comparison, matchesOf(both));
  const byId = new Map(both.ours.map((order) => [order.orderId, order]));
  for (const orderId of remaining) {
    if ((byId.get(orderId)?.brokerOrderId ?? null) === null) parts.resolver.unknown(orderId);
    else parts.resolver.attend(orderId);
  }
  const newest = both.theirs.fills.reduce((max, fill) => Math.max(max, fill.at), 0);
  if (remaining.length === 0 && !comparison.differences.some((one) => one.kind === 'foreign_fill') && newest > 0) {
    await parts.db.query(`UPDATE execution.broker_cursors SET position = greatest(position::bigint, $1::bigint)::text, updated_at = clock_timestamp() WHERE name = 'fills_since'`, [newest]);
  }
  return booked;
}

/** Which differences of figures stood exactly so in a comparison some time ago: those are no fills on their way. By `kind subject`. */
async function steadyOnes(db: Db, differences: readonly Difference[], steadyMs: number): Promise<ReadonlySet<string>> {
  const steady = new Set<string>();
  for (const { kind, subject, ours, theirs } of differences.filter((one) => one.kind === 'position' || one.kind === 'cash')) {
    const rows = await db.query(
      `SELECT 1 FROM execution.reconciliations WHERE at < clock_timestamp() - make_interval(secs => $1) AND at > clock_timestamp() - interval '2 days' AND differences @> $2::jsonb LIMIT 1`, [steadyMs / 1_000, JSON.stringify([{ kind, subject, ours, theirs }])],
    );
    if (rows.length > 0) steady.add(`${kind} ${subject}`);
  }
  return steady;
}

async function tellFindings({ db, broker, steadyMs = STEADY_MS }: ReconcilerParts, differences: readonly Difference[]): Promise<void> {
  const steady = differences.some((one) => ON_ITS_WAY.has(one.kind)) ? new Set<string>() : await steadyOnes(db, differences, steadyMs);
  const held = differences.some((one) => one.kind === 'position') ? await broker.positions() : [];
  const averages = new Map(held.map((position) => [position.symbol, toText(position.avgEntryPrice)]));
  await db.tx((tx) => settleFindings(tx, 'reconciliation', issuesOf(differences, { steady, averages })));
}

async function compareAll(parts: ReconcilerParts, runId: string): Promise<ReconcileResult> {
  const { db, broker, log } = parts;
  const began = monotonicMs();
  await ensureOpened(db, broker, log);
  const both = await readBoth(parts);
  const comparison = await compareBoth(both);
  crashPoint('execution.in-reconcile');
  const booked = await settle(parts, comparison, both);
  const entries = await bookActivities(parts);
  const held = await compareHeld(parts);
  const differences = [...comparison.differences, ...held.differences];
  const result: ReconcileResult = { runId, isClean: differences.length === 0, differences };
  await tellFindings(parts, differences);
  await store(db, result, { orders: both.ours.length, fills: both.theirs.fills.length, positions: held.positions, tookMs: Math.round(monotonicMs() - began) });
  const serious = differences.filter((one) => SERIOUS.has(one.kind));
  parts.onSerious(serious.length === 0 ? null : serious.slice(0, 3).map((one) => `${one.kind} ${one.subject}: ours ${one.ours ?? 'none'}, the broker's ${one.theirs ?? 'none'}`).join('; '));
  for (const difference of differences.slice(0, MAX_LOGGED)) log.warn({ runId, ...difference }, 'Our book and the broker differ');
  log.info({ runId, isClean: result.isClean, orders: both.ours.length, booked, entries, differences: differences.length }, 'Reconciled with the broker');
  return result;
}

/** Creates the reconciler. */
export function createReconciler(parts: ReconcilerParts): Reconciler {
  const serial = createSerial();
  const recorded = async (runId: string): Promise<ReconcileResult | null> => {
    const [row] = await parts.db.query<{ is_clean: boolean; differences: readonly Difference[] }>('SELECT is_clean, differences FROM execution.reconciliations WHERE run_id = $1', [runId]);
    return row ? { runId, isClean: row.is_clean, differences: row.differences } : null;
  };
  return { run: (runId) => serial.run(async () => (await recorded(runId)) ?? compareAll(parts, runId)) };
}
