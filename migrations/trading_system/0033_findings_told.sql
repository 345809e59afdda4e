-- What the guardian finds (a position without its stop, an order nobody knows) reaches people. Writer: notification.
INSERT INTO notification.alert_configs (alert_id, kind, channel, settings, is_enabled)
SELECT 'finding:' || channel, 'finding', channel, jsonb_build_object('leastSeverity', least), true
FROM (VALUES ('email', 'critical'), ('webhook', 'warning'), ('desktop', 'warning')) AS seed (channel, least)
ON CONFLICT DO NOTHING;
