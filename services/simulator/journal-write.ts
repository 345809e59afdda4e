/** The writing half of the journal: operations of one turn of the loop go to disk in one transaction, before anyone is told of them. */
import type Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { toText } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { orderToText, takeSnapshot } from '#app/backtest/venue-snapshot.ts';
import { isOpenStatus, type VenueActivity, type VenueEvent, type VenueOperation, type VenueOrder, type VenueOutcome } from '#app/backtest/venue-types.ts';
import { venueEquity, type Venue } from '#app/backtest/venue.ts';
import type { ActivityText, FillText } from './journal-queries.ts';

/** How far the tape has been released. */
export type TapeCursor = { readonly openTime: EpochMs; readonly steps: number; readonly bars: number };

/** Short enough that a start replays little, long enough that a snapshot is a small part of the work. */
const SNAPSHOT_EVERY = 2_000;
/** Equity by the minute is kept for the 30 days that the broker shows. */
const MINUTES_KEPT_MS = 45 * 86_400_000;

/** Ties a snapshot to its text. */
export function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** Alpaca's activity id: the instant in digits, then the execution's id. */
export function activityIdOf(at: EpochMs, id: string): string {
  return id.includes('::') ? id : `${new Date(at).toISOString().replace(/\D/g, '')}::${id}`;
}

function fillText(event: Extract<VenueEvent, { kind: 'fill' | 'partial_fill' }>): FillText {
  const { order, fill } = event;
  return {
    id: activityIdOf(event.at, fill.executionId), type: 'FILL', executionId: fill.executionId, at: event.at, kind: event.kind, orderId: order.id, symbol: order.symbol, side: order.side,
    qty: toText(fill.qty), price: toText(fill.price), cumQty: toText(order.filledQty), leavesQty: order.qty === null ? '0' : toText(order.qty.minus(order.filledQty)),
    positionQty: toText(fill.positionQty), orderStatus: order.status,
  };
}

function otherText(activity: VenueActivity): ActivityText {
  return {
    id: activityIdOf(activity.at, activity.id), type: activity.type, at: activity.at, symbol: activity.symbol, qty: activity.qty === null ? null : toText(activity.qty),
    perShareAmount: activity.perShareAmount === null ? null : toText(activity.perShareAmount), netAmount: toText(activity.netAmount), description: activity.description,
  };
}

type Entry = { readonly operation: VenueOperation; readonly outcome: VenueOutcome; readonly cursor: TapeCursor | undefined; readonly equity: { readonly at: EpochMs; readonly text: string; readonly isDay: boolean } | null; readonly also: (() => void) | undefined };

/** The last form of every order that an operation touched. */
function ordersOf({ events, changed }: VenueOutcome): Iterable<VenueOrder> {
  const last = new Map<string, VenueOrder>();
  for (const { order } of events) last.set(order.id, order);
  for (const order of changed) last.set(order.id, order);
  return last.values();
}

/** What belongs to an operation beside its effects: how far the tape is then, and what else is written in the same transaction. */
export type CommitMore = { readonly cursor?: TapeCursor | undefined; readonly also?: (() => void) | undefined };

/** A writer. */
export type JournalWriter = {
  /** Remembers what was done; it is on disk after the next flush. `also` writes more in the same transaction. */
  append(operation: VenueOperation, outcome: VenueOutcome, more: CommitMore): void;
  /** Writes everything that was appended. @throws SqliteError: the venue is then ahead of the disk, and the process must end. */
  flush(): void;
  hasPending(): boolean;
  /** An order that is not on disk yet, by its client order id. */
  pendingClientId(clientOrderId: string): VenueOrder | null;
  snapshot(): void;
};

/** Stores the venue's state as it is after operation `seq`, and forgets what lies before the older of two snapshots. */
export function putSnapshot(db: Database.Database, venue: Venue, seq: number): void {
  const body = JSON.stringify(takeSnapshot(venue.state));
  db.prepare('INSERT OR REPLACE INTO snapshots (seq, body, checksum) VALUES (?, ?, ?)').run(seq, body, checksumOf(body));
  db.prepare('DELETE FROM snapshots WHERE seq < (SELECT min(seq) FROM (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT 2))').run();
  db.prepare('DELETE FROM ops WHERE seq <= (SELECT min(seq) FROM snapshots)').run();
}

