/** Taking over an account: a journal in an older format, or one whose account has other terms now (margin, shorting, fees). Nothing of it may be lost: the book beside it is of the same account. */
import type Database from 'better-sqlite3';
import { AppError } from '#app/domain/errors.ts';
import { orderToText, venueOrderSchema } from '#app/backtest/venue-snapshot.ts';
import { DEFAULT_VENUE_CONFIG, type VenueConfig } from '#app/backtest/venue-types.ts';

/** The format that this version writes. */
export const FORMAT = '2';

/** Format 1 knew plain orders and fills only: its rows get the columns and members that they have today. */
function fromFormat1(db: Database.Database): void {
  db.exec(`ALTER TABLE orders ADD COLUMN parent_id TEXT;
    ALTER TABLE activities ADD COLUMN type TEXT NOT NULL DEFAULT 'FILL';
    UPDATE activities SET body = json_set(body, '$.type', 'FILL');`);
  const put = db.prepare<[string, string]>('UPDATE orders SET body = ? WHERE id = ?');
  for (const { id, body } of db.prepare<[], { id: string; body: string }>('SELECT id, body FROM orders').all()) {
    put.run(JSON.stringify(orderToText(venueOrderSchema.parse(JSON.parse(body)))), id);
  }
}

/** Brings the journal to today's format. @throws AppError CONFIG_INVALID when a newer version wrote it */
export function upgradeFormat(db: Database.Database): void {
  const known = db.prepare<[], { value: string }>(`SELECT value FROM meta WHERE key = 'format'`).get()?.value ?? FORMAT;
  if (known === '1') fromFormat1(db);
  else if (known !== FORMAT) {
    throw new AppError('CONFIG_INVALID', `The simulated account in this data folder was written by a newer version (journal format ${known}). Use that version, or a fresh data folder (--data <folder>)`, { context: { file: db.name } });
  }
  db.prepare(`INSERT INTO meta (key, value) VALUES ('format', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`).run(FORMAT);
}

/** Terms in one form: what an older version did not know was as it is by default. */
export function termsText(config: Partial<VenueConfig>): string {
  return JSON.stringify({ ...DEFAULT_VENUE_CONFIG, ...config });
}
