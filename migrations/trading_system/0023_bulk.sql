-- Filling the book from outside of its stream: back-fills from the broker and imports of files. Writer: data_ingestion.

-- How far the live lane has told a series to strategies (bar.closed), which is not how far bars are stored: those of a back-fill, an import or the archive are history that nobody was told of.
-- Null: it was never told. Until now every bar was.
ALTER TABLE data_ingestion.ingestion_status ADD COLUMN told_open_time timestamptz;
UPDATE data_ingestion.ingestion_status SET told_open_time = last_open_time;

-- A back-fill: bars of past days of some symbols, read page by page. The place of each series moves in the transaction that stores its bars.
CREATE TABLE data_ingestion.backfills (
  backfill_id text PRIMARY KEY,
  wanted_by text NOT NULL,
  why text NOT NULL,
  timeframe text NOT NULL,
  from_time timestamptz NOT NULL,
  to_time timestamptz NOT NULL CHECK (to_time >= from_time),
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'paused', 'done', 'failed', 'canceled')),
  stored bigint NOT NULL DEFAULT 0,
  known bigint NOT NULL DEFAULT 0,
  refused bigint NOT NULL DEFAULT 0,
  pages bigint NOT NULL DEFAULT 0,
  problem text,
  waits_for text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz
);
CREATE INDEX ON data_ingestion.backfills (created_at) WHERE state IN ('waiting', 'running');

-- next_time: the open time from which the series goes on. empty: the broker has no bars of that time; unknown: and does not list the symbol either; refused: it refused the question.
CREATE TABLE data_ingestion.backfill_series (
  backfill_id text NOT NULL REFERENCES data_ingestion.backfills ON DELETE CASCADE,
  symbol text NOT NULL,
  next_time timestamptz NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'empty', 'unknown', 'refused')),
  stored bigint NOT NULL DEFAULT 0,
  problem text,
  PRIMARY KEY (backfill_id, symbol)
);

-- An import of files of this computer. wish: what was asked for; quality: what the rules say of what came in.
CREATE TABLE data_ingestion.imports (
  import_id text PRIMARY KEY,
  wanted_by text NOT NULL,
  wish jsonb NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'paused', 'done', 'failed', 'canceled')),
  refused_bytes bigint NOT NULL DEFAULT 0 CHECK (refused_bytes >= 0),
  quality jsonb,
  problem text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz
);
CREATE INDEX ON data_ingestion.imports (created_at) WHERE state IN ('waiting', 'running');

-- Its files in order. bytes_done and lines_done are of the unpacked text and move in the transaction that stores its rows: after a crash reading goes on there.
-- dialect: how the file is read, found once. entry: the name inside of a zip archive. told_bytes and told_ms: size and time of change of the file when the import began.
CREATE TABLE data_ingestion.import_files (
  import_id text NOT NULL REFERENCES data_ingestion.imports ON DELETE CASCADE,
  n integer NOT NULL,
  path text NOT NULL,
  entry text,
  kind text NOT NULL CHECK (kind IN ('bars', 'factors', 'map', 'other')),
  dialect jsonb,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed', 'skipped')),
  told_bytes bigint NOT NULL,
  told_ms bigint NOT NULL,
  bytes_done bigint NOT NULL DEFAULT 0,
  packed_done bigint NOT NULL DEFAULT 0,
  lines_done bigint NOT NULL DEFAULT 0,
  rows bigint NOT NULL DEFAULT 0,
  stored bigint NOT NULL DEFAULT 0,
  known bigint NOT NULL DEFAULT 0,
  differing bigint NOT NULL DEFAULT 0,
  replaced bigint NOT NULL DEFAULT 0,
  refused bigint NOT NULL DEFAULT 0,
  actions bigint NOT NULL DEFAULT 0,
  symbols text[] NOT NULL DEFAULT '{}',
  bad jsonb NOT NULL DEFAULT '[]',
  problem text,
  PRIMARY KEY (import_id, n)
);
