-- Alerts that went out. Writer: notification.
CREATE TABLE notification.alert_configs (
  alert_id text PRIMARY KEY,
  kind text NOT NULL,
  channel text NOT NULL,
  settings jsonb NOT NULL,
  is_enabled boolean NOT NULL DEFAULT true,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE notification.notification_logs (
  notification_id text PRIMARY KEY,
  kind text NOT NULL,
  severity text NOT NULL,
  title text NOT NULL,
  body text NOT NULL,
  channel text NOT NULL,
  status text NOT NULL,
  context jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  delivered_at timestamptz
);
CREATE INDEX ON notification.notification_logs (created_at);

-- Health of every part as monitor_system_health saw it.
CREATE TABLE notification.health_checks (
  run_id text NOT NULL,
  part text NOT NULL,
  is_healthy boolean NOT NULL,
  latency_ms double precision,
  detail jsonb NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (run_id, part)
);

-- Logs brought together. Writer: notification, but for audit_log, to which every service appends and which nobody changes.
CREATE TABLE logging.system_logs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, unit text NOT NULL, level text NOT NULL, message text NOT NULL, context jsonb NOT NULL
);
CREATE TABLE logging.trading_logs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, unit text NOT NULL, level text NOT NULL, message text NOT NULL, context jsonb NOT NULL
);
CREATE TABLE logging.performance_logs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, unit text NOT NULL, name text NOT NULL, value double precision NOT NULL, context jsonb NOT NULL
);
CREATE TABLE logging.audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  service text NOT NULL DEFAULT current_user,
  actor text NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  before jsonb,
  after jsonb
);
CREATE INDEX ON logging.audit_log (at);
