-- Strategies that a person wrote, at work: a lane of their own for what they hear, and what is counted of each version.

-- A service may hear a producer in several lanes: inbox and inbox_offset call the others 'producer/lane'. An edge is as far as its slowest lane.
CREATE OR REPLACE VIEW public.pipeline_watermarks AS
SELECT c.consumer, c.producer, c.seq AS heard_seq, h.seq AS written_seq, h.sent_seq
FROM (
  SELECT consumer, split_part(producer, '/', 1) AS producer, min(seq) AS seq FROM (
    SELECT 'data_ingestion' AS consumer, producer, seq FROM data_ingestion.inbox_offset
    UNION ALL SELECT 'strategy_engine', producer, seq FROM strategy_engine.inbox_offset
    UNION ALL SELECT 'execution', producer, seq FROM execution.inbox_offset
    UNION ALL SELECT 'risk_management', producer, seq FROM risk_management.inbox_offset
    UNION ALL SELECT 'analytics', producer, seq FROM analytics.inbox_offset
    UNION ALL SELECT 'notification', producer, seq FROM notification.inbox_offset
  ) lanes GROUP BY 1, 2
) c
JOIN (
  SELECT 'data_ingestion' AS producer, seq, sent_seq FROM data_ingestion.outbox_head
  UNION ALL SELECT 'strategy_engine', seq, sent_seq FROM strategy_engine.outbox_head
  UNION ALL SELECT 'execution', seq, sent_seq FROM execution.outbox_head
  UNION ALL SELECT 'risk_management', seq, sent_seq FROM risk_management.outbox_head
  UNION ALL SELECT 'analytics', seq, sent_seq FROM analytics.outbox_head
  UNION ALL SELECT 'notification', seq, sent_seq FROM notification.outbox_head
) h USING (producer);

-- What the sandbox said of an authored version when it was deployed: scope, symbols, bars to warm up on. Null for a strategy of the house.
ALTER TABLE strategy_engine.strategy_versions ADD COLUMN facts jsonb;

-- What went wrong with an authored version at work. errors: in all; errors_in_a_row: since a batch of bars went well; slow_in_a_row: batches that took nearly all of the time there is, since one that did not.
CREATE TABLE strategy_engine.strategy_errors (
  strategy_version_id text PRIMARY KEY REFERENCES strategy_engine.strategy_versions,
  errors integer NOT NULL DEFAULT 0,
  errors_in_a_row integer NOT NULL DEFAULT 0,
  slow_in_a_row integer NOT NULL DEFAULT 0,
  last_error_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Until an authored strategy has been shown the stored bars that it needs, the lane passes it by.
ALTER TABLE strategy_engine.strategies ADD COLUMN is_warm boolean NOT NULL DEFAULT true;

-- A strategy that was paused by itself is told on every way.
INSERT INTO notification.alert_configs (alert_id, kind, channel, settings, is_enabled)
SELECT 'strategy:' || channel, 'strategy', channel, '{"leastSeverity": "warning"}'::jsonb, true FROM unnest(ARRAY['email', 'webhook', 'desktop']) AS channel
ON CONFLICT DO NOTHING;

-- The newest signals of one strategy.
CREATE INDEX ON strategy_engine.strategy_signals (strategy_id, raised_at);
