-- Lines of all parts brought together, by month. Writer: notification. Until here nobody wrote to these tables, so they are made anew.
DROP TABLE logging.system_logs, logging.trading_logs, logging.performance_logs;

-- One number for all lines in the order of their commit (there is one writer): a live tail asks for what came after.
CREATE SEQUENCE logging.line_seq;

-- A line is known by its file and the byte at which it begins, so reading a file again cannot double it. fields: what the line said beside its message;
-- ids: every id in it (orders, signals, decisions, runs); words: what a search finds, made by the writer; severity: 10 trace .. 60 fatal.
CREATE TABLE logging.system_logs (
  at timestamptz NOT NULL,
  file_id bigint NOT NULL,
  position bigint NOT NULL,
  seq bigint NOT NULL,
  unit text NOT NULL,
  level text NOT NULL,
  severity smallint NOT NULL CHECK (severity BETWEEN 10 AND 60),
  message text NOT NULL,
  fields jsonb NOT NULL,
  ids text[] NOT NULL,
  words tsvector NOT NULL,
  PRIMARY KEY (at, file_id, position)
) PARTITION BY RANGE (at);
CREATE INDEX ON logging.system_logs (seq);
CREATE INDEX ON logging.system_logs (unit, at);
CREATE INDEX ON logging.system_logs (at) WHERE severity >= 40;
CREATE INDEX ON logging.system_logs USING gin (ids);
CREATE INDEX ON logging.system_logs USING gin (words);

-- The same for lines about orders, signals and decisions, and for lines that tell how long something took (value, in milliseconds).
CREATE TABLE logging.trading_logs (LIKE logging.system_logs INCLUDING ALL) PARTITION BY RANGE (at);
CREATE TABLE logging.performance_logs (LIKE logging.system_logs INCLUDING ALL, name text NOT NULL, value double precision NOT NULL) PARTITION BY RANGE (at);

CREATE FUNCTION logging.ensure_month(month date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = logging, pg_temp AS $$
DECLARE
  first_day date := date_trunc('month', month)::date;
  base text;
BEGIN
  FOREACH base IN ARRAY ARRAY['system_logs', 'trading_logs', 'performance_logs'] LOOP
    IF to_regclass(format('logging.%I', base || to_char(first_day, '_YYYY_MM'))) IS NULL THEN
      PERFORM pg_advisory_xact_lock(hashtext('logging.ensure_month'));
      EXECUTE format('CREATE TABLE IF NOT EXISTS logging.%I PARTITION OF logging.%I FOR VALUES FROM (%L) TO (%L)',
        base || to_char(first_day, '_YYYY_MM'), base, first_day::timestamp AT TIME ZONE 'UTC', (first_day + interval '1 month')::timestamp AT TIME ZONE 'UTC');
    END IF;
  END LOOP;
END $$;

-- Drops the months that ended before an instant and says how many lines went with them.
CREATE FUNCTION logging.drop_months_before(oldest timestamptz) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = logging, pg_temp AS $$
DECLARE
  part record;
  lines bigint;
  total bigint := 0;
BEGIN
  FOR part IN
    SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace n ON n.oid = p.relnamespace
    WHERE n.nspname = 'logging' AND p.relname IN ('system_logs', 'trading_logs', 'performance_logs')
      AND (to_date(substring(c.relname FROM '_logs_([12][0-9]{3}_(0[1-9]|1[0-2]))$'), 'YYYY_MM') + interval '1 month')::timestamp AT TIME ZONE 'UTC' <= oldest
    ORDER BY c.relname
  LOOP
    EXECUTE format('SELECT count(*) FROM logging.%I', part.name) INTO lines;
    EXECUTE format('DROP TABLE logging.%I', part.name);
    total := total + lines;
  END LOOP;
  RETURN total;
END $$;

-- What a day's lines came to: counts per part and level, errors, starts, the slowest work. day is New York's.
CREATE TABLE logging.daily_summaries (
  day date PRIMARY KEY,
  run_id text NOT NULL,
  lines bigint NOT NULL,
  summary jsonb NOT NULL,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- How far each file is read. A file is known by its first bytes: its name changes when it is rotated. Committed together with the lines.
CREATE TABLE notification.log_positions (
  file_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  unit text NOT NULL,
  head_bytes integer NOT NULL CHECK (head_bytes > 0),
  head_hash text NOT NULL,
  position bigint NOT NULL DEFAULT 0 CHECK (position >= 0),
  -- The rest of a line that was too long is passed over.
  is_mid_line boolean NOT NULL DEFAULT false,
  last_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE notification.log_positions SET (fillfactor = 50);

-- What a person asked about one order stands beside its lines.
CREATE INDEX ON logging.audit_log (subject, at);
