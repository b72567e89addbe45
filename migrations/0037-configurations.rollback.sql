DELETE FROM role_permissions WHERE permission LIKE 'workspace:configurations:%';
DELETE FROM events WHERE entity = 'configuration';
DROP TABLE configurations;
DELETE FROM transitions WHERE entity = 'configuration';
