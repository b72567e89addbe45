DELETE FROM role_permissions WHERE permission LIKE 'workspace:tasks:%';
DROP TABLE task_tags, tasks;
DELETE FROM transitions WHERE entity = 'task';
ALTER TABLE items DROP CONSTRAINT items_workspace_and_id_are_unique;
DROP FUNCTION make_tags;
