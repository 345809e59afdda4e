-- What people did to flows, and the runs that came of it: who paused, changed, started, cancelled or repeated what. Newest first by seq.
CREATE TABLE flows.changes (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  flow text NOT NULL,
  at timestamptz NOT NULL,
  actor text NOT NULL,
  what text NOT NULL CHECK (what IN ('paused', 'resumed', 'settings_saved', 'settings_reset', 'run_started', 'run_cancelled', 'run_retried')),
  detail text,
  run_id text,
  -- The key under which a retry was asked for: asked again, it is the same retry.
  idempotency_key text
);
CREATE INDEX changes_flow ON flows.changes (flow, seq DESC);
CREATE UNIQUE INDEX changes_key ON flows.changes (idempotency_key) WHERE idempotency_key IS NOT NULL;

-- Lists of runs show skipped ticks among the runs, newest first over all flows.
CREATE INDEX skipped_ticks_scheduled_for ON flows.skipped_ticks (scheduled_for DESC, flow DESC);
-- The live log of a run asks for what came after a line.
CREATE INDEX run_logs_seq ON flows.run_logs (run_id, seq);
-- A run waits for a retry: asked for every active run of a list.
CREATE INDEX step_notes_waiting ON flows.step_notes (run_id) WHERE next_attempt_at IS NOT NULL;
-- The run that a step started and waits for.
ALTER TABLE flows.step_notes ADD COLUMN child_run_id text;
