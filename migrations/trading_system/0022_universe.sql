-- Corporate actions with their origin, and how far the broker was asked about them. Writer: data_ingestion.

-- source: who told it (alpaca, import, person). changed_at: when its terms last became others; null: never.
ALTER TABLE data_ingestion.corporate_actions
  ADD COLUMN source text NOT NULL DEFAULT 'import',
  ADD COLUMN changed_at timestamptz;
CREATE INDEX corporate_actions_by_symbol ON data_ingestion.corporate_actions (symbol, ex_date);

-- covers_from: from which day on the broker was asked about a symbol's actions; changed_at: when any action of the symbol came, changed or went: what is derived from them is older than that, or right.
CREATE TABLE data_ingestion.action_progress (
  symbol text PRIMARY KEY,
  covers_from date NOT NULL,
  read_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Pages by symbol; the search in names looks at all rows, which is a few thousand.
CREATE INDEX symbols_by_sector ON data_ingestion.symbols (sector) WHERE status = 'active';
