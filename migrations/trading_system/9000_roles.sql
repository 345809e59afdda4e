-- One least-privilege role per service: reads the whole book, writes its own schema only. Passwords are set by the supervisor.
DO $$
DECLARE role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['data_ingestion', 'strategy_engine', 'execution', 'risk_management', 'analytics', 'notification', 'gateway', 'orchestrator', 'simulator'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
      EXECUTE format('CREATE ROLE %I LOGIN', role_name);
    END IF;
  END LOOP;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'book_reader') THEN
    CREATE ROLE book_reader NOLOGIN;
  END IF;
END $$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
DO $$
DECLARE schema_name text;
BEGIN
  FOREACH schema_name IN ARRAY ARRAY['data_ingestion', 'strategy_engine', 'execution', 'risk_management', 'analytics', 'notification', 'logging', 'public'] LOOP
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO book_reader', schema_name);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO book_reader', schema_name);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO book_reader', schema_name);
  END LOOP;
  FOREACH schema_name IN ARRAY ARRAY['data_ingestion', 'strategy_engine', 'execution', 'risk_management', 'analytics', 'notification'] LOOP
    EXECUTE format('GRANT book_reader TO %I', schema_name);
    EXECUTE format('GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %I', schema_name, schema_name);
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO %I', schema_name, schema_name);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT INSERT, UPDATE, DELETE ON TABLES TO %I', schema_name, schema_name);
    EXECUTE format('GRANT INSERT ON logging.audit_log TO %I', schema_name);
  END LOOP;
END $$;
GRANT book_reader TO gateway;
GRANT book_reader TO orchestrator;
REVOKE ALL ON FUNCTION data_ingestion.ensure_month(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION data_ingestion.ensure_month(date) TO data_ingestion;
REVOKE ALL ON FUNCTION data_ingestion.drop_bars(date, text, bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION data_ingestion.drop_bars(date, text, bigint, bigint) TO data_ingestion;
GRANT INSERT, UPDATE, DELETE ON logging.system_logs, logging.trading_logs, logging.performance_logs, logging.daily_summaries TO notification;
GRANT USAGE ON SEQUENCE logging.line_seq TO notification;
REVOKE ALL ON FUNCTION logging.ensure_month(date), logging.drop_months_before(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION logging.ensure_month(date), logging.drop_months_before(timestamptz) TO notification;

-- What was written stays written: orders' events, fills, decisions and the audit trail are never changed or removed.
REVOKE UPDATE, DELETE ON execution.order_events, execution.trades, execution.opening_positions, execution.ledger_entries FROM execution;
REVOKE UPDATE, DELETE ON risk_management.risk_decisions, risk_management.trading_state, risk_management.risk_limits FROM risk_management;
REVOKE DELETE ON execution.orders FROM execution;

-- The simulator is a broker: of the book it sees only the watermarks by which a replay waits for the pipeline.
GRANT USAGE ON SCHEMA data_ingestion, execution TO simulator;
GRANT SELECT ON public.pipeline_watermarks, data_ingestion.ingestion_status, execution.orders TO simulator;
