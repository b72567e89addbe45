ALTER TABLE schedules
  DROP COLUMN last_run_at,
  DROP COLUMN paused_at;
