-- Schedules that people change, and clocks that change under them.
-- settings: what a person set in place of the flow's own defaults (app/contracts/flows.ts, flowSettingsSchema); null = the defaults hold.
-- changed_at: when that was; a changed schedule begins there. decided_schedule: the schedule that decided_until speaks of, as text, to see that it changed.
ALTER TABLE flows.schedules
  ADD COLUMN settings jsonb,
  ADD COLUMN changed_at timestamptz,
  ADD COLUMN decided_schedule text;

-- The wall clock moved by so much more (or, negative, less) than time went by: sleep, or a clock that was set. The newest 200 are kept.
CREATE TABLE flows.clock_changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  noticed_at timestamptz NOT NULL,
  moved_ms bigint NOT NULL,
  note text NOT NULL
);
