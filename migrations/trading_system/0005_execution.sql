-- Orders and what came of them: the ledger. Writer: execution.
CREATE TABLE execution.orders (
  order_id text PRIMARY KEY,
  client_order_id text NOT NULL UNIQUE,
  decision_id text NOT NULL UNIQUE,
  broker_order_id text UNIQUE,
  source text NOT NULL CHECK (source IN ('strategy', 'manual', 'risk')),
  strategy_id text,
  signal_id text,
  symbol text NOT NULL,
  side text NOT NULL CHECK (side IN ('buy', 'sell')),
  type text NOT NULL CHECK (type IN ('market', 'limit')),
  time_in_force text NOT NULL,
  qty numeric(24,9) NOT NULL CHECK (qty > 0),
  limit_price numeric(24,9) CHECK ((type = 'limit') = (limit_price IS NOT NULL)),
  is_reducing boolean NOT NULL,
  reference_price numeric(24,9) NOT NULL,
  status text NOT NULL,
  is_closed boolean NOT NULL DEFAULT false,
  filled_qty numeric(24,9) NOT NULL DEFAULT 0,
  avg_fill_price numeric(24,9),
  version integer NOT NULL CHECK (version > 0),
  denial_code text,
  reason text,
  ts_market timestamptz NOT NULL,
  ts_bar_seen timestamptz,
  approved_seq bigint NOT NULL,
  trading_state_version integer,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  submitted_at timestamptz,
  posted_at timestamptz,
  unknown_since timestamptz,
  cancel_requested_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (filled_qty >= 0 AND filled_qty <= qty)
);
CREATE INDEX orders_open ON execution.orders (approved_seq) WHERE NOT is_closed;
CREATE INDEX ON execution.orders (symbol, created_at);

CREATE TABLE execution.order_events (
  order_id text NOT NULL REFERENCES execution.orders,
  version integer NOT NULL,
  kind text NOT NULL,
  status text NOT NULL,
  filled_qty numeric(24,9) NOT NULL,
  ts_event timestamptz NOT NULL,
  ts_seen timestamptz NOT NULL DEFAULT clock_timestamp(),
  source text NOT NULL,
  detail jsonb NOT NULL,
  PRIMARY KEY (order_id, version)
);

-- Fills. fill_id is the broker's execution id: it is here once, whatever is delivered twice.
CREATE TABLE execution.trades (
  fill_id text PRIMARY KEY,
  order_id text NOT NULL REFERENCES execution.orders,
  strategy_id text,
  symbol text NOT NULL,
  side text NOT NULL CHECK (side IN ('buy', 'sell')),
  qty numeric(24,9) NOT NULL CHECK (qty > 0),
  price numeric(24,9) NOT NULL CHECK (price > 0),
  fee numeric(24,9) NOT NULL DEFAULT 0 CHECK (fee >= 0),
  ts_event timestamptz NOT NULL,
  ts_seen timestamptz NOT NULL,
  source text NOT NULL,
  ledger_seq bigint NOT NULL UNIQUE
);
CREATE INDEX ON execution.trades (order_id);
CREATE INDEX ON execution.trades (symbol, ts_event);

CREATE TABLE execution.positions (
  symbol text PRIMARY KEY,
  version integer NOT NULL CHECK (version > 0),
  qty numeric(24,9) NOT NULL,
  avg_price numeric(24,9),
  realized_pnl numeric(24,9) NOT NULL,
  updated_at timestamptz NOT NULL
);

-- The share of each strategy in the account's positions ('' = manual).
CREATE TABLE execution.strategy_positions (
  strategy_id text NOT NULL,
  symbol text NOT NULL,
  qty numeric(24,9) NOT NULL,
  avg_price numeric(24,9),
  realized_pnl numeric(24,9) NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (strategy_id, symbol)
);

-- Cash by the ledger: opening cash (from the broker, once, with positions then flat or imported) plus every fill.
CREATE TABLE execution.account_ledger (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  account_number text NOT NULL,
  opening_cash numeric(24,9) NOT NULL,
  cash numeric(24,9) NOT NULL,
  fees_total numeric(24,9) NOT NULL DEFAULT 0,
  ledger_seq bigint NOT NULL DEFAULT 0,
  opened_at timestamptz NOT NULL
);

CREATE TABLE execution.account_snapshots (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  cash numeric(24,9) NOT NULL,
  equity numeric(24,9) NOT NULL,
  buying_power numeric(24,9) NOT NULL,
  last_equity numeric(24,9) NOT NULL,
  source text NOT NULL
);
CREATE INDEX ON execution.account_snapshots (at);

-- Where reading the broker's activities ended; the next reading begins there.
CREATE TABLE execution.broker_cursors (
  name text PRIMARY KEY,
  position text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE execution.reconciliations (
  run_id text PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  is_clean boolean NOT NULL,
  differences jsonb NOT NULL
);
