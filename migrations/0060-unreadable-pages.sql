-- A link whose page cannot be read, or not yet, is kept like any other, with what its owner gave.

-- An item that is being enriched is only confirmed if that takes long, so that nobody confirms by chance
-- what they would have seen a moment later. So this transition has no action, which would always be
-- allowed.
INSERT INTO transitions
  (entity, from_status, to_status,   event,            action)
VALUES
  ('item', 'failed',    'confirmed', 'item.confirmed', 'confirm'),
  ('item', 'enriching', 'confirmed', 'item.confirmed', NULL);

-- Whether an item's enrichment takes so long that it may be confirmed before it ends: an attempt has
-- failed, or ten seconds have passed. What is found later fills what is still empty.
CREATE FUNCTION enrichment_takes_long(of_item uuid)
RETURNS boolean
LANGUAGE sql
STABLE
AS $$
  SELECT coalesce(
           (
             SELECT work.last_error IS NOT NULL
                    OR work.enqueued_at < now() - interval '10 seconds'
               FROM outbox AS work
              WHERE work.kind = 'enrich_items'
                AND work.subject_id = of_item
           ),
           true
         )
$$;

-- Why the last attempt of an enrichment that is not over has failed.
CREATE FUNCTION last_error_of_enrichment(of_item uuid)
RETURNS text
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
  SELECT work.last_error
    FROM outbox AS work
   WHERE work.kind = 'enrich_items'
     AND work.subject_id = of_item
$$;

-- How an item without a title is called: by the first line of its text, or by its address. It is not
-- stored, so that the title of a page that is read later takes its place.
CREATE FUNCTION title_of_untitled(raw_text text, source_url text)
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
AS $$
  SELECT rtrim(left(coalesce(substring(raw_text FROM '\S[^\n\r]*'), source_url), 60))
$$;

-- As before; a confirmed item always has a title, and the error of an attempt is shown at once.
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
           ELSE item.error
         END,
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
