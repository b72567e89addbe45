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
