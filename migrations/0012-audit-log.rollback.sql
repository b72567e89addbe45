DELETE FROM role_permissions WHERE permission = 'admin:audit:read';
DELETE FROM outbox WHERE kind = 'prune_audit_log';
DELETE FROM dead_letters WHERE kind = 'prune_audit_log';
DELETE FROM schedules WHERE kind = 'prune_audit_log';
DROP FUNCTION prune_audit_log;
DROP TABLE audit_log;
