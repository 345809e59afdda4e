/** Compares our book with the broker's and repairs what can be repaired: at start, after each reconnect, every six hours, on demand. */
import type { EpochMs } from '#app/domain/time.ts';
import { HOUR_MS } from '#app/domain/time.ts';
import { isSameExecution } from '#app/execution/news.ts';
import { compareHoldings, compareOrders, newsOfFill, type Comparison, type Difference, type OurOrder } from '#app/execution/reconcile.ts';
import { sleep } from '#chassis/clock.ts';
import { crashPoint } from '#chassis/crash-point.ts';
import type { Db } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';
import type { Broker, BrokerFill, BrokerOrder } from '../alpaca/ports.ts';
import { ensureOpened, ourHoldings, theirHoldings } from './account.ts';
import { createSerial } from './async.ts';
import type { Booking } from './booking.ts';
import { readOrders, readOrdersAtBroker, withNews } from './orders.ts';
import { perform } from './perform.ts';
import type { Resolver } from './resolver.ts';

/** Activities may appear late: each reading goes back this far behind the newest one that was seen, and what is known is skipped. */
const OVERLAP_MS = HOUR_MS;
const HOLDINGS_READS = 4;
const HOLDINGS_PAUSE_MS = 750;

/** What reconciling needs. */
export type ReconcilerParts = {
  readonly db: Db; readonly broker: Broker; readonly booking: Booking; readonly resolver: Resolver; readonly log: Logger; readonly nowMs: () => EpochMs;
  /** Hears the differences that a person must look at, in words; null when there are none. */
  readonly onSerious: (words: string | null) => void;
};

/** What a run found. */
export type ReconcileResult = { readonly runId: string; readonly isClean: boolean; readonly differences: readonly Difference[] };

/**
 * The reconciler: one run at a time. A run id that is in the book already gives its recorded result: a flow that goes on after a crash compares once.
 * @throws what the broker's reading calls throw: then nothing is known.
 */
export type Reconciler = { run(runId: string): Promise<ReconcileResult> };

const SERIOUS = new Set<Difference['kind']>(['position', 'fill_extra', 'order_fields', 'order_missing']);

type Theirs = { readonly open: readonly BrokerOrder[]; readonly looked: Map<string, BrokerOrder | null>; readonly fills: readonly BrokerFill[] };

async function readCursors(db: Db): Promise<{ since: EpochMs; floor: string }> {
  const rows = await db.query<{ name: string; position: string }>('SELECT name, position FROM execution.broker_cursors');
  const position = (name: string): string => rows.find((row) => row.name === name)?.position ?? '';
  return { since: Number(position('fills_since')) as EpochMs, floor: position('fills_floor') };
}

/** Reads the broker's side: first the open orders, then what they do not show, then the fills, so that a fill in between is seen at least once. */
async function readTheirs({ db, broker }: ReconcilerParts): Promise<{ ours: readonly OurOrder[]; theirs: Theirs }> {
  const atBroker = await withNews(db, await readOrdersAtBroker(db));
  const open = await broker.listOpen();
  const looked = new Map<string, BrokerOrder | null>();
  const shown = new Set(open.map((order) => order.clientOrderId));
  for (const order of atBroker) if (!shown.has(order.clientOrderId)) looked.set(order.clientOrderId, await broker.getByClientId(order.clientOrderId, 'exit'));
  const { since, floor } = await readCursors(db);
  const fills = (await broker.fillsAfter({ at: (since - OVERLAP_MS) as EpochMs })).filter((fill) => fill.activityId > floor);
  // Fills of orders that our book has closed: known ones are nothing new, unknown ones make us ask for the order.
  const openIds = new Set(atBroker.map((order) => order.orderId));
  const others = (await withNews(db, await readOrders(db, { by: 'broker_order_id', ids: [...new Set(fills.map((fill) => fill.brokerOrderId))] }))).filter((order) => !openIds.has(order.orderId));
  for (const order of others) {
    const isNews = fills.some((fill) => fill.brokerOrderId === order.brokerOrderId && !order.fills.some((known) => isSameExecution(known, newsOfFill(fill).execution ?? known)));
    if (isNews) looked.set(order.clientOrderId, await broker.getByClientId(order.clientOrderId, 'exit'));
  }
  // An order that we believe closed must not be open there.
  const strays = await withNews(db, await readOrders(db, { by: 'client_order_id', ids: open.map((order) => order.clientOrderId) }));
  const seen = new Set([...openIds, ...others.map((order) => order.orderId)]);
  return { ours: [...atBroker, ...others, ...strays.filter((order) => !seen.has(order.orderId) && order.state.status !== 'initialized')], theirs: { open, looked, fills } };
}

