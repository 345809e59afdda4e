-- The orchestrator keeps the flows and creates the engine's schema; services run flows through the engine's tables and see nothing of ours.
DO $$
DECLARE role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['data_ingestion', 'strategy_engine', 'execution', 'risk_management', 'analytics', 'notification', 'orchestrator'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
      EXECUTE format('CREATE ROLE %I LOGIN', role_name);
    END IF;
  END LOOP;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'flow_runner') THEN
    CREATE ROLE flow_runner NOLOGIN;
  END IF;
  EXECUTE format('GRANT CREATE ON DATABASE %I TO orchestrator', current_database());
END $$;
GRANT flow_runner TO data_ingestion, strategy_engine, execution, risk_management, analytics, notification;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA flows TO orchestrator;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA flows TO orchestrator;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA flows TO orchestrator;
ALTER DEFAULT PRIVILEGES IN SCHEMA flows GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO orchestrator;
