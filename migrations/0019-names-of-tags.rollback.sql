DROP FUNCTION tags_of_import_rows(uuid, uuid[]);
DROP VIEW counted_tags;
DROP VIEW tagged_tasks;
DROP VIEW tagged_items;
