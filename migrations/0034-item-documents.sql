-- What an item comes from may be a document.

ALTER TABLE items
  ADD COLUMN document_id uuid,
  ADD CONSTRAINT items_document_exists FOREIGN KEY (workspace_id, document_id)
    REFERENCES documents (workspace_id, id) ON DELETE SET NULL (document_id);

CREATE INDEX items_by_document ON items (workspace_id, document_id) WHERE document_id IS NOT NULL;

ALTER TYPE item_answer ADD ATTRIBUTE document_id uuid;

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
         ),
         item.document_id
    FROM items AS item
   WHERE item.workspace_id = of_workspace
$$;

DROP FUNCTION item_briefs(uuid);

CREATE FUNCTION item_briefs(of_workspace uuid)
RETURNS TABLE (
  id           uuid,
  source_type  text,
  source_url   text,
  status       text,
  title        text,
  summary      text,
  language     text,
  error        text,
  tags         text[],
  created_at   timestamptz,
  updated_at   timestamptz,
  confirmed_at timestamptz,
  document_id  uuid
)
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
  SELECT id,
         source_type,
         source_url,
         status,
         title,
         summary,
         language,
         error,
         tags,
         created_at,
         updated_at,
         confirmed_at,
         document_id
    FROM item_answers(of_workspace)
$$;
