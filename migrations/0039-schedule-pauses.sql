-- Operators see when a schedule last fired, and can pause it.

-- A schedule with a `paused_at` does not fire.
ALTER TABLE schedules
  ADD COLUMN last_run_at timestamptz,
  ADD COLUMN paused_at timestamptz;
