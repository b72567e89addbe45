DELETE FROM schedules WHERE kind = 'queue_feeds';
DELETE FROM import_rows WHERE entity = 'feed';
ALTER TABLE import_rows
  DROP CONSTRAINT import_rows_entity_is_known,
  ADD CONSTRAINT import_rows_entity_is_known CHECK (entity IN ('item', 'task'));
DELETE FROM outbox WHERE kind IN ('queue_feeds', 'check_feeds');
DELETE FROM dead_letters WHERE kind IN ('queue_feeds', 'check_feeds');
DELETE FROM role_permissions WHERE permission IN ('workspace:feeds:read', 'workspace:feeds:write');
DELETE FROM noted_events WHERE event = 'feed.removed';
DROP FUNCTION feed_answers(uuid);
DROP TYPE feed_answer;
DROP TABLE feed_entries;
DROP TABLE feeds;
DELETE FROM transitions WHERE entity = 'feed';
