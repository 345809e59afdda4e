-- Strategies, their versions, signals and running state. Writer: strategy_engine.
CREATE TABLE strategy_engine.strategies (
  strategy_id text PRIMARY KEY CHECK (strategy_id ~ '^[a-z][a-z0-9_]{0,39}$'),
  name text NOT NULL,
  kind text NOT NULL,
  symbols text[] NOT NULL,
  timeframe text NOT NULL,
  parameters jsonb NOT NULL,
  sizing jsonb NOT NULL,
  is_enabled boolean NOT NULL DEFAULT true,
  current_version_id text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE strategy_engine.strategy_versions (
  strategy_version_id text PRIMARY KEY,
  strategy_id text NOT NULL REFERENCES strategy_engine.strategies DEFERRABLE INITIALLY DEFERRED,
  version integer NOT NULL CHECK (version > 0),
  kind text NOT NULL,
  parameters jsonb NOT NULL,
  sizing jsonb NOT NULL,
  code_hash text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (strategy_id, version)
);

CREATE TABLE strategy_engine.strategy_signals (
  signal_id text PRIMARY KEY,
  strategy_id text NOT NULL,
  strategy_version_id text NOT NULL,
  symbol text NOT NULL,
  timeframe text NOT NULL,
  bar_open_time timestamptz NOT NULL,
  ts_market timestamptz NOT NULL,
  target text NOT NULL CHECK (target IN ('long', 'flat')),
  reference_price numeric(24,9) NOT NULL,
  atr numeric(24,9),
  reasons jsonb NOT NULL,
  raised_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON strategy_engine.strategy_signals (symbol, bar_open_time);
CREATE INDEX ON strategy_engine.strategy_signals (raised_at);

-- The indicators' running state per strategy version and symbol; version counts bars applied.
CREATE TABLE strategy_engine.strategy_state (
  strategy_version_id text NOT NULL,
  symbol text NOT NULL,
  last_open_time timestamptz NOT NULL,
  version bigint NOT NULL,
  state jsonb NOT NULL,
  PRIMARY KEY (strategy_version_id, symbol)
);

CREATE TABLE strategy_engine.indicators (
  symbol text NOT NULL,
  timeframe text NOT NULL,
  name text NOT NULL,
  open_time timestamptz NOT NULL,
  value double precision NOT NULL,
  PRIMARY KEY (symbol, timeframe, name, open_time)
);

CREATE TABLE strategy_engine.backtests (
  backtest_id text PRIMARY KEY,
  strategy_version_id text NOT NULL,
  request jsonb NOT NULL,
  result jsonb,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
