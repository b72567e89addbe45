DELETE FROM outbox WHERE kind IN ('enrich_items', 'purge_items');
DELETE FROM dead_letters WHERE kind IN ('enrich_items', 'purge_items');
DELETE FROM schedules WHERE kind = 'purge_items';
DELETE FROM role_permissions WHERE permission LIKE 'workspace:items:%';
DROP VIEW tagged_items;
DROP TABLE suggestions, item_tags, items;
DELETE FROM transitions WHERE entity = 'item';
