-- Looking up what was decided of a symbol at a time of the market: "why did it (not) trade here".
CREATE INDEX risk_decisions_by_symbol ON risk_management.risk_decisions (symbol, ts_market);
CREATE INDEX orders_by_market ON execution.orders (symbol, ts_market);