/** Opens a writer behind operation `lastSeq`. */
export function openWriter(db: Database.Database, venue: Venue, lastSeq: number): JournalWriter {
  const statements = prepare(db);
  let seq = lastSeq;
  let pending: Entry[] = [];
  let clientIds = new Map<string, VenueOrder>();
  let isFull = true;
  const store = db.transaction((entries: readonly Entry[]) => {
    for (const [n, { operation, outcome, cursor, equity, also }] of entries.entries()) {
      statements.op.run(seq + n + 1, JSON.stringify(operation));
      for (const order of ordersOf(outcome)) {
        statements.order.run(order.id, order.clientOrderId, order.seq, order.symbol, order.side, isOpenStatus(order.status) ? 1 : 0, order.createdAt, order.parentId, JSON.stringify(orderToText(order)));
      }
      for (const event of outcome.events) if (event.fill) putActivity(fillText(event));
      for (const activity of outcome.activities) putActivity(otherText(activity));
      also?.();
      if (cursor) statements.cursor.run(cursor.openTime, cursor.steps, cursor.bars);
      if (!equity) continue;
      if (equity.isDay) {
        statements.day.run(equity.at, equity.text);
        statements.prune.run(equity.at - MINUTES_KEPT_MS);
      } else statements.minute.run(equity.at, equity.text);
    }
  });
  const putActivity = (activity: ActivityText): void => void statements.activity.run(activity.id, activity.at, activity.type, JSON.stringify(activity));
  const snapshot = db.transaction(() => putSnapshot(db, venue, seq));
  /** A step without effects need not wait for the disk: the next commit with effects carries it along, and until then releasing it again is harmless. */
  const beDurable = (wanted: boolean): void => {
    if (wanted !== isFull) db.pragma(`synchronous = ${wanted ? 'FULL' : 'NORMAL'}`);
    isFull = wanted;
  };
  return {
    append: (operation, outcome, { cursor, also }) => {
      pending.push({ operation, outcome, cursor, also, equity: equityAt(venue, operation) });
      for (const { order } of outcome.events) clientIds.set(order.clientOrderId, order);
    },
    hasPending: () => pending.length > 0,
    pendingClientId: (clientOrderId) => clientIds.get(clientOrderId) ?? null,
    flush: () => {
      if (pending.length === 0) return;
      const entries = pending;
      beDurable(entries.some(({ operation, outcome }) => operation.op !== 'step' || outcome.events.length > 0 || outcome.changed.length > 0));
      store(entries);
      const before = seq;
      seq += entries.length;
      pending = [];
      clientIds = new Map();
      if (Math.floor(before / SNAPSHOT_EVERY) !== Math.floor(seq / SNAPSHOT_EVERY)) snapshot();
    },
    snapshot: () => snapshot(),
  };
}

function equityAt(venue: Venue, operation: VenueOperation): Entry['equity'] {
  if (operation.op === 'advance') return operation.isSessionEnd ? { at: operation.to, text: toText(venueEquity(venue)), isDay: true } : null;
  // While nothing is held, equity is cash: the days tell it.
  if (operation.op !== 'step' || venue.positions().length === 0) return null;
  return { at: operation.at, text: toText(venueEquity(venue)), isDay: false };
}

function prepare(db: Database.Database) {
  return {
    op: db.prepare('INSERT INTO ops (seq, body) VALUES (?, ?)'),
    order: db.prepare(`INSERT INTO orders (id, client_order_id, seq, symbol, side, is_open, created_at, parent_id, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET is_open = excluded.is_open, parent_id = excluded.parent_id, body = excluded.body`),
    activity: db.prepare('INSERT INTO activities (id, at, type, body) VALUES (?, ?, ?, ?)'),
    cursor: db.prepare('INSERT INTO cursor (only_row, open_time, steps, bars) VALUES (1, ?, ?, ?) ON CONFLICT (only_row) DO UPDATE SET open_time = excluded.open_time, steps = excluded.steps, bars = excluded.bars'),
    day: db.prepare('INSERT OR REPLACE INTO equity (at, equity) VALUES (?, ?)'),
    minute: db.prepare('INSERT OR REPLACE INTO equity_minutes (at, equity) VALUES (?, ?)'),
    prune: db.prepare('DELETE FROM equity_minutes WHERE at < ?'),
  };
}
