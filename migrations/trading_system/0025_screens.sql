-- Saved screens and what their scheduled runs found. Writer: strategy_engine.
CREATE TABLE strategy_engine.screens (
  screen_id text PRIMARY KEY,
  name text NOT NULL CHECK (name <> ''),
  definition jsonb NOT NULL,
  schedule text NOT NULL DEFAULT 'off' CHECK (schedule IN ('off', 'hourly', 'daily')),
  alerts jsonb NOT NULL DEFAULT '{"onEntry": false, "onExit": false}',
  version integer NOT NULL DEFAULT 1 CHECK (version > 0),
  is_built_in boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX screens_by_name ON strategy_engine.screens (lower(name));

-- One row per run of a schedule; run_id names the screen and the time it was due, so that a run that is repeated after a crash is one row.
CREATE TABLE strategy_engine.screen_runs (
  run_id text PRIMARY KEY,
  screen_id text NOT NULL REFERENCES strategy_engine.screens ON DELETE CASCADE,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  members text[] NOT NULL,
  entered text[] NOT NULL,
  left_symbols text[] NOT NULL,
  problem text
);
CREATE INDEX ON strategy_engine.screen_runs (screen_id, at DESC);
