DELETE FROM items;
CALL unite_views('searchable', leaving => 'searchable_items');
DROP VIEW searchable_items, tagged_items;
DROP TABLE suggestions, item_tags, items;
DELETE FROM transitions WHERE entity = 'item';
DELETE FROM role_permissions WHERE permission LIKE 'workspace:items:%';
DELETE FROM schedules WHERE kind = 'purge_items';
DELETE FROM outbox WHERE kind IN ('enrich_items', 'purge_items');
DELETE FROM dead_letters WHERE kind IN ('enrich_items', 'purge_items');
