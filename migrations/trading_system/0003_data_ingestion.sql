-- Bars and what is known about symbols. Writer: data_ingestion.
CREATE TABLE data_ingestion.symbols (
  symbol text PRIMARY KEY,
  asset_id text,
  name text NOT NULL,
  exchange text NOT NULL,
  is_tradable boolean NOT NULL,
  is_fractionable boolean NOT NULL,
  is_shortable boolean NOT NULL,
  is_watched boolean NOT NULL DEFAULT false,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE data_ingestion.market_data (
  symbol text NOT NULL,
  timeframe text NOT NULL,
  open_time timestamptz NOT NULL,
  open numeric(24,9) NOT NULL,
  high numeric(24,9) NOT NULL,
  low numeric(24,9) NOT NULL,
  close numeric(24,9) NOT NULL,
  volume numeric(24,9) NOT NULL,
  source text NOT NULL,
  ts_seen timestamptz NOT NULL,
  PRIMARY KEY (symbol, timeframe, open_time),
  CHECK (low > 0 AND low <= open AND low <= close AND high >= open AND high >= close AND volume >= 0)
) PARTITION BY RANGE (open_time);

-- Makes the month's partition of market_data when it is missing; the service may call it but not alter tables itself.
CREATE FUNCTION data_ingestion.ensure_month(month date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = data_ingestion, pg_temp AS $$
DECLARE first_day date := date_trunc('month', month)::date;
DECLARE part text := 'market_data_' || to_char(first_day, 'YYYY_MM');
BEGIN
  IF to_regclass('data_ingestion.' || part) IS NULL THEN
    PERFORM pg_advisory_xact_lock(hashtext('data_ingestion.ensure_month'));
    EXECUTE format('CREATE TABLE IF NOT EXISTS data_ingestion.%I PARTITION OF data_ingestion.market_data FOR VALUES FROM (%L) TO (%L)',
      part, first_day::timestamp AT TIME ZONE 'UTC', (first_day + interval '1 month')::timestamp AT TIME ZONE 'UTC');
  END IF;
END $$;

-- Per series: how far it reaches. last_open_time never goes back.
CREATE TABLE data_ingestion.ingestion_status (
  symbol text NOT NULL,
  timeframe text NOT NULL,
  last_open_time timestamptz NOT NULL,
  last_close numeric(24,9) NOT NULL,
  bars_total bigint NOT NULL,
  gaps_marked integer NOT NULL DEFAULT 0,
  last_seen_at timestamptz NOT NULL,
  PRIMARY KEY (symbol, timeframe)
);

CREATE TABLE data_ingestion.corporate_actions (
  action_id text PRIMARY KEY,
  symbol text NOT NULL,
  kind text NOT NULL,
  ex_date date NOT NULL,
  terms jsonb NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Bars that were refused, gaps that were seen, with the reason in words.
CREATE TABLE data_ingestion.data_quality_logs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  symbol text NOT NULL,
  timeframe text NOT NULL,
  open_time timestamptz,
  kind text NOT NULL,
  detail jsonb NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON data_ingestion.data_quality_logs (symbol, timeframe, at);
