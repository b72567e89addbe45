-- Review: tables with cells that await a look, in the queue of all suggestions.

-- A table is one entry, however many of its cells are in doubt: what is suggested is that it is right
-- `as_read`, for the field `cells`. It is in the queue if a cell is in doubt or the whole table was found
-- with little confidence, and only if it is of its document's latest job that succeeded.
ALTER TABLE suggestions
  ADD COLUMN table_id uuid,
  DROP CONSTRAINT suggestions_have_one_subject,
  DROP CONSTRAINT suggestions_field_is_known,
  ADD CONSTRAINT suggestions_table_exists FOREIGN KEY (table_id)
    REFERENCES extracted_tables (id) ON DELETE CASCADE,
  ADD CONSTRAINT suggestions_have_one_subject CHECK (num_nonnulls(item_id, document_id, table_id) = 1),
  ADD CONSTRAINT suggestions_field_is_known CHECK (
    field IN ('title', 'category', 'correspondent', 'dated_on', 'folder_id', 'tag', 'cells')
  ),
  ADD CONSTRAINT suggestions_for_tables_are_their_cells CHECK ((table_id IS NULL) = (field <> 'cells'));

CREATE UNIQUE INDEX suggestions_are_one_for_each_table ON suggestions (table_id) WHERE table_id IS NOT NULL;

-- What people read in the queue: how many cells they have to look at.
CREATE FUNCTION table_label(of_table extracted_tables)
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN CASE (of_table).doubt_count
  WHEN 0 THEN 'the whole table'
  ELSE format(
    '%s of %s cells',
    (of_table).doubt_count,
    (of_table).row_count * jsonb_array_length((of_table).columns)
  )
END;

-- Keeps in the queue what awaits a look of a document's tables.
CREATE FUNCTION queue_tables(of_document uuid)
RETURNS void
LANGUAGE sql
AS $$
  INSERT INTO suggestions (workspace_id, table_id, field, value, confidence, source)
  SELECT workspace_id,
         id,
         'cells',
         'as_read',
         confidence,
         'text'
    FROM extracted_tables
   WHERE job_id = latest_job(of_document)
     AND (doubt_count > 0 OR confidence < 0.6)
   ORDER BY sequence_index DESC
  ON CONFLICT (table_id) WHERE table_id IS NOT NULL
  DO NOTHING;

  UPDATE suggestions AS suggestion
     SET awaits_review = awaited.is_awaited
    FROM (
           SELECT made.id,
                  document.status = 'ready'
                  AND made.job_id IS NOT DISTINCT FROM latest_job(of_document) AS is_awaited
             FROM extracted_tables AS made
             JOIN documents AS document
               ON document.id = made.document_id
            WHERE made.document_id = of_document
         ) AS awaited
   WHERE suggestion.table_id = awaited.id
     AND suggestion.awaits_review <> awaited.is_awaited;
$$;

CREATE FUNCTION queue_tables_of_document()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM queue_tables(NEW.id);
  RETURN NULL;
END
$$;

CREATE FUNCTION queue_tables_of_job()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM queue_tables(coalesce(NEW.document_id, OLD.document_id));
  RETURN NULL;
END
$$;

CREATE TRIGGER documents_take_their_tables_to_review
  AFTER UPDATE ON documents
  FOR EACH ROW
  WHEN (OLD.status <> NEW.status)
  EXECUTE FUNCTION queue_tables_of_document();

CREATE TRIGGER jobs_that_succeed_take_their_tables_to_review
  AFTER UPDATE ON jobs
  FOR EACH ROW
  WHEN (OLD.status <> NEW.status AND NEW.status = 'succeeded')
  EXECUTE FUNCTION queue_tables_of_job();

CREATE TRIGGER jobs_that_are_gone_leave_review
  AFTER DELETE ON jobs
  FOR EACH ROW
  WHEN (OLD.status = 'succeeded')
  EXECUTE FUNCTION queue_tables_of_job();

-- Once all doubtful cells are corrected, the table is decided; if a correction is taken back, it is not.
CREATE FUNCTION review_corrected_table()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE suggestions
     SET status = CASE NEW.doubt_count WHEN 0 THEN 'accepted' ELSE 'pending' END,
         decided_at = CASE NEW.doubt_count WHEN 0 THEN now() END
   WHERE table_id = NEW.id
     AND (
           (NEW.doubt_count = 0 AND status = 'pending')
           OR (NEW.doubt_count > OLD.doubt_count AND status = 'accepted')
         );
  RETURN NULL;
END
$$;

CREATE TRIGGER extracted_tables_are_decided_when_corrected
  AFTER UPDATE ON extracted_tables
  FOR EACH ROW
  WHEN (OLD.doubt_count <> NEW.doubt_count)
  EXECUTE FUNCTION review_corrected_table();

-- A table that a person rejects is found no more.
CREATE FUNCTION reject_table()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE extracted_tables
     SET is_rejected = true
   WHERE id = NEW.table_id;
  DELETE FROM table_texts
   WHERE id = NEW.table_id;
  RETURN NULL;
END
$$;

CREATE TRIGGER suggestions_reject_their_table
  AFTER UPDATE ON suggestions
  FOR EACH ROW
  WHEN (NEW.table_id IS NOT NULL AND OLD.status <> NEW.status AND NEW.status = 'rejected')
  EXECUTE FUNCTION reject_table();
