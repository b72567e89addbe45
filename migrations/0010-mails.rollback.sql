DELETE FROM outbox WHERE kind = 'send_mails';
DELETE FROM dead_letters WHERE kind = 'send_mails';
DROP TABLE mails;
DELETE FROM transitions WHERE entity = 'mail';
