-- What reaches a person outside of the book: one row per notification, channel and recipient. Writer: notification.
-- status: queued -> sending (claimed, the dialogue runs) -> handing_over (committed before the last byte leaves; from here on the server may have it)
--   -> sent | failed | unknown (handed over without an answer: never sent again by itself) ; held = over the hourly limit, told in the digest digest_id.
CREATE TABLE notification.deliveries (
  delivery_id text PRIMARY KEY,
  notification_id text NOT NULL,
  kind text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
  title text NOT NULL,
  channel text NOT NULL CHECK (channel IN ('email', 'webhook', 'desktop')),
  recipient text NOT NULL,
  status text NOT NULL CHECK (status IN ('queued', 'sending', 'handing_over', 'sent', 'failed', 'unknown', 'held')),
  attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  message_id text,
  holder text,
  error text,
  response text,
  digest_id text,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  handed_over_at timestamptz,
  sent_at timestamptz,
  UNIQUE (notification_id, channel, recipient)
);
CREATE INDEX deliveries_due ON notification.deliveries (channel, next_attempt_at) WHERE status = 'queued';
CREATE INDEX deliveries_held ON notification.deliveries (recipient) WHERE status = 'held' AND digest_id IS NULL;
CREATE INDEX deliveries_rate ON notification.deliveries (channel, recipient, handed_over_at) WHERE handed_over_at IS NOT NULL;
CREATE INDEX ON notification.deliveries (created_at);

-- Which kind reaches people how: settings.leastSeverity is info, warning or critical.
INSERT INTO notification.alert_configs (alert_id, kind, channel, settings, is_enabled)
SELECT kind || ':' || channel, kind, channel, jsonb_build_object('leastSeverity', least), is_enabled
FROM (VALUES
  ('order_rejected', 'email', 'warning', true), ('order_rejected', 'webhook', 'warning', true), ('order_rejected', 'desktop', 'warning', true),
  ('order_denied', 'email', 'warning', false), ('order_denied', 'webhook', 'warning', true), ('order_denied', 'desktop', 'warning', true),
  ('risk_event', 'email', 'critical', true), ('risk_event', 'webhook', 'warning', true), ('risk_event', 'desktop', 'warning', true),
  ('trading_state', 'email', 'critical', true), ('trading_state', 'webhook', 'info', true), ('trading_state', 'desktop', 'info', true),
  ('health', 'email', 'warning', true), ('health', 'webhook', 'info', true), ('health', 'desktop', 'info', true),
  ('alert', 'email', 'warning', true), ('alert', 'webhook', 'info', true), ('alert', 'desktop', 'info', true),
  ('trade_alert', 'email', 'info', true), ('trade_alert', 'webhook', 'info', true), ('trade_alert', 'desktop', 'info', true),
  ('daily_summary', 'email', 'info', true), ('daily_summary', 'webhook', 'info', true), ('daily_summary', 'desktop', 'info', true),
  ('test', 'email', 'info', true), ('test', 'webhook', 'info', true), ('test', 'desktop', 'info', true)
) AS seed (kind, channel, least, is_enabled)
ON CONFLICT DO NOTHING;

-- Fills are told together: each belongs to one batch, and a batch is told once, by the run that closed it. One batch at most is open and takes fills.
CREATE TABLE notification.alert_batches (
  batch bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  closed_at timestamptz,
  run_id text UNIQUE,
  CHECK ((closed_at IS NULL) = (run_id IS NULL))
);
CREATE UNIQUE INDEX alert_batches_open ON notification.alert_batches ((true)) WHERE closed_at IS NULL;
ALTER TABLE notification.notification_logs ADD COLUMN alert_batch bigint REFERENCES notification.alert_batches;
CREATE INDEX notification_logs_batch ON notification.notification_logs (alert_batch) WHERE alert_batch IS NOT NULL;
