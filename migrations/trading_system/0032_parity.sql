-- Days that were traded, run again over the recorded bars: what was the same, and every difference with its reason. Writer: analytics, for 400 days.

-- score: 0..100, 100 = every trade the same; null = nothing to compare, note says why. signals and trades: of both sides, matched and not. mode: the market that traded.
CREATE TABLE analytics.parity_days (
  strategy_id text NOT NULL,
  day date NOT NULL,
  strategy_version_id text NOT NULL,
  score double precision CHECK (score BETWEEN 0 AND 100),
  signals integer NOT NULL, signals_same integer NOT NULL,
  trades integer NOT NULL, trades_same integer NOT NULL,
  bars integer NOT NULL,
  note text,
  calculated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (strategy_id, day)
);
CREATE INDEX ON analytics.parity_days (day);

-- n: the place in the day. live and replayed: in words, null = there was none. cost: dollars that the difference cost live (below 0: it gained).
CREATE TABLE analytics.parity_differences (
  strategy_id text NOT NULL,
  day date NOT NULL,
  n integer NOT NULL,
  symbol text NOT NULL,
  at timestamptz NOT NULL,
  kind text NOT NULL CHECK (kind IN ('missing', 'extra', 'size', 'price', 'time', 'denied')),
  live text,
  replayed text,
  reason text NOT NULL,
  price_difference_bps double precision,
  cost double precision,
  PRIMARY KEY (strategy_id, day, n),
  FOREIGN KEY (strategy_id, day) REFERENCES analytics.parity_days ON DELETE CASCADE
);

-- When a deployment began is asked by the wall clock, of points that are kept by the market's.
CREATE INDEX ON analytics.equity_curve (recorded_at);
