/** The simulator's journal: every operation on the account, committed before anyone is told; the only state that survives a kill. */
import Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { AppError, describeError } from '#app/domain/errors.ts';
import { toText } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { orderToText, readSnapshot, takeSnapshot, venueOperationSchema, venueOrderSchema } from '#app/backtest/venue-snapshot.ts';
import { isOpenStatus, type VenueConfig, type VenueEvent } from '#app/backtest/venue-types.ts';
import { newVenueState, openVenue, venueEquity, type Venue, type VenueOperation } from '#app/backtest/venue.ts';
import { queryActivities, queryOrders, type ActivityQuery, type ActivityText, type OrderQuery, type OrderText } from './journal-queries.ts';
import { SCHEMA } from './journal-schema.ts';

/** How far the tape has been released. */
export type TapeCursor = { readonly openTime: EpochMs; readonly steps: number; readonly bars: number };

/** The journal of one account. */
export type Journal = {
  readonly venue: Venue;
  cursor(): TapeCursor | null;
  /** Applies an operation and commits it with its effects; nothing is changed when the venue refuses or the disk fails. */
  commit(operation: VenueOperation, cursor?: TapeCursor): ReturnType<Venue['apply']>;
  orderById(id: string): OrderText | null;
  orderByClientId(clientOrderId: string): OrderText | null;
  orders(query: OrderQuery): readonly OrderText[];
  activities(query: ActivityQuery): readonly ActivityText[];
  /** Equity at each session's end, oldest first, at most `limit` of the newest. */
  equityHistory(limit: number): readonly { readonly at: EpochMs; readonly equity: string }[];
  close(): void;
};

/** How to open a journal. `fingerprint` names the market; `createdAt` is kept from the first opening on. */
export type JournalOptions = { readonly file: string; readonly config: VenueConfig; readonly fingerprint: string };

const SNAPSHOT_EVERY = 2_000;
const FORMAT = '1';

function corrupt(file: string, why: string, cause?: unknown): AppError {
  return new AppError('JOURNAL_CORRUPT', `The simulator's journal ${file} cannot be trusted (${why}). Start with a new data folder, or restore this one from a backup: broker and book must belong together`, {
    context: { file }, ...(cause === undefined ? {} : { cause }),
  });
}

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** What a failed write or opening means to a person. */
function diskError(file: string, error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  if (error.code === 'SQLITE_FULL') return new AppError('DATA_FOLDER_FULL', `The disk is full: the simulator's journal ${file} cannot be written; free some space and start again`, { cause: error });
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(error.code)) return corrupt(file, error.message, error);
  return new AppError('DATA_FOLDER_UNUSABLE', `The simulator's journal ${file} cannot be used: ${error.message}. Check that the folder can be written and that no other program holds the file`, { cause: error });
}

function openFile(file: string): Database.Database {
  mkdirSync(path.dirname(file), { recursive: true });
  try {
    const db = new Database(file);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    const [check] = db.pragma('quick_check(1)') as { quick_check: string }[];
    if (check?.quick_check !== 'ok') throw corrupt(file, check?.quick_check ?? 'the check gave no answer');
    db.exec(SCHEMA);
    return db;
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (error instanceof Database.SqliteError) throw diskError(file, error);
    throw new AppError('DATA_FOLDER_UNUSABLE', `The simulator's journal ${file} cannot be opened: ${describeError(error)}. Check that the folder can be written`, { cause: error });
  }
}

/** Reads what a market needs to know before the journal is opened for it: where an earlier life of this account began. */
export function readMarketStart(file: string, kind: 'synthetic' | 'replay', fallback: () => EpochMs): EpochMs {
  const db = openFile(file);
  try {
    const key = `start:${kind}`;
    db.prepare('INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)').run(key, String(fallback()));
    const row = db.prepare<[string], { value: string }>('SELECT value FROM meta WHERE key = ?').get(key);
    return Number(row?.value) as EpochMs;
  } finally {
    db.close();
  }
}

