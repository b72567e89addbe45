DROP TRIGGER suggestions_reject_their_table ON suggestions;
DROP FUNCTION reject_table;
DROP TRIGGER extracted_tables_are_decided_when_corrected ON extracted_tables;
DROP TRIGGER jobs_that_are_gone_leave_review ON jobs;
DROP TRIGGER jobs_that_succeed_take_their_tables_to_review ON jobs;
DROP TRIGGER documents_take_their_tables_to_review ON documents;
DROP FUNCTION table_label, review_corrected_table, queue_tables_of_job, queue_tables_of_document, queue_tables;
DELETE FROM suggestions WHERE table_id IS NOT NULL;
ALTER TABLE suggestions
  DROP CONSTRAINT suggestions_for_tables_are_their_cells,
  DROP CONSTRAINT suggestions_field_is_known,
  DROP CONSTRAINT suggestions_have_one_subject,
  DROP COLUMN table_id,
  ADD CONSTRAINT suggestions_have_one_subject CHECK (num_nonnulls(item_id, document_id) = 1),
  ADD CONSTRAINT suggestions_field_is_known
    CHECK (field IN ('title', 'category', 'correspondent', 'dated_on', 'folder_id', 'tag'));
