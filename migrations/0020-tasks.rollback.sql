DELETE FROM tasks;
CALL unite_views('searchable', leaving => 'searchable_tasks');
DROP VIEW counted_tags, searchable_tasks;
DROP FUNCTION task_answers;
DROP TYPE task_answer;
DROP TABLE task_tags, tasks;
DELETE FROM transitions WHERE entity = 'task';
DELETE FROM role_permissions WHERE permission LIKE 'workspace:tasks:%';
