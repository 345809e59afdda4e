-- The running state of each stored indicator, so that new bars continue it to the last bit. Writer: strategy_engine.
CREATE TABLE strategy_engine.indicator_state (
  symbol text NOT NULL,
  timeframe text NOT NULL,
  name text NOT NULL,
  last_open_time timestamptz NOT NULL,
  state jsonb NOT NULL,
  PRIMARY KEY (symbol, timeframe, name)
);
ALTER TABLE strategy_engine.backtests ADD COLUMN finished_at timestamptz;
CREATE INDEX ON strategy_engine.backtests (created_at);
