/** Tables of the simulator's journal. */

/**
 * `ops` is the truth since the older of two snapshots; `orders`, `activities` and `equity` are its history, written in the same
 * transaction and served over REST. `cursor` is how far the tape was released. `watchlists` and `corporate_actions` are lists beside the account.
 */
export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS ops (seq INTEGER PRIMARY KEY, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS snapshots (seq INTEGER PRIMARY KEY, body TEXT NOT NULL, checksum TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY, client_order_id TEXT NOT NULL UNIQUE, seq INTEGER NOT NULL UNIQUE, symbol TEXT NOT NULL, side TEXT NOT NULL,
    is_open INTEGER NOT NULL, created_at INTEGER NOT NULL, parent_id TEXT, body TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS orders_open ON orders (seq) WHERE is_open = 1;
  CREATE INDEX IF NOT EXISTS orders_created ON orders (created_at);
  CREATE TABLE IF NOT EXISTS activities (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS activities_at ON activities (at);
  CREATE TABLE IF NOT EXISTS equity (at INTEGER PRIMARY KEY, equity TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS equity_minutes (at INTEGER PRIMARY KEY, equity TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS cursor (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), open_time INTEGER NOT NULL, steps INTEGER NOT NULL, bars INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS watchlists (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS corporate_actions (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, ex_date TEXT NOT NULL, body TEXT NOT NULL);
`;