function matchesOf(ours: readonly OurOrder[], theirs: Theirs): Map<string, BrokerOrder> {
  const open = new Map(theirs.open.map((order) => [order.clientOrderId, order]));
  return new Map(ours.flatMap((order): [string, BrokerOrder][] => {
    const match = theirs.looked.get(order.clientOrderId) ?? open.get(order.clientOrderId);
    return match ? [[order.orderId, match]] : [];
  }));
}

/** Positions and cash differ only when two readings in a row say the same: a fill between our reading and theirs is not a difference. */
async function holdings({ db, broker, booking }: ReconcilerParts): Promise<readonly Difference[]> {
  let before: string | null = null;
  for (let reading = 0; ; reading += 1) {
    await booking.idle();
    const differences = compareHoldings(await ourHoldings(db), await theirHoldings(broker));
    const words = JSON.stringify(differences);
    if (differences.length === 0 || words === before || reading + 1 >= HOLDINGS_READS) return differences;
    before = words;
    await sleep(HOLDINGS_PAUSE_MS);
  }
}

async function store(parts: ReconcilerParts, result: ReconcileResult): Promise<void> {
  await parts.db.tx(async (tx) => {
    const inserted = await tx.query('INSERT INTO execution.reconciliations (run_id, is_clean, differences) VALUES ($1, $2, $3) ON CONFLICT (run_id) DO NOTHING RETURNING run_id', [result.runId, result.isClean, JSON.stringify(result.differences)]);
    if (inserted.length === 1) tx.emit({ topic: 'account.reconciled', key: result.runId, correlationId: result.runId, payload: { runId: result.runId, isClean: result.isClean, differences: [...result.differences] } });
  });
}

async function settle(parts: ReconcilerParts, comparison: Comparison, ours: readonly OurOrder[], theirs: Theirs): Promise<number> {
  const { remaining, booked } = await perform({ ...parts }, comparison, matchesOf(ours, theirs));
  const byId = new Map(ours.map((order) => [order.orderId, order]));
  for (const orderId of remaining) {
    if ((byId.get(orderId)?.brokerOrderId ?? null) === null) parts.resolver.unknown(orderId);
    else parts.resolver.attend(orderId);
  }
  const newest = Math.max(0, ...theirs.fills.map((fill) => fill.at));
  if (remaining.length === 0 && newest > 0) {
    await parts.db.query(`UPDATE execution.broker_cursors SET position = greatest(position::bigint, $1::bigint)::text, updated_at = clock_timestamp() WHERE name = 'fills_since'`, [newest]);
  }
  return booked;
}

/** Creates the reconciler. */
export function createReconciler(parts: ReconcilerParts): Reconciler {
  const serial = createSerial();
  const recorded = async (runId: string): Promise<ReconcileResult | null> => {
    const [row] = await parts.db.query<{ is_clean: boolean; differences: readonly Difference[] }>('SELECT is_clean, differences FROM execution.reconciliations WHERE run_id = $1', [runId]);
    return row ? { runId, isClean: row.is_clean, differences: row.differences } : null;
  };
  const run = async (runId: string): Promise<ReconcileResult> => {
    await ensureOpened(parts.db, parts.broker, parts.log);
    const { ours, theirs } = await readTheirs(parts);
    const comparison = compareOrders(ours, theirs);
    crashPoint('execution.in-reconcile');
    const booked = await settle(parts, comparison, ours, theirs);
    const differences = [...comparison.differences, ...(await holdings(parts))];
    const result: ReconcileResult = { runId, isClean: differences.length === 0, differences };
    await store(parts, result);
    const serious = differences.filter((one) => SERIOUS.has(one.kind));
    parts.onSerious(serious.length === 0 ? null : serious.slice(0, 3).map((one) => `${one.kind} ${one.subject}: ours ${one.ours ?? 'none'}, the broker's ${one.theirs ?? 'none'}`).join('; '));
    for (const difference of differences) parts.log.warn({ runId, ...difference }, 'Our book and the broker differ');
    parts.log.info({ runId, isClean: result.isClean, orders: ours.length, booked }, 'Reconciled with the broker');
    return result;
  };
  return { run: (runId) => serial.run(async () => (await recorded(runId)) ?? run(runId)) };
}
