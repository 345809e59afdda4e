-- Findings with a state, coverage by day, the day's report. Writer: data_ingestion.

-- What became of a finding: open until it is confirmed by a second reading, repaired, quarantined or dismissed; noted = needs nobody. until_time: last bar of a stretch.
-- attempts counts readings of its bars from the broker; next_attempt_at: not before; null: none is wanted.
ALTER TABLE data_ingestion.data_quality_logs
  ADD COLUMN severity text NOT NULL DEFAULT 'info' CHECK (severity IN ('critical', 'warning', 'info')),
  ADD COLUMN score double precision NOT NULL DEFAULT 1,
  ADD COLUMN state text NOT NULL DEFAULT 'noted' CHECK (state IN ('open', 'confirmed', 'repaired', 'quarantined', 'dismissed', 'noted')),
  ADD COLUMN until_time timestamptz,
  ADD COLUMN message text,
  ADD COLUMN attempts smallint NOT NULL DEFAULT 0,
  ADD COLUMN next_attempt_at timestamptz,
  ADD COLUMN decided_at timestamptz,
  ADD COLUMN decided_by text;
UPDATE data_ingestion.data_quality_logs SET state = 'open', severity = CASE WHEN kind IN ('impossible_bar', 'off_grid', 'jump', 'sessions_missing', 'stale_series') THEN 'critical' ELSE 'info' END WHERE finding_key IS NOT NULL;
CREATE INDEX data_quality_logs_open ON data_ingestion.data_quality_logs (symbol, timeframe, severity) WHERE state = 'open';
CREATE INDEX data_quality_logs_due ON data_ingestion.data_quality_logs (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- Whether a validation looked at what was new, or at whole histories.
ALTER TABLE data_ingestion.quality_runs ADD COLUMN scope text NOT NULL DEFAULT 'new' CHECK (scope IN ('new', 'whole'));

-- Bars of regular trading that a series has on each day of a year: stored[n] and quarantined[n] are of the n-th day of the year. What was counted stays when a month goes into the archive.
CREATE TABLE data_ingestion.coverage_years (
  symbol text NOT NULL,
  timeframe text NOT NULL,
  year integer NOT NULL,
  stored integer[] NOT NULL CHECK (cardinality(stored) = 366),
  quarantined integer[] NOT NULL CHECK (cardinality(quarantined) = 366),
  PRIMARY KEY (symbol, timeframe, year)
);
CREATE INDEX ON data_ingestion.coverage_years (timeframe, year);

-- What the coverage of a series was counted from: when one of these moved, it is counted again. held: its bars in quarantine.
CREATE TABLE data_ingestion.coverage_series (
  symbol text NOT NULL,
  timeframe text NOT NULL,
  first_day date,
  last_day date,
  bars_total bigint NOT NULL,
  revisions bigint NOT NULL,
  last_open_time timestamptz NOT NULL,
  held integer NOT NULL,
  expected bigint NOT NULL,
  stored bigint NOT NULL,
  quarantined bigint NOT NULL,
  missing_days integer NOT NULL,
  counted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (symbol, timeframe)
);

-- The report of each day of the exchange, written anew by each validation of that day.
CREATE TABLE data_ingestion.quality_reports (
  day date PRIMARY KEY,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  report jsonb NOT NULL
);

-- What the factors of a symbol were computed from, so that they are computed again when it changes. unresolved: actions that could not be worked out, with the reason.
CREATE TABLE data_ingestion.adjustment_state (
  symbol text PRIMARY KEY,
  fingerprint text NOT NULL,
  computed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  unresolved jsonb NOT NULL DEFAULT '[]',
  compared_fingerprint text,
  compared_at timestamptz
);
