-- The quant core: targets with a weight and short ones, orders of a strategy's own, how a back-test can be repeated, and searches.

-- weight: signed part of the equity; null = the deployment's sizing says how much. own_order: an order of the strategy's own making, with the number that the strategy knows it by;
-- cancels: the number of the one that it wants ended.
ALTER TABLE strategy_engine.strategy_signals DROP CONSTRAINT strategy_signals_target_check, ADD CONSTRAINT strategy_signals_target_check CHECK (target IN ('long', 'short', 'flat')),
  ADD COLUMN weight numeric(24,9), ADD COLUMN own_order jsonb, ADD COLUMN cancels bigint;

-- owed: signed shares that the target means, of which only the first step was taken (an exit before the entry on the other side); null = no step is owed. A flat target owes 0 shares.
ALTER TABLE risk_management.strategy_targets DROP CONSTRAINT strategy_targets_target_check, ADD CONSTRAINT strategy_targets_target_check CHECK (target IN ('long', 'short', 'flat')),
  ADD COLUMN owed numeric(24,9);

-- manifest: hashes of everything that the outcome depends on; a run of the same manifest gives the same orders.
ALTER TABLE strategy_engine.backtests ADD COLUMN manifest jsonb;

-- Searches for parameters: surface, walk-forward and verdict. What was tried so far lies in a journal beside the databases, so that a search that was interrupted goes on where it stood.
CREATE TABLE strategy_engine.searches (
  search_id text PRIMARY KEY,
  backtest_id text NOT NULL,
  request jsonb NOT NULL,
  result jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON strategy_engine.searches (created_at);
