-- What the flows of risk_management and analytics write: sizes, alerts, analyses of round trips, statistics of backtests, reports as files.

-- The size that risk would give an entry, as one run of calculate_position_size saw it. item: the signal's id, or strategy:symbol. Shares and dollars.
CREATE TABLE risk_management.position_sizes (
  run_id text NOT NULL,
  item text NOT NULL,
  strategy_id text NOT NULL,
  symbol text NOT NULL,
  signal_id text,
  method text NOT NULL,
  equity numeric(24,9) NOT NULL,
  price numeric(24,9),
  atr numeric(24,9),
  qty numeric(24,9) NOT NULL,
  most_qty numeric(24,9) NOT NULL,
  binding text,
  bounds jsonb NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('approved', 'denied', 'would_approve', 'would_deny')),
  code text,
  why text NOT NULL,
  calculated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (run_id, item)
);
CREATE INDEX ON risk_management.position_sizes (calculated_at);

-- Alerts that risk raised, one per run that found something new, with how many events each told.
CREATE TABLE risk_management.risk_alerts (
  alert_id text PRIMARY KEY,
  severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
  title text NOT NULL,
  events integer NOT NULL CHECK (events > 0),
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Risk events that were told in an alert: each in one. What was known before alerts existed is not told after an update (alert_id null).
CREATE TABLE risk_management.alerted_events (
  risk_event_id text PRIMARY KEY REFERENCES risk_management.risk_events,
  alert_id text REFERENCES risk_management.risk_alerts,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO risk_management.alerted_events (risk_event_id) SELECT risk_event_id FROM risk_management.risk_events;

-- Round trips by account, strategy, symbol, both, and hour of the exchange's day (of the exit). Dollars after fees; null where there is too little.
CREATE TABLE analytics.trade_analysis (
  run_id text NOT NULL,
  scope text NOT NULL CHECK (scope IN ('account', 'strategy', 'symbol', 'strategy_symbol', 'hour')),
  subject text NOT NULL,
  round_trips integer NOT NULL,
  wins integer NOT NULL,
  losses integer NOT NULL,
  profit double precision NOT NULL,
  win_rate double precision,
  profit_factor double precision,
  expectancy double precision,
  best double precision,
  worst double precision,
  mean_holding_ms double precision,
  fills integer NOT NULL,
  fees double precision NOT NULL,
  slippage double precision,
  slippage_bps double precision,
  calculated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (run_id, scope, subject)
);

-- Statistics of a stored backtest; the backtest itself belongs to strategy_engine.
CREATE TABLE analytics.backtest_metrics (
  backtest_id text NOT NULL,
  name text NOT NULL,
  value double precision,
  unit text NOT NULL,
  calculated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (backtest_id, name)
);

-- A report is a file beside the databases: its name in the folder of reports, its content's hash and size.
ALTER TABLE analytics.reports ADD COLUMN file text, ADD COLUMN sha256 text, ADD COLUMN bytes bigint;
CREATE INDEX ON analytics.reports (period_end);
