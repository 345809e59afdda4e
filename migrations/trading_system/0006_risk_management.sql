-- Limits, decisions, the master switch and the dead-man's lease. Writer: risk_management.
CREATE TABLE risk_management.risk_limits (
  version integer PRIMARY KEY CHECK (version > 0),
  limits jsonb NOT NULL,
  actor text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE risk_management.risk_decisions (
  decision_id text PRIMARY KEY,
  client_order_id text UNIQUE,
  source text NOT NULL,
  signal_id text,
  strategy_id text,
  idempotency_key text UNIQUE,
  symbol text NOT NULL,
  side text,
  type text,
  qty numeric(24,9),
  limit_price numeric(24,9),
  outcome text NOT NULL CHECK (outcome IN ('approved', 'denied')),
  code text CHECK ((outcome = 'denied') = (code IS NOT NULL)),
  message text NOT NULL,
  is_reducing boolean NOT NULL DEFAULT false,
  reference_price numeric(24,9),
  reserved_notional numeric(24,9) NOT NULL DEFAULT 0,
  limits_version integer NOT NULL,
  rules jsonb NOT NULL,
  ts_market timestamptz NOT NULL,
  decided_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON risk_management.risk_decisions (signal_id);
CREATE INDEX ON risk_management.risk_decisions (decided_at);

-- What each strategy wants to hold now; risk follows up until the position agrees.
CREATE TABLE risk_management.strategy_targets (
  strategy_id text NOT NULL,
  symbol text NOT NULL,
  target text NOT NULL CHECK (target IN ('long', 'flat')),
  signal_id text NOT NULL,
  follow_ups integer NOT NULL DEFAULT 0,
  ts_market timestamptz NOT NULL,
  PRIMARY KEY (strategy_id, symbol)
);

CREATE TABLE risk_management.risk_events (
  risk_event_id text PRIMARY KEY,
  severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
  code text NOT NULL,
  message text NOT NULL,
  context jsonb NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Every move of the master switch; the newest version is the state.
CREATE TABLE risk_management.trading_state (
  version integer PRIMARY KEY CHECK (version > 0),
  state text NOT NULL CHECK (state IN ('ACTIVE', 'REDUCING', 'HALTED')),
  reason text NOT NULL,
  actor text NOT NULL,
  idempotency_key text UNIQUE,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO risk_management.trading_state (version, state, reason, actor) VALUES (1, 'ACTIVE', 'first start', 'system');

-- Dead-man's lease: renewed every 2 s by the database's clock, valid 10 s. Execution sends nothing new without it.
CREATE TABLE risk_management.risk_lease (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  holder text NOT NULL,
  renewed_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);

-- Equity at the first decision of each exchange day: the base of the daily loss.
CREATE TABLE risk_management.day_open_equity (
  day date PRIMARY KEY,
  equity numeric(24,9) NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
