DELETE FROM role_permissions WHERE permission IN ('workspace:tokens:read', 'workspace:tokens:write', 'workspace:reveals:write');
DROP TABLE collections, keepers, system_state;
DELETE FROM transitions WHERE entity = 'collection';
DELETE FROM outbox WHERE kind = 'watch_chain';
DELETE FROM dead_letters WHERE kind = 'watch_chain';
DELETE FROM events WHERE entity = 'collection';
