DELETE FROM outbox WHERE kind = 'purge_items';
DELETE FROM dead_letters WHERE kind = 'purge_items';
DELETE FROM schedules WHERE kind = 'purge_items';
DROP INDEX items_library, items_trash, items_by_time_of_discard;
ALTER TABLE tags DROP COLUMN color;
