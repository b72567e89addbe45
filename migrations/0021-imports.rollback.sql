DELETE FROM outbox WHERE kind IN ('read_imports', 'add_imports', 'expire_imports');
DELETE FROM dead_letters WHERE kind IN ('read_imports', 'add_imports', 'expire_imports');
DELETE FROM schedules WHERE kind = 'expire_imports';
DELETE FROM role_permissions WHERE permission LIKE 'workspace:imports:%';
DROP FUNCTION tags_of_import_rows;
DROP TABLE import_rows;
DROP TABLE imports;
DELETE FROM transitions WHERE entity = 'import';
