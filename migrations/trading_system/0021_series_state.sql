-- What is known of symbols and of each stored series, beyond its newest bar. Writer: data_ingestion.

-- Sector and industry come from a list (sector_source says which) or from a person; the broker does not tell them.
ALTER TABLE data_ingestion.symbols
  ADD COLUMN sector text,
  ADD COLUMN industry text,
  ADD COLUMN sector_source text,
  ADD COLUMN is_easy_to_borrow boolean NOT NULL DEFAULT false,
  ADD COLUMN status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive')),
  ADD COLUMN renamed_to text;

-- revisions counts every change or removal of a bar that was stored: whoever derives something from a series (column files, factors, caches) makes it anew when it moves.
-- first_open_time never goes forward while bars of it are in the book or in the archive; null: not known yet.
ALTER TABLE data_ingestion.ingestion_status
  ADD COLUMN first_open_time timestamptz,
  ADD COLUMN revisions bigint NOT NULL DEFAULT 0 CHECK (revisions >= 0);
UPDATE data_ingestion.ingestion_status s SET first_open_time = (SELECT min(open_time) FROM data_ingestion.market_data m WHERE m.symbol = s.symbol AND m.timeframe = s.timeframe);

-- Up to and including `day` (the exchange's) prices are multiplied by price_factor for dividends and by split_factor for splits, to compare with those of today. Computed by us
-- from corporate_actions and the raw closes; told_* is what the broker's adjusted series says, when it was compared.
CREATE TABLE data_ingestion.adjustment_factors (
  symbol text NOT NULL,
  day date NOT NULL,
  price_factor double precision NOT NULL CHECK (price_factor > 0),
  split_factor double precision NOT NULL CHECK (split_factor > 0),
  computed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  told_factor double precision,
  compared_at timestamptz,
  PRIMARY KEY (symbol, day)
);

-- Bars that were taken out of market_data because they cannot be true; they come back when a person or a second reading says so.
CREATE TABLE data_ingestion.quarantined_bars (
  quarantine_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
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
  kind text NOT NULL,
  detail jsonb NOT NULL,
  state text NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'released', 'replaced', 'discarded')),
  quarantined_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  decided_at timestamptz,
  decided_by text
);
CREATE UNIQUE INDEX quarantined_once ON data_ingestion.quarantined_bars (symbol, timeframe, open_time) WHERE state = 'held';
CREATE INDEX ON data_ingestion.quarantined_bars (symbol, timeframe, open_time);
