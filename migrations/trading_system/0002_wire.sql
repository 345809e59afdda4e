-- The wire's book side, the same four tables in each service's schema.
-- outbox: what the service said, numbered without gaps in commit order (outbox_head's row lock makes it so).
-- outbox_head: seq = last number written, sent_seq = last number handed to Redis.
-- inbox: what the service heard, once per (producer, seq). inbox_offset: how far it has heard each producer.
DO $$
DECLARE service text;
BEGIN
  FOREACH service IN ARRAY ARRAY['data_ingestion', 'strategy_engine', 'execution', 'risk_management', 'analytics', 'notification'] LOOP
    EXECUTE format($ddl$
      CREATE TABLE %1$I.outbox (
        seq bigint PRIMARY KEY CHECK (seq > 0),
        topic text NOT NULL,
        key text NOT NULL,
        correlation_id text NOT NULL,
        payload jsonb NOT NULL,
        written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        UNIQUE (topic, key)
      );
      CREATE TABLE %1$I.outbox_head (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        seq bigint NOT NULL DEFAULT 0,
        sent_seq bigint NOT NULL DEFAULT 0,
        CHECK (sent_seq <= seq)
      );
      INSERT INTO %1$I.outbox_head DEFAULT VALUES;
      CREATE TABLE %1$I.inbox (
        producer text NOT NULL,
        seq bigint NOT NULL,
        topic text NOT NULL,
        key text NOT NULL,
        handled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (producer, seq)
      );
      CREATE TABLE %1$I.inbox_offset (
        producer text PRIMARY KEY,
        seq bigint NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
      );
    $ddl$, service);
  END LOOP;
END $$;

-- How far every consumer is behind every producer: the watermarks of the pipeline in one look.
CREATE VIEW public.pipeline_watermarks AS
SELECT c.consumer, c.producer, c.seq AS heard_seq, h.seq AS written_seq, h.sent_seq
FROM (
  SELECT 'data_ingestion' AS consumer, producer, seq FROM data_ingestion.inbox_offset
  UNION ALL SELECT 'strategy_engine', producer, seq FROM strategy_engine.inbox_offset
  UNION ALL SELECT 'execution', producer, seq FROM execution.inbox_offset
  UNION ALL SELECT 'risk_management', producer, seq FROM risk_management.inbox_offset
  UNION ALL SELECT 'analytics', producer, seq FROM analytics.inbox_offset
  UNION ALL SELECT 'notification', producer, seq FROM notification.inbox_offset
) c
JOIN (
  SELECT 'data_ingestion' AS producer, seq, sent_seq FROM data_ingestion.outbox_head
  UNION ALL SELECT 'strategy_engine', seq, sent_seq FROM strategy_engine.outbox_head
  UNION ALL SELECT 'execution', seq, sent_seq FROM execution.outbox_head
  UNION ALL SELECT 'risk_management', seq, sent_seq FROM risk_management.outbox_head
  UNION ALL SELECT 'analytics', seq, sent_seq FROM analytics.outbox_head
  UNION ALL SELECT 'notification', seq, sent_seq FROM notification.outbox_head
) h USING (producer);
