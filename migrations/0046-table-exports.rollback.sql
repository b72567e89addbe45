DELETE FROM documents WHERE produced_by_job_id IS NOT NULL;
DROP TRIGGER cell_corrections_are_exported ON cell_corrections;
DROP FUNCTION renew_export();
DROP TRIGGER jobs_that_succeed_are_exported ON jobs;
DROP FUNCTION begin_export();
DROP TABLE exported_files, table_exports;
DROP INDEX documents_by_producing_job;
ALTER TABLE documents
  DROP CONSTRAINT documents_producing_job_exists;
DELETE FROM transitions WHERE entity = 'table_export' OR event = 'document.produced';
DELETE FROM outbox WHERE kind = 'export_tables';
DELETE FROM dead_letters WHERE kind = 'export_tables';
DELETE FROM events WHERE entity = 'table_export' OR event = 'document.produced';
