DELETE FROM role_permissions WHERE permission LIKE 'workspace:review:%';
DROP FUNCTION pending_suggestions(uuid);
DROP TRIGGER documents_take_their_suggestions_to_review ON documents;
DROP TRIGGER items_take_their_suggestions_out_of_review ON items;
DROP FUNCTION queue_suggestions();
DROP INDEX suggestions_to_review, suggestions_value_is_unique_for_its_document;
DELETE FROM suggestions WHERE item_id IS NULL;
ALTER TABLE suggestions
  DROP CONSTRAINT suggestions_document_exists,
  DROP CONSTRAINT suggestions_item_exists,
  DROP CONSTRAINT suggestions_have_one_subject,
  DROP CONSTRAINT suggestions_for_items_are_tags,
  DROP CONSTRAINT suggestions_field_is_known,
  DROP CONSTRAINT suggestions_source_is_known,
  DROP CONSTRAINT suggestions_status_is_known,
  DROP CONSTRAINT suggestions_value_fits_its_field,
  DROP COLUMN workspace_id,
  DROP COLUMN document_id,
  DROP COLUMN field,
  DROP COLUMN source,
  DROP COLUMN awaits_review,
  ALTER COLUMN item_id SET NOT NULL;
ALTER INDEX suggestions_value_is_unique_for_its_item RENAME TO suggestions_name_is_unique_for_its_item;
ALTER TABLE suggestions RENAME COLUMN value TO name;
ALTER TABLE suggestions
  ADD CONSTRAINT suggestions_item_exists FOREIGN KEY (item_id) REFERENCES items (id) ON DELETE CASCADE,
  ADD CONSTRAINT suggestions_name_is_1_to_50_characters CHECK (length(name) BETWEEN 1 AND 50),
  ADD CONSTRAINT suggestions_status_is_known CHECK (status IN ('pending', 'accepted', 'rejected'));
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
                        'name', suggestion.name,
                        'confidence', suggestion.confidence,
                        'status', suggestion.status
                      )
                      ORDER BY suggestion.confidence DESC, suggestion.name
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
