DELETE FROM tasks;
CALL unite_views('searchable', leaving => 'searchable_tasks');
CALL unite_views('tag_uses', leaving => 'tag_uses_tasks');
DROP VIEW searchable_tasks, tag_uses_tasks;
DROP FUNCTION task_answers;
DROP TYPE task_answer;
DROP TABLE task_tags, tasks;
DELETE FROM transitions WHERE entity = 'task';
DELETE FROM role_permissions WHERE permission LIKE 'workspace:tasks:%';
