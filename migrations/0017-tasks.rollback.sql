DELETE FROM role_permissions WHERE permission LIKE 'workspace:tasks:%';
DROP VIEW counted_tags, tagged_tasks;
DROP TABLE task_tags, tasks;
DELETE FROM transitions WHERE entity = 'task';
