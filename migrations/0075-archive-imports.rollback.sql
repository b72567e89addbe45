DELETE FROM transitions
 WHERE from_status IS NULL
   AND (
         (entity = 'item' AND to_status IN ('ready_to_confirm', 'failed', 'discarded'))
         OR (entity = 'document' AND to_status IN ('failed', 'discarded'))
         OR (entity = 'configuration' AND to_status IN ('active', 'retired'))
         OR (entity = 'job' AND to_status IN ('succeeded', 'failed', 'cancelled'))
         OR (entity = 'table_export' AND to_status IN ('ready', 'failed'))
         OR (entity = 'feed' AND to_status IN ('failing', 'stopped'))
         OR (entity = 'task' AND to_status = 'completed')
       );

DROP FUNCTION archived_file(document_versions, text);
DROP FUNCTION archived_text(documents);
DROP FUNCTION archived_audience(uuid, uuid, boolean);
DROP TABLE archived_ids;
DELETE FROM imports WHERE status = 'restoring' OR object_id IS NOT NULL;
DELETE FROM transitions WHERE entity = 'import' AND 'restoring' IN (from_status, to_status);
DELETE FROM outbox WHERE kind = 'read_archives';
DELETE FROM dead_letters WHERE kind = 'read_archives';
DROP TRIGGER imports_take_their_object_along ON imports;
DROP TRIGGER imports_that_end_lose_their_object ON imports;
DROP FUNCTION doom_import_object();
DROP INDEX imports_of_archives_are_one_at_a_time;
ALTER TABLE imports
  DROP COLUMN object_id,
  DROP COLUMN parts,
  ALTER COLUMN bytes TYPE integer;
