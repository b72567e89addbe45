DROP FUNCTION make_import_folders(uuid, uuid, uuid, integer);
DROP TABLE import_folders;
ALTER TABLE imports DROP COLUMN folders_become;
