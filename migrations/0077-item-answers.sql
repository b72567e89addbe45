-- What responses show of items since pages may be unreadable, the same, read, liked, read again and annotated. A
-- confirmed item always has a title, and the error of an attempt is shown at once.

ALTER TYPE item_answer
  ADD ATTRIBUTE same_page_as uuid,
  ADD ATTRIBUTE page_url text,
  ADD ATTRIBUTE is_read boolean,
  ADD ATTRIBUTE is_favourite boolean,
  ADD ATTRIBUTE folders jsonb,
  ADD ATTRIBUTE written_fields text[],
  ADD ATTRIBUTE annotation_count integer;

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
         CASE
           WHEN item.title IS NULL AND item.status = 'confirmed' THEN title_of_untitled(item.raw_text, item.source_url)
           ELSE item.title
         END,
         item.summary,
         item.language,
         CASE item.status
           WHEN 'enriching' THEN last_error_of_enrichment(item.id)
           WHEN 'confirmed' THEN coalesce(last_error_of_enrichment(item.id), item.error)
           ELSE item.error
         END,
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
         item.document_id,
         (
           SELECT older.id
             FROM items AS older
            WHERE older.id = item.same_page_as
              AND older.status <> 'discarded'
         ),
         (
           SELECT address.url
             FROM item_addresses AS address
            WHERE address.item_id = item.id
            ORDER BY address.found_by
            LIMIT 1
         ),
         item.is_read,
         item.is_favourite,
         -- Most are in none, and the function takes longer than to see that.
         CASE
           WHEN EXISTS (SELECT FROM folder_items AS held WHERE held.item_id = item.id) THEN folders_of_item(item.id)
           ELSE '[]'
         END,
         item.written_fields,
         (
           SELECT count(*)::integer
             FROM annotations AS annotation
            WHERE annotation.workspace_id = item.workspace_id
              AND annotation.item_id = item.id
         )
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
  document_id  uuid,
  same_page_as uuid,
  is_read      boolean,
  is_favourite boolean,
  folders      jsonb,
  annotation_count integer
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
         document_id,
         same_page_as,
         is_read,
         is_favourite,
         folders,
         annotation_count
    FROM item_answers(of_workspace)
$$;
