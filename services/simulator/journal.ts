/** The simulator's journal: every operation on the account, committed before anyone is told; the only state that survives a kill. */
import Database from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { orderToText, readSnapshot, venueOperationSchema, venueOrderSchema } from '#app/backtest/venue-snapshot.ts';
import type { VenueConfig, VenueOperation } from '#app/backtest/venue-types.ts';
import { changeTerms, newVenueState, openVenue, type Venue } from '#app/backtest/venue.ts';
import { openLists, type JournalLists } from './journal-lists.ts';
import { queryActivities, queryOrders, type ActivityQuery, type ActivityText, type OrderQuery, type OrderText } from './journal-queries.ts';
import { SCHEMA } from './journal-schema.ts';
import { termsText, upgradeFormat } from './journal-upgrade.ts';
import { checksumOf, openWriter, putSnapshot, type CommitMore, type TapeCursor } from './journal-write.ts';

/** The journal of one account. */
export type Journal = {
  readonly venue: Venue;
  cursor(): TapeCursor | null;
  readonly lists: JournalLists;
  /** Applies an operation; it is on disk with its effects at the end of this turn of the loop, see `settled`. Nothing is changed when the venue refuses. */
  commit(operation: VenueOperation, more?: CommitMore): ReturnType<Venue['apply']>;
  /** Puts on disk what was committed. Reading does so too. @throws AppError: the venue is ahead of the disk then, and the process must end. */
  flush(): void;
  /** Resolves when everything committed so far is on disk; rejects as `flush` throws. */
  settled(): Promise<void>;
  orderById(id: string): OrderText | null;
  orderByClientId(clientOrderId: string): OrderText | null;
  orders(query: OrderQuery): readonly OrderText[];
  activities(query: ActivityQuery): readonly ActivityText[];
  /** Equity at each session's end, oldest first, at most `limit` of the newest. */
  equityHistory(limit: number): readonly EquityText[];
  /** Equity after each minute in which something was held, from <= at <= to. */
  equityMinutes(from: EpochMs, to: EpochMs): readonly EquityText[];
  close(): void;
};

/** Equity at an instant, decimal text. */
export type EquityText = { readonly at: EpochMs; readonly equity: string };

/** How to open a journal. `fingerprint` names the market; `createdAt` is kept from the first opening on. */
export type JournalOptions = { readonly file: string; readonly config: VenueConfig; readonly fingerprint: string };

function corrupt(file: string, why: string, cause?: unknown): AppError {
  return new AppError('JOURNAL_CORRUPT', `The simulator's journal ${file} cannot be trusted (${why}). Start with a new data folder, or restore this one from a backup: broker and book must belong together`, {
    context: { file }, ...(cause === undefined ? {} : { cause }),
  });
}

/** What a failed write or opening means to a person. */
function diskError(file: string, error: unknown): Error {
  if (!(error instanceof Database.SqliteError)) return error instanceof Error ? error : new Error(String(error));
  if (error.code === 'SQLITE_FULL') return new AppError('DATA_FOLDER_FULL', `The disk is full: the simulator's journal ${file} cannot be written; free some space and start again`, { cause: error });
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(error.code)) return corrupt(file, error.message, error);
  return new AppError('DATA_FOLDER_UNUSABLE', `The simulator's journal ${file} cannot be used: ${error.message}. Check that the folder can be written and that no other program holds the file`, { cause: error });
}

