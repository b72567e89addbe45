DELETE FROM role_permissions WHERE permission LIKE 'workspace:configurations:%';
DELETE FROM events WHERE entity = 'configuration';
DROP FUNCTION configuration_answers(uuid);
DROP TYPE configuration_answer;
DROP TABLE configurations;
DROP FUNCTION keep_configurations();
DROP FUNCTION hold_configurations(uuid, text);
DELETE FROM transitions WHERE entity = 'configuration';
