-- Suggestions for documents too, and one queue in which all of them are reviewed.

-- A suggestion is about one item or one document: the `value` for a `field`. Items only get tags. The
-- value of `folder_id` is a folder's id, that of `dated_on` a day like 2026-02-28. `source` says what
-- suggests it: a rule of the workspace, what was learned from corrections, an AI provider, or the text
-- itself.
--
-- `pending` awaits a decision, `applied` was so sure that the document has it. A person's decision makes
-- either `accepted` or `rejected`, and what was rejected is not suggested again.
--
-- `awaits_review` says whether the subject is in a status in which it is reviewed; triggers keep it.
ALTER TABLE suggestions RENAME COLUMN name TO value;

ALTER INDEX suggestions_name_is_unique_for_its_item RENAME TO suggestions_value_is_unique_for_its_item;

ALTER TABLE suggestions
  ADD COLUMN workspace_id uuid,
  ADD COLUMN document_id uuid,
  ADD COLUMN field text NOT NULL DEFAULT 'tag',
  ADD COLUMN source text NOT NULL DEFAULT 'ai',
  ADD COLUMN awaits_review boolean NOT NULL DEFAULT true;

UPDATE suggestions
   SET workspace_id = item.workspace_id,
       awaits_review = item.status NOT IN ('confirmed', 'discarded')
  FROM items AS item
 WHERE item.id = suggestions.item_id;

ALTER TABLE suggestions
  ALTER COLUMN workspace_id SET NOT NULL,
  ALTER COLUMN item_id DROP NOT NULL,
  DROP CONSTRAINT suggestions_name_is_1_to_50_characters,
  DROP CONSTRAINT suggestions_item_exists,
  DROP CONSTRAINT suggestions_status_is_known,
  ADD CONSTRAINT suggestions_item_exists FOREIGN KEY (workspace_id, item_id)
    REFERENCES items (workspace_id, id) ON DELETE CASCADE,
  ADD CONSTRAINT suggestions_document_exists FOREIGN KEY (workspace_id, document_id)
    REFERENCES documents (workspace_id, id) ON DELETE CASCADE,
  ADD CONSTRAINT suggestions_have_one_subject CHECK (num_nonnulls(item_id, document_id) = 1),
  ADD CONSTRAINT suggestions_for_items_are_tags CHECK (item_id IS NULL OR field = 'tag'),
  ADD CONSTRAINT suggestions_field_is_known
    CHECK (field IN ('title', 'category', 'correspondent', 'dated_on', 'folder_id', 'tag')),
  ADD CONSTRAINT suggestions_source_is_known CHECK (source IN ('rule', 'learned', 'header', 'ai', 'text')),
  ADD CONSTRAINT suggestions_status_is_known
    CHECK (status IN ('pending', 'applied', 'accepted', 'rejected')),
  ADD CONSTRAINT suggestions_value_fits_its_field CHECK (
    length(value) BETWEEN 1 AND CASE field WHEN 'tag' THEN 50 WHEN 'category' THEN 100 ELSE 200 END
  );

CREATE UNIQUE INDEX suggestions_value_is_unique_for_its_document
    ON suggestions (document_id, field, fold(value))
 WHERE document_id IS NOT NULL;

-- The review queue, newest first.
CREATE INDEX suggestions_to_review
    ON suggestions (workspace_id, id)
 WHERE status = 'pending'
   AND awaits_review;

-- Keeps `awaits_review` of a subject's suggestions.
CREATE FUNCTION queue_suggestions()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  awaited CONSTANT boolean := NEW.status IN ('ready_to_confirm', 'ready');
BEGIN
  UPDATE suggestions
     SET awaits_review = awaited
   WHERE (item_id = NEW.id OR document_id = NEW.id)
     AND awaits_review <> awaited;
  RETURN NULL;
END
$$;

CREATE TRIGGER items_take_their_suggestions_out_of_review
  AFTER UPDATE ON items
  FOR EACH ROW
  WHEN (OLD.status = 'ready_to_confirm' AND NEW.status <> 'ready_to_confirm')
  EXECUTE FUNCTION queue_suggestions();

CREATE TRIGGER documents_take_their_suggestions_to_review
  AFTER UPDATE ON documents
  FOR EACH ROW
  WHEN (OLD.status <> NEW.status)
  EXECUTE FUNCTION queue_suggestions();

-- The same function as before, with the column's new name.
CREATE OR REPLACE FUNCTION item_answers(of_workspace uuid)
RETURNS SETOF item_answer
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
  SELECT item.id,
         item.source_type,
         item.source_url,
         item.status,
         item.title,
         item.summary,
         item.language,
         item.error,
         ARRAY(
           SELECT tag.name
             FROM item_tags
             JOIN tags AS tag
               ON tag.id = item_tags.tag_id
            WHERE item_tags.item_id = item.id
            ORDER BY fold(tag.name)
         ),
         item.created_at,
         item.updated_at,
         item.confirmed_at,
         item.raw_text,
         item.author,
         item.published_at,
         item.content,
         (
           SELECT coalesce(
                    jsonb_agg(
                      jsonb_build_object(
                        'id', suggestion.id,
                        'name', suggestion.value,
                        'confidence', suggestion.confidence,
                        'status', suggestion.status
                      )
                      ORDER BY suggestion.confidence DESC, suggestion.value
                    ),
                    '[]'
                  )
             FROM suggestions AS suggestion
            WHERE suggestion.item_id = item.id
         ),
         (
           SELECT work.progress
             FROM outbox AS work
            WHERE work.kind = 'enrich_items'
              AND work.subject_id = item.id
         )
    FROM items AS item
   WHERE item.workspace_id = of_workspace
$$;

-- The suggestions for a document that await a decision, surest first.
CREATE FUNCTION pending_suggestions(of_document uuid)
RETURNS jsonb
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
  SELECT coalesce(
           jsonb_agg(
             jsonb_build_object(
               'id', suggestion.id,
               'field', suggestion.field,
               'value', suggestion.value,
               'confidence', suggestion.confidence,
               'source', suggestion.source
             )
             ORDER BY suggestion.confidence DESC, suggestion.field, suggestion.value
           ),
           '[]'
         )
    FROM suggestions AS suggestion
   WHERE suggestion.document_id = of_document
     AND suggestion.status = 'pending'
$$;

INSERT INTO role_permissions (role, permission)
VALUES
  ('viewer', 'workspace:review:read'),
  ('member', 'workspace:review:read'),
  ('member', 'workspace:review:write'),
  ('owner',  'workspace:review:read'),
  ('owner',  'workspace:review:write');
