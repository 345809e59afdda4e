-- What the trading came to. Writer: analytics.
CREATE TABLE analytics.equity_curve (
  ts_market timestamptz PRIMARY KEY,
  equity numeric(24,9) NOT NULL,
  cash numeric(24,9) NOT NULL,
  long_value numeric(24,9) NOT NULL,
  short_value numeric(24,9) NOT NULL,
  day_pnl numeric(24,9) NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE analytics.performance_metrics (
  run_id text NOT NULL,
  name text NOT NULL,
  value double precision,
  unit text NOT NULL,
  period_start timestamptz NOT NULL,
  period_end timestamptz NOT NULL,
  calculated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (run_id, name)
);

CREATE TABLE analytics.strategy_performance (
  strategy_id text NOT NULL,
  day date NOT NULL,
  realized_pnl numeric(24,9) NOT NULL,
  open_pnl numeric(24,9) NOT NULL,
  fills integer NOT NULL,
  calculated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (strategy_id, day)
);

CREATE TABLE analytics.reports (
  report_id text PRIMARY KEY,
  kind text NOT NULL,
  period_start timestamptz NOT NULL,
  period_end timestamptz NOT NULL,
  content jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
