-- What the account held before the ledger began. Writer: execution, once, in the transaction that opens account_ledger.
-- A position = its opening quantity + the signed sum of its fills; its average cost starts at the broker's average entry price.
CREATE TABLE execution.opening_positions (
  symbol text PRIMARY KEY,
  qty numeric(24,9) NOT NULL CHECK (qty <> 0),
  avg_price numeric(24,9) NOT NULL CHECK (avg_price >= 0),
  opened_at timestamptz NOT NULL
);
