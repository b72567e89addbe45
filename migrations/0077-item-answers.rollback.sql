DROP FUNCTION item_briefs(uuid);
DROP FUNCTION item_answers(uuid);
ALTER TYPE item_answer
  DROP ATTRIBUTE same_page_as,
  DROP ATTRIBUTE page_url,
  DROP ATTRIBUTE is_read,
  DROP ATTRIBUTE is_favourite,
  DROP ATTRIBUTE folders,
  DROP ATTRIBUTE written_fields,
  DROP ATTRIBUTE annotation_count;

CREATE FUNCTION item_answers(of_workspace uuid)
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
            ORDER BY sort_key(tag.name) COLLATE "C"
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