function checkIdentity(db: Database.Database, options: JournalOptions): void {
  const identity = { format: FORMAT, config: JSON.stringify(options.config), market: options.fingerprint };
  const put = db.prepare('INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)');
  const get = db.prepare<[string], { value: string }>('SELECT value FROM meta WHERE key = ?');
  for (const [key, value] of Object.entries(identity)) {
    put.run(key, value);
    const known = get.get(key)?.value;
    if (known === value) continue;
    const what = key === 'market' ? 'another market (its demo seed, or the files of a replay, differ)' : key === 'config' ? 'another simulated account (seed or starting cash differ)' : `journal format ${known}`;
    throw new AppError('CONFIG_INVALID', `This data folder belongs to ${what}. Use a fresh data folder (--data <folder>), or go back to the settings it began with`, { context: { file: options.file, key } });
  }
}

/** An order as text that can be compared: one that came back from a snapshot has its fields in another order than one that was placed in this life. */
function inOneForm(order: unknown): string {
  return JSON.stringify(orderToText(venueOrderSchema.parse(order)));
}

/** Rebuilds the venue: the newest snapshot, then every operation after it; checks the result against the stored orders. */
function recover(db: Database.Database, options: JournalOptions): { venue: Venue; seq: number } {
  try {
    const snapshot = db.prepare<[], { seq: number; body: string; checksum: string }>('SELECT seq, body, checksum FROM snapshots ORDER BY seq DESC LIMIT 1').get();
    if (snapshot && checksum(snapshot.body) !== snapshot.checksum) throw corrupt(options.file, `snapshot ${snapshot.seq} has changed`);
    const venue = openVenue(options.config, snapshot ? readSnapshot(JSON.parse(snapshot.body)) : newVenueState(options.config));
    let seq = snapshot?.seq ?? 0;
    for (const row of db.prepare<[number], { seq: number; body: string }>('SELECT seq, body FROM ops WHERE seq > ? ORDER BY seq').iterate(seq)) {
      if (row.seq !== seq + 1) throw corrupt(options.file, `operation ${seq + 1} is missing`);
      const result = venue.apply(venueOperationSchema.parse(JSON.parse(row.body)));
      if (!result.ok) throw corrupt(options.file, `operation ${row.seq} is refused now: ${result.error.message}`);
      seq = row.seq;
    }
    const stored = db.prepare<[], { body: string }>('SELECT body FROM orders WHERE is_open = 1 ORDER BY seq').all().map((row) => inOneForm(JSON.parse(row.body)));
    const rebuilt = venue.openOrders().map((order) => inOneForm(orderToText(order)));
    if (JSON.stringify(stored) !== JSON.stringify(rebuilt)) throw corrupt(options.file, 'its operations and its orders disagree');
    return { venue, seq };
  } catch (error) {
    if (error instanceof AppError && error.code === 'JOURNAL_CORRUPT') throw error;
    throw corrupt(options.file, describeError(error), error);
  }
}

const activityIdOf = (at: EpochMs, executionId: string): string => `${new Date(at).toISOString().replace(/\D/g, '')}::${executionId}`;

function activityOf(event: Extract<VenueEvent, { kind: 'fill' | 'partial_fill' }>): ActivityText {
  const { order, fill } = event;
  return {
    id: activityIdOf(event.at, fill.executionId), executionId: fill.executionId, at: event.at, kind: event.kind, orderId: order.id, symbol: order.symbol, side: order.side,
    qty: toText(fill.qty), price: toText(fill.price), cumQty: toText(order.filledQty), leavesQty: order.qty === null ? '0' : toText(order.qty.minus(order.filledQty)),
    positionQty: toText(fill.positionQty), orderStatus: order.status,
  };
}

/**
 * Opens (or creates) the journal and rebuilds the account from it.
 * @throws AppError JOURNAL_CORRUPT, CONFIG_INVALID (another market's folder), DATA_FOLDER_UNUSABLE, all with a remedy.
 */
export function openJournal(options: JournalOptions): Journal {
  const db = openFile(options.file);
  try {
    checkIdentity(db, options);
    const { venue, seq } = recover(db, options);
    return journalOver(db, venue, seq);
  } catch (error) {
    db.close();
    throw error;
  }
}