function openFile(file: string): Database.Database {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
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

/**
 * Whether the journal is of this account and this market. Returns the terms under which its operations were carried out: the seed and the opening cash are
 * the account itself and never change, margin, shorting and fees may be others now.
 */
function checkIdentity(db: Database.Database, options: JournalOptions): VenueConfig {
  const put = db.prepare('INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)');
  const get = db.prepare<[string], { value: string }>('SELECT value FROM meta WHERE key = ?');
  const stored = (key: string, fallback: string): string => {
    put.run(key, fallback);
    return get.get(key)?.value ?? fallback;
  };
  const refuse = (key: string, what: string): never => {
    throw new AppError('CONFIG_INVALID', `This data folder belongs to ${what}. Use a fresh data folder (--data <folder>), or go back to the settings it began with`, { context: { file: options.file, key } });
  };
  if (stored('market', options.fingerprint) !== options.fingerprint) refuse('market', 'another market (its demo seed, or the files of a replay, differ)');
  const terms = JSON.parse(termsText(JSON.parse(stored('config', termsText(options.config))) as Partial<VenueConfig>)) as VenueConfig;
  if (terms.seed !== options.config.seed || terms.startingCash !== options.config.startingCash) refuse('config', 'another simulated account (seed or starting cash differ)');
  return terms;
}

/** Goes on under other terms than the journal was written with: from a snapshot on, so that no operation is ever repeated under the wrong ones. */
function underTerms(db: Database.Database, found: { readonly venue: Venue; readonly seq: number }, config: VenueConfig): Venue {
  const { venue, seq } = found;
  if (termsText(venue.config) === termsText(config)) return venue;
  const changed = openVenue(config, changeTerms(venue.state, venue.config, config));
  putSnapshot(db, changed, seq);
  db.prepare(`UPDATE meta SET value = ? WHERE key = 'config'`).run(termsText(config));
  return changed;
}

/** An order as text that can be compared: one that came back from a snapshot has its fields in another order than one that was placed in this life. */
function inOneForm(order: unknown): string {
  return JSON.stringify(orderToText(venueOrderSchema.parse(order)));
}

/** Rebuilds the venue: the newest snapshot, then every operation after it; checks the result against the stored orders. */
function recover(db: Database.Database, options: Pick<JournalOptions, 'file' | 'config'>): { venue: Venue; seq: number } {
  try {
    const snapshot = db.prepare<[], { seq: number; body: string; checksum: string }>('SELECT seq, body, checksum FROM snapshots ORDER BY seq DESC LIMIT 1').get();
    if (snapshot && checksumOf(snapshot.body) !== snapshot.checksum) throw corrupt(options.file, `snapshot ${snapshot.seq} has changed`);
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

/**
 * Opens (or creates) the journal and rebuilds the account from it.
 * @throws AppError JOURNAL_CORRUPT, CONFIG_INVALID (another market's folder), DATA_FOLDER_UNUSABLE, all with a remedy.
 */
export function openJournal(options: JournalOptions): Journal {
  const db = openFile(options.file);
  try {
    // All or nothing: an older journal that cannot be taken over stays as it was, for the version that wrote it.
    const { venue, seq } = db.transaction(() => {
      upgradeFormat(db);
      const found = recover(db, { file: options.file, config: checkIdentity(db, options) });
      return { venue: underTerms(db, found, options.config), seq: found.seq };
    })();
    return journalOver(db, venue, seq);
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Runs what keeps its own failure for those who ask. */
function attempt(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

function journalOver(db: Database.Database, venue: Venue, lastSeq: number): Journal {
  const writer = openWriter(db, venue, lastSeq);
  let batch: PromiseWithResolvers<void> | null = null;
  let failure: Error | null = null;
  const flush = (): void => {
    // The venue has moved on and the disk has not: the only truthful state is the one on disk, so the process must end.
    if (failure) throw failure;
    if (!writer.hasPending()) return;
    const done = batch;
    batch = null;
    try {
      writer.flush();
      done?.resolve();
    } catch (error) {
      failure = diskError(db.name, error);
      done?.reject(failure);
      throw failure;
    }
  };
  const schedule = (): void => {
    if (batch) return;
    batch = Promise.withResolvers<void>();
    // The same error comes to everyone who asks for `settled`, and to the next caller.
    batch.promise.catch((error: unknown) => invariant(error === failure, 'A batch fails with the journal'));
    setImmediate(() => {
      if (!failure && batch) attempt(flush);
    });
  };
  const read = <T>(ask: () => T): T => {
    flush();
    return ask();
  };
  const parse = <T>(row: { body: string } | undefined): T | null => (row ? (JSON.parse(row.body) as T) : null);
  const byId = db.prepare<[string], { body: string }>('SELECT body FROM orders WHERE id = ?');
  const byClientId = db.prepare<[string], { body: string }>('SELECT body FROM orders WHERE client_order_id = ?');
  const days = db.prepare<[number], EquityText>('SELECT at, equity FROM equity ORDER BY at DESC LIMIT ?');
  const minutes = db.prepare<[number, number], EquityText>('SELECT at, equity FROM equity_minutes WHERE at BETWEEN ? AND ? ORDER BY at');
  return {
    venue, flush, lists: openLists(db),
    cursor: () => {
      const row = db.prepare<[], { openTime: number; steps: number; bars: number }>('SELECT open_time AS openTime, steps, bars FROM cursor').get();
      return row ? { ...row, openTime: row.openTime as EpochMs } : null;
    },
    commit: (operation, more = {}) => {
      if (failure) throw failure;
      const result = venue.apply(operation);
      if (!result.ok) return result;
      writer.append(operation, result.value, more);
      schedule();
      return result;
    },
    settled: () => (failure ? Promise.reject(failure) : batch?.promise ?? Promise.resolve()),
    // The newest order is asked for before it is on disk; asking must not cut the batch short.
    orderByClientId: (clientOrderId) => {
      const pending = writer.pendingClientId(clientOrderId);
      return pending ? orderToText(pending) : parse<OrderText>(byClientId.get(clientOrderId));
    },
    orderById: (id) => read(() => parse<OrderText>(byId.get(id))),
    orders: (query) => read(() => queryOrders(db, query)),
    activities: (query) => read(() => queryActivities(db, query)),
    equityHistory: (limit) => read(() => days.all(limit).reverse()),
    equityMinutes: (from, to) => read(() => minutes.all(from, to)),
    close: () => {
      try {
        flush();
        writer.snapshot();
      } finally {
        db.close();
      }
    },
  };
}
