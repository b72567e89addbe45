DROP TABLE received_mails;
DROP FUNCTION doom_received_mail();
DROP TABLE inboxes;
DELETE FROM transitions WHERE entity = 'received_mail';
DELETE FROM role_permissions WHERE permission = 'workspace:inboxes:manage';
DELETE FROM schedules WHERE kind = 'expire_received_mails';
DELETE FROM outbox WHERE kind IN ('file_mails', 'expire_received_mails');
DELETE FROM dead_letters WHERE kind IN ('file_mails', 'expire_received_mails');
