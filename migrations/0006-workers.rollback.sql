DELETE FROM outbox WHERE kind = 'prune_workers';
DELETE FROM dead_letters WHERE kind = 'prune_workers';
DELETE FROM schedules WHERE kind = 'prune_workers';
DROP TABLE work_counts;
DROP TABLE paused_kinds;
DROP TRIGGER outbox_wakes_workers ON outbox;
DROP FUNCTION wake_workers;
DROP TABLE workers;
