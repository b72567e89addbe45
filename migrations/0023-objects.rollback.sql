DELETE FROM schedules WHERE kind IN ('expire_objects', 'reconcile_objects');
DROP TABLE objects;
DROP FUNCTION charge_quota();
DROP FUNCTION object_key(uuid, uuid, text);
DELETE FROM transitions WHERE entity = 'object';
DROP TABLE quotas;
DELETE FROM outbox WHERE kind IN ('delete_objects', 'expire_objects', 'reconcile_objects');
DELETE FROM dead_letters WHERE kind IN ('delete_objects', 'expire_objects', 'reconcile_objects');
