DELETE FROM schedules WHERE kind = 'prune_events';
DROP FUNCTION prune_events;
DROP TABLE events;
