-- What pages show of a back-test without reading its result: a few kilobytes beside megabytes, so that a list of a thousand takes milliseconds.
-- view: backtestViewSchema less what only the orchestrator knows; asked: the request as it was asked; monte_carlo: bands of what could have been; benchmark: [[epoch ms, dollars], ...];
-- ran_at: when the curve was there. result: of a run in the state `ran` it lacks figures, tear sheet and verdict.
ALTER TABLE strategy_engine.backtests ADD COLUMN view jsonb, ADD COLUMN asked jsonb, ADD COLUMN monte_carlo jsonb, ADD COLUMN benchmark jsonb, ADD COLUMN ran_at timestamptz;

-- Results from before have their view made of what they hold.
UPDATE strategy_engine.backtests b SET view = jsonb_build_object(
  'hash', NULL, 'strategyId', result #> '{strategy,strategyId}', 'versionId', result #> '{strategy,versionId}', 'kind', result #> '{strategy,kind}', 'parameters', result #> '{strategy,parameters}',
  'symbols', result -> 'symbols', 'screenId', NULL, 'timeframe', result -> 'timeframe', 'from', result -> 'from', 'to', result -> 'to',
  'startEquity', (result ->> 'startEquity')::float8, 'endEquity', (result ->> 'endEquity')::float8, 'totalReturn', result #> '{figures,total_return}', 'benchmark', request -> 'benchmark', 'benchmarkReturn', result #> '{figures,benchmark_return}',
  'sharpe', result #> '{figures,sharpe}', 'maxDrawdown', result -> 'maxDrawdown', 'trips', jsonb_array_length(result -> 'roundTrips'), 'belief', result #> '{verdict,belief}', 'headline', result #> '{verdict,headline}',
  'hasSearch', jsonb_typeof(result -> 'searchId') = 'string', 'trials', NULL, 'manifestHash', result #> '{manifest,hash}', 'barsSeen', result -> 'barsSeen')
WHERE result IS NOT NULL;

-- The search of a back-test is asked for by its run.
CREATE INDEX ON strategy_engine.searches (backtest_id);
