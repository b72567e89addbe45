DELETE FROM role_permissions WHERE permission LIKE 'workspace:jobs:%';
DELETE FROM outbox WHERE kind = 'run_jobs';
DELETE FROM dead_letters WHERE kind = 'run_jobs';
DELETE FROM events WHERE entity = 'job';
DROP TABLE extracted_rows, extracted_tables, jobs;
DELETE FROM transitions WHERE entity = 'job';
