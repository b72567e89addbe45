ALTER TABLE tokens DROP CONSTRAINT tokens_reveal_exists;
DROP TABLE reveal_attempts, reveal_transactions;
DELETE FROM transitions WHERE entity = 'reveal';
DELETE FROM outbox WHERE kind IN ('plan_reveals', 'sign_reveals', 'send_reveals', 'confirm_reveals');
DELETE FROM dead_letters WHERE kind IN ('plan_reveals', 'sign_reveals', 'send_reveals', 'confirm_reveals');
DELETE FROM events WHERE entity = 'reveal';
