-- Keeping bars: the exchange's calendar as the broker tells it, what validation has looked at, and months that were put away. Writer: data_ingestion.

-- Days on which the broker's calendar differs, or once differed, from the one built in. Times are New York's, HH:MM; both null = closed.
CREATE TABLE data_ingestion.market_calendar (
  day date PRIMARY KEY,
  open_time text CHECK (open_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  close_time text CHECK (close_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  source text NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK ((open_time IS NULL) = (close_time IS NULL) AND (open_time IS NULL OR open_time < close_time))
);

-- A finding of the validation is written once, however often the same bars are looked at. Null: written down when the bar arrived.
ALTER TABLE data_ingestion.data_quality_logs ADD COLUMN finding_key text;
CREATE UNIQUE INDEX data_quality_logs_once ON data_ingestion.data_quality_logs (finding_key) WHERE finding_key IS NOT NULL;
CREATE INDEX ON data_ingestion.data_quality_logs (at);

-- How far the validation has looked into each series.
CREATE TABLE data_ingestion.quality_progress (
  symbol text NOT NULL,
  timeframe text NOT NULL,
  validated_to timestamptz NOT NULL,
  PRIMARY KEY (symbol, timeframe)
);

-- One row per validation with its whole result: a validation that is repeated after a crash says again what it said.
CREATE TABLE data_ingestion.quality_runs (
  run_id text PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  series integer NOT NULL,
  bars bigint NOT NULL,
  summary jsonb NOT NULL,
  is_usable boolean NOT NULL
);
CREATE INDEX ON data_ingestion.quality_runs (at);

-- Months of market_data that live in a file. `file` is the name in the archive folder; sha256 is of the file as it lies there.
CREATE TABLE data_ingestion.archived_months (
  month date PRIMARY KEY CHECK (month = date_trunc('month', month)::date),
  file text NOT NULL,
  rows bigint NOT NULL CHECK (rows >= 0),
  bytes bigint NOT NULL,
  sha256 text NOT NULL,
  schema_version integer NOT NULL,
  state text NOT NULL CHECK (state IN ('archived', 'restored')),
  archived_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  restored_at timestamptz
);

-- Takes a month of market_data out of the book, when the ledger says that its rows are in a file and the month still has exactly so many.
-- Returns the rows found: with any other number nothing was changed. Reading and writing of bars waits while it counts.
CREATE FUNCTION data_ingestion.drop_month(month date, expected_rows bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = data_ingestion, pg_temp SET lock_timeout = '2s' AS $$
DECLARE first_day date := date_trunc('month', month)::date;
DECLARE part text := 'market_data_' || to_char(first_day, 'YYYY_MM');
DECLARE found_rows bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM archived_months a WHERE a.month = first_day AND a.rows = expected_rows AND a.state = 'archived') THEN
    RAISE EXCEPTION 'the ledger of archives does not hold % with % rows', first_day, expected_rows;
  END IF;
  -- The parent first, as every writer does: in the other order a late bar and we would wait for each other.
  LOCK TABLE ONLY market_data IN ACCESS EXCLUSIVE MODE;
  IF to_regclass('data_ingestion.' || part) IS NULL THEN
    RETURN 0;
  END IF;
  EXECUTE format('SELECT count(*) FROM data_ingestion.%I', part) INTO found_rows;
  IF found_rows = expected_rows THEN
    EXECUTE format('ALTER TABLE data_ingestion.market_data DETACH PARTITION data_ingestion.%I', part);
    EXECUTE format('DROP TABLE data_ingestion.%I', part);
  END IF;
  RETURN found_rows;
END $$;