function journalOver(db: Database.Database, venue: Venue, lastSeq: number): Journal {
  let seq = lastSeq;
  const insertOp = db.prepare('INSERT INTO ops (seq, body) VALUES (?, ?)');
  const upsertOrder = db.prepare(`INSERT INTO orders (id, client_order_id, seq, symbol, side, is_open, created_at, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET is_open = excluded.is_open, body = excluded.body`);
  const insertActivity = db.prepare('INSERT INTO activities (id, at, body) VALUES (?, ?, ?)');
  const moveCursor = db.prepare('INSERT INTO cursor (only_row, open_time, steps, bars) VALUES (1, ?, ?, ?) ON CONFLICT (only_row) DO UPDATE SET open_time = excluded.open_time, steps = excluded.steps, bars = excluded.bars');
  const insertEquity = db.prepare('INSERT OR REPLACE INTO equity (at, equity) VALUES (?, ?)');
  const store = db.transaction((operation: VenueOperation, events: readonly VenueEvent[], cursor: TapeCursor | undefined) => {
    insertOp.run(seq + 1, JSON.stringify(operation));
    for (const event of events) {
      const { order } = event;
      upsertOrder.run(order.id, order.clientOrderId, order.seq, order.symbol, order.side, isOpenStatus(order.status) ? 1 : 0, order.createdAt, JSON.stringify(orderToText(order)));
      if (event.fill) {
        const activity = activityOf(event);
        insertActivity.run(activity.id, activity.at, JSON.stringify(activity));
      }
    }
    if (cursor) moveCursor.run(cursor.openTime, cursor.steps, cursor.bars);
    if (operation.op === 'advance' && operation.isSessionEnd) insertEquity.run(operation.to, toText(venueEquity(venue)));
  });
  const snapshot = db.transaction(() => {
    const body = JSON.stringify(takeSnapshot(venue.state));
    db.prepare('INSERT OR REPLACE INTO snapshots (seq, body, checksum) VALUES (?, ?, ?)').run(seq, body, checksum(body));
    db.prepare('DELETE FROM snapshots WHERE seq < (SELECT min(seq) FROM (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT 2))').run();
    db.prepare('DELETE FROM ops WHERE seq <= (SELECT min(seq) FROM snapshots)').run();
  });
  let isFull = true;
  /** A step without effects need not wait for the disk: the next commit with effects carries it along, and until then releasing it again is harmless. */
  const beDurable = (wanted: boolean): void => {
    if (wanted !== isFull) db.pragma(`synchronous = ${wanted ? 'FULL' : 'NORMAL'}`);
    isFull = wanted;
  };
  const parse = <T>(row: { body: string } | undefined): T | null => (row ? (JSON.parse(row.body) as T) : null);
  const byId = db.prepare<[string], { body: string }>('SELECT body FROM orders WHERE id = ?');
  const byClientId = db.prepare<[string], { body: string }>('SELECT body FROM orders WHERE client_order_id = ?');
  return {
    venue,
    cursor: () => {
      const row = db.prepare<[], { openTime: number; steps: number; bars: number }>('SELECT open_time AS openTime, steps, bars FROM cursor').get();
      return row ? { ...row, openTime: row.openTime as EpochMs } : null;
    },
    commit: (operation, cursor) => {
      const result = venue.apply(operation);
      if (!result.ok) return result;
      // The venue has moved on: when the disk refuses, the only truthful state is the one on disk, so the error must end the process.
      try {
        beDurable(operation.op !== 'step' || result.value.events.length > 0);
        store(operation, result.value.events, cursor);
      } catch (error) {
        throw diskError(db.name, error);
      }
      seq += 1;
      if (seq % SNAPSHOT_EVERY === 0) snapshot();
      return result;
    },
    orderById: (id) => parse<OrderText>(byId.get(id)),
    orderByClientId: (clientOrderId) => parse<OrderText>(byClientId.get(clientOrderId)),
    orders: (query) => queryOrders(db, query),
    activities: (query) => queryActivities(db, query),
    equityHistory: (limit) => db.prepare<[number], { at: EpochMs; equity: string }>('SELECT at, equity FROM equity ORDER BY at DESC LIMIT ?').all(limit).reverse(),
    close: () => {
      snapshot();
      db.close();
    },
  };
}
