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

-- One row per run of a schedule; run_id names the screen and the moment of the market that it belongs to, so that a run that is repeated after a crash is one row.
-- basis: fingerprint of what decided who is a member; only runs of one basis are compared.
CREATE TABLE strategy_engine.screen_runs (
  run_id text PRIMARY KEY,
  screen_id text NOT NULL REFERENCES strategy_engine.screens ON DELETE CASCADE,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  basis text NOT NULL,
  members text[] NOT NULL,
  entered text[] NOT NULL,
  left_symbols text[] NOT NULL,
  problem text
);
CREATE INDEX ON strategy_engine.screen_runs (screen_id, at DESC);

-- Whoever wishes to hear of a screen wishes it on the screen itself: where a way to reach people is set up, it is told there too.
INSERT INTO notification.alert_configs (alert_id, kind, channel, settings, is_enabled)
SELECT 'screen:' || channel, 'screen', channel, '{"leastSeverity": "info"}'::jsonb, true FROM unnest(ARRAY['email', 'webhook', 'desktop']) AS channel
ON CONFLICT DO NOTHING;
