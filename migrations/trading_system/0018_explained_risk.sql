-- Risk, explained: what the breakers remember, wishes to reverse a position, and the exits that a signal asked for.

-- The highest equity since the measure of the drawdown began; null = the next look begins it. A person who resumes trading after the drawdown stopped it
-- begins a new measure. transfers: all cash that had come from or gone outside by then, so that a withdrawal is no loss.
CREATE TABLE risk_management.peak_equity (
  account_number text PRIMARY KEY,
  measure integer NOT NULL CHECK (measure > 0),
  equity numeric(24,9),
  transfers numeric(24,9) NOT NULL DEFAULT 0,
  ts_market timestamptz NOT NULL,
  tripped_at timestamptz
);

-- A person wants the other side of a position: it is opened when the position is flat, for a while and never while trading is halted.
CREATE TABLE risk_management.reversals (
  decision_id text PRIMARY KEY,
  idempotency_key text NOT NULL UNIQUE,
  actor text NOT NULL,
  symbol text NOT NULL,
  side text NOT NULL CHECK (side IN ('buy', 'sell')),
  qty numeric(24,9) NOT NULL CHECK (qty > 0),
  state text NOT NULL CHECK (state IN ('waiting', 'done', 'canceled')),
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  closed_at timestamptz
);
CREATE INDEX reversals_waiting ON risk_management.reversals (requested_at) WHERE state = 'waiting';

-- Entries of a day are counted before each decision.
CREATE INDEX risk_decisions_entries ON risk_management.risk_decisions (ts_market) WHERE outcome = 'approved' AND NOT is_reducing;

-- {stopPrice, takeProfitPrice}: the exits that the strategy wants at the broker from its entry on.
ALTER TABLE strategy_engine.strategy_signals ADD COLUMN protection jsonb;
