-- What the flow engine's own tables (schema dbos, created by the orchestrator) do not know: deployments, schedules, and what runs say of themselves.
-- Status, steps, inputs, outputs and errors of runs are the engine's and are never copied.
CREATE SCHEMA flows;

-- definition: the flow as its service announced it (app/contracts/flows.ts, deploymentSchema).
CREATE TABLE flows.deployments (
  name text PRIMARY KEY,
  owner text NOT NULL,
  definition jsonb NOT NULL,
  announced_at timestamptz NOT NULL
);

-- decided_until: every tick up to here has been fired, skipped or passed over; the scheduler's only memory.
CREATE TABLE flows.schedules (
  flow text PRIMARY KEY REFERENCES flows.deployments (name) ON DELETE CASCADE,
  is_paused boolean NOT NULL DEFAULT false,
  paused_at timestamptz,
  decided_until timestamptz NOT NULL,
  CHECK (is_paused = (paused_at IS NOT NULL))
);

-- Ticks that passed while the system was off and got no run of their own; missed_count ticks stand behind one row.
CREATE TABLE flows.skipped_ticks (
  flow text NOT NULL,
  scheduled_for timestamptz NOT NULL,
  missed_count integer NOT NULL CHECK (missed_count > 0),
  reason text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (flow, scheduled_for)
);

CREATE TABLE flows.run_notes (
  run_id text PRIMARY KEY,
  done double precision,
  total double precision,
  cancel_requested_at timestamptz,
  updated_at timestamptz NOT NULL
);

-- The newest attempt of each step: shows the step that runs now, and how often a finished one was tried.
CREATE TABLE flows.step_notes (
  run_id text NOT NULL,
  step_index integer NOT NULL CHECK (step_index >= 0),
  name text NOT NULL,
  attempt integer NOT NULL CHECK (attempt > 0),
  started_at timestamptz,
  error text,
  next_attempt_at timestamptz,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (run_id, step_index)
);

-- line_id is given by the sender, so that a report that is sent twice is written once.
CREATE TABLE flows.run_logs (
  run_id text NOT NULL,
  line_id text NOT NULL,
  at timestamptz NOT NULL,
  level text NOT NULL CHECK (level IN ('debug', 'info', 'warn', 'error')),
  message text NOT NULL,
  fields jsonb,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  PRIMARY KEY (run_id, line_id)
);
