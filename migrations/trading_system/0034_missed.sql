-- The first bar on which an authored version was to speak and could not, since it last saw every bar: what it is shown again from there it speaks on while it is fresh. Null: it has missed none.
ALTER TABLE strategy_engine.strategy_errors ADD COLUMN missed_from timestamptz;

-- What one strategy traded since an instant, asked at each batch of bars for its loss of the day; and what became of its signals, asked by its page.
CREATE INDEX ON execution.trades (strategy_id, ts_event);
CREATE INDEX ON risk_management.risk_decisions (strategy_id, outcome);
