-- The books beyond fills: cash and shares that move without an order of ours, lots, and what the guardian finds. Writer: execution.

-- Everything that changed cash or shares and is no fill. Positions = opening + fills + qty_change; cash = opening + fills + cash_change. Numbered together with the fills.
-- split: every share of the symbol is scaled so that the account's position changes by qty_change. shares, adjustment: qty_change came at `price` a share (null = without cost) or went at its average.
-- allocation: share_qty (signed) goes from strategy_id to to_strategy_id at `price`; the account itself does not change. '' = the manual share.
CREATE TABLE execution.ledger_entries (
  entry_id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('fee', 'dividend', 'interest', 'transfer', 'journal', 'split', 'shares', 'adjustment', 'allocation', 'other')),
  activity_type text,
  symbol text,
  strategy_id text NOT NULL DEFAULT '',
  to_strategy_id text,
  cash_change numeric(24,9) NOT NULL DEFAULT 0,
  qty_change numeric(24,9) NOT NULL DEFAULT 0,
  share_qty numeric(24,9) NOT NULL DEFAULT 0,
  price numeric(24,9) CHECK (price > 0),
  -- The exchange day that it is for: a fee of this day takes the place of the estimates at that day's fills.
  for_day date,
  description text NOT NULL,
  actor text,
  source text NOT NULL,
  ts_event timestamptz NOT NULL,
  ts_seen timestamptz NOT NULL,
  ledger_seq bigint NOT NULL UNIQUE,
  CHECK (qty_change = 0 OR symbol IS NOT NULL),
  CHECK ((kind = 'allocation') = (share_qty <> 0 AND to_strategy_id IS NOT NULL AND price IS NOT NULL AND symbol IS NOT NULL))
);
CREATE INDEX ON execution.ledger_entries (ts_event);
CREATE INDEX ON execution.ledger_entries (symbol, ts_event);

-- What the regulators will take of a fill by the tables of its day, dollars. The ledger charges what the broker's FEE activity says, never this.
ALTER TABLE execution.trades ADD COLUMN fee_estimate numeric(24,9) NOT NULL DEFAULT 0 CHECK (fee_estimate >= 0);

-- The account's shares by when they came, first in first out. qty is what is left, signed as the position; price is what a share cost, after splits.
CREATE TABLE execution.lots (
  lot_id text PRIMARY KEY,
  symbol text NOT NULL REFERENCES execution.positions,
  opened_seq bigint NOT NULL,
  opened_at timestamptz NOT NULL,
  qty_opened numeric(24,9) NOT NULL,
  qty numeric(24,9) NOT NULL,
  price numeric(24,9) NOT NULL CHECK (price >= 0)
);
CREATE INDEX lots_open ON execution.lots (symbol, opened_seq) WHERE qty <> 0;
-- What closed a lot, or a part of it: qty > 0 shares; realized_pnl in dollars before fees.
CREATE TABLE execution.lot_closures (
  lot_id text NOT NULL REFERENCES execution.lots,
  closed_seq bigint NOT NULL,
  qty numeric(24,9) NOT NULL CHECK (qty > 0),
  open_price numeric(24,9) NOT NULL,
  close_price numeric(24,9) NOT NULL,
  realized_pnl numeric(24,9) NOT NULL,
  opened_at timestamptz NOT NULL,
  closed_at timestamptz NOT NULL,
  PRIMARY KEY (lot_id, closed_seq)
);

-- What is wrong with orders and positions, as the guardian or a comparison found it. remedy: what applying it does, in a sentence; action: the same for the machine.
CREATE TABLE execution.findings (
  finding_id text PRIMARY KEY,
  reporter text NOT NULL,
  kind text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
  subject text NOT NULL,
  message text NOT NULL,
  remedy text,
  action jsonb,
  state text NOT NULL CHECK (state IN ('open', 'resolved', 'dismissed')),
  version integer NOT NULL CHECK (version > 0),
  first_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  closed_by text,
  reason text,
  CHECK ((remedy IS NULL) = (action IS NULL))
);
CREATE INDEX findings_standing ON execution.findings (reporter) WHERE state <> 'resolved';

-- How much a comparison looked at: {orders, fills, positions, tookMs}.
ALTER TABLE execution.reconciliations ADD COLUMN compared jsonb;
