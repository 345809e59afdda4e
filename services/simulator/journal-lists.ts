/** What the journal keeps beside the account: watchlists, announced corporate actions, preferences. Each change is on disk when the call returns. */
import type Database from 'better-sqlite3';
import type { EpochMs } from '#app/domain/time.ts';

/** A named list of symbols. Times are market time. */
export type WatchlistText = { readonly id: string; readonly name: string; readonly symbols: readonly string[]; readonly createdAt: EpochMs; readonly updatedAt: EpochMs };
/** A corporate action that was announced. Dates are civil days; `newRate` and `oldRate` of a split, `cash` of a dividend, decimal text. */
export type AnnouncedAction = {
  readonly id: string; readonly kind: 'split' | 'cash_dividend'; readonly symbol: string; readonly declaredOn: string; readonly exDate: string; readonly recordDate: string; readonly payableDate: string;
  readonly oldRate: string | null; readonly newRate: string | null; readonly cash: string | null; readonly isDone: boolean;
};

/** The lists. */
export type JournalLists = {
  watchlists(): readonly WatchlistText[];
  /** Stores a list, new or changed. False when another list has the name. */
  putWatchlist(list: WatchlistText): boolean;
  deleteWatchlist(id: string): void;
  /** Announced actions by ex-date. */
  actions(): readonly AnnouncedAction[];
  putAction(action: AnnouncedAction): void;
  /** Preferences without effect on trading, by their names on the wire. */
  preferences(): Readonly<Record<string, unknown>>;
  putPreferences(preferences: Readonly<Record<string, unknown>>): void;
};

/** Opens the lists over the journal's database. */
export function openLists(db: Database.Database): JournalLists {
  const bodies = <T>(sql: string): readonly T[] => db.prepare<[], { body: string }>(sql).all().map((row) => JSON.parse(row.body) as T);
  const nameHolder = db.prepare<[string], { id: string }>('SELECT id FROM watchlists WHERE name = ?');
  const putList = db.prepare('INSERT INTO watchlists (id, name, body) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, body = excluded.body');
  const putAction = db.prepare('INSERT INTO corporate_actions (id, ex_date, body) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET ex_date = excluded.ex_date, body = excluded.body');
  const putMeta = db.prepare(`INSERT INTO meta (key, value) VALUES ('preferences', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`);
  const getMeta = db.prepare<[], { value: string }>(`SELECT value FROM meta WHERE key = 'preferences'`);
  let actions: readonly AnnouncedAction[] | null = null;
  return {
    watchlists: () => bodies<WatchlistText>('SELECT body FROM watchlists ORDER BY seq'),
    putWatchlist: (list) => {
      const holder = nameHolder.get(list.name);
      if (holder && holder.id !== list.id) return false;
      putList.run(list.id, list.name, JSON.stringify(list));
      return true;
    },
    deleteWatchlist: (id) => void db.prepare('DELETE FROM watchlists WHERE id = ?').run(id),
    actions: () => (actions ??= bodies<AnnouncedAction>('SELECT body FROM corporate_actions ORDER BY ex_date, seq')),
    putAction: (action) => {
      putAction.run(action.id, action.exDate, JSON.stringify(action));
      actions = null;
    },
    preferences: () => JSON.parse(getMeta.get()?.value ?? '{}') as Record<string, unknown>,
    putPreferences: (preferences) => void putMeta.run(JSON.stringify(preferences)),
  };
}
