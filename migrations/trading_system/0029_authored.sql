-- Strategies that a person writes: projects of a few files, every save a version, what was checked of it, who signs; and which version raised a signal or made a back-test.
CREATE TABLE strategy_engine.projects (
  project_id text PRIMARY KEY CHECK (project_id ~ '^[a-z][a-z0-9_]{0,39}$'),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
  template_id text,
  -- Of the strategy, as it last could be loaded.
  title text,
  current_version integer NOT NULL CHECK (current_version > 0),
  is_archived boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- One name, one project, whatever its capitals, those that were put away included.
CREATE UNIQUE INDEX ON strategy_engine.projects (lower(name));

-- files: [{"path", "text"}], sorted by path; file_count and characters of them: lists never read the files. hash: SHA-256 of them (hex). restored_from: the version that was taken up again. signature: who signed it, as the profile stood then.
CREATE TABLE strategy_engine.project_versions (
  project_id text NOT NULL REFERENCES strategy_engine.projects DEFERRABLE INITIALLY DEFERRED,
  version integer NOT NULL CHECK (version > 0),
  files jsonb NOT NULL,
  file_count integer NOT NULL GENERATED ALWAYS AS (jsonb_array_length(files)) STORED,
  characters integer NOT NULL DEFAULT 0,
  hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
  note text NOT NULL DEFAULT '',
  restored_from integer,
  signature jsonb,
  saved_by text NOT NULL,
  saved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (project_id, version)
);
CREATE INDEX ON strategy_engine.project_versions (hash);

-- What was found of a version, by kind of check (source, look_ahead, warm_up, verdict_read); the newest counts. Keyed by the hash of the files: the same text has the same findings.
CREATE TABLE strategy_engine.project_checks (
  hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
  what text NOT NULL CHECK (what IN ('source', 'look_ahead', 'warm_up', 'verdict_read')),
  is_passed boolean NOT NULL,
  result jsonb NOT NULL,
  actor text NOT NULL,
  checked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (hash, what)
);

-- Who writes here: one row. picture: an image as a data URI.
CREATE TABLE strategy_engine.author_profile (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  name text NOT NULL, contact text NOT NULL DEFAULT '', bio text NOT NULL DEFAULT '', picture text,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- A deployment of a project's version; null = a strategy of the house. limits: what this strategy alone may do, beside the account's limits. paused: why it is not running, null = no one stopped it.
ALTER TABLE strategy_engine.strategies ADD COLUMN project_id text, ADD COLUMN limits jsonb, ADD COLUMN paused jsonb, ADD COLUMN is_stopped boolean NOT NULL DEFAULT false;
ALTER TABLE strategy_engine.strategy_versions ADD COLUMN project_id text, ADD COLUMN project_version integer, ADD COLUMN symbols text[], ADD COLUMN timeframe text,
  ADD CONSTRAINT names_a_project_with_its_version CHECK ((project_id IS NULL) = (project_version IS NULL));

-- A back-test has a row from its first moment on: `running`, `ran` (the curve and the trades are there, the judgement is not), `done`, `failed`, `cancelled`.
ALTER TABLE strategy_engine.backtests ADD COLUMN run_id text, ADD COLUMN project_id text, ADD COLUMN project_version integer, ADD COLUMN state text NOT NULL DEFAULT 'done' CHECK (state IN ('running', 'ran', 'done', 'failed', 'cancelled')),
  ADD COLUMN problem jsonb, ADD COLUMN log jsonb;
CREATE INDEX ON strategy_engine.backtests (project_id, created_at);

-- Lines that a deployed strategy wrote with log(), and what stopped it. Bounded per strategy by its writer.
CREATE TABLE strategy_engine.strategy_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  strategy_id text NOT NULL,
  strategy_version_id text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  bar_open_time timestamptz,
  symbol text,
  level text NOT NULL CHECK (level IN ('info', 'warn', 'error')),
  line text NOT NULL
);
CREATE INDEX ON strategy_engine.strategy_log (strategy_id, id);
