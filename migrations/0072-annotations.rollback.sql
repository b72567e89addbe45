CREATE OR REPLACE VIEW searchable_items
WITH (security_invoker = true)
AS
SELECT item.id,
       'item' AS type,
       item.workspace_id,
       item.workspace_id AS audience,
       item.source_type AS kind,
       item.status,
       search_config(item.language) AS config,
       coalesce(item.title, left(btrim(item.raw_text), 60), item.source_url) AS title,
       item.summary,
       concat_ws(' ', item.author, search_address(item.source_url)) AS origin,
       concat_ws(E'\n', item.raw_text, left(item.content, 100000)) AS body,
       item.source_url,
       ARRAY(SELECT tag_id FROM item_tags WHERE item_tags.item_id = item.id) AS tag_ids,
       item.created_at,
       search_sites(item.source_url)
         || ARRAY(SELECT ' f:' || folder_id FROM folder_items WHERE folder_items.item_id = item.id) AS facets,
       NULL::tsvector AS words
  FROM items AS item;

CALL unite_views('searchable');

CREATE OR REPLACE FUNCTION refresh_search()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  entry searchable;
  standing search_volumes;
  outdated tsvector;
  refreshed tsvector;
BEGIN
  -- The entry is locked first and the thing read afterwards: a tag added in between is not lost.
  SELECT vector
    INTO outdated
    FROM search_entries
   WHERE id = NEW.id
     FOR UPDATE;
  SELECT *
    INTO standing
    FROM search_volumes
   WHERE id = (SELECT volume FROM search_entries WHERE id = NEW.id);
  SELECT *
    INTO entry
    FROM searchable
   WHERE id = NEW.id;
  refreshed := search_vector(entry, standing);
  UPDATE search_entries
     SET config = entry.config,
         vector = refreshed
   WHERE id = NEW.id;
  PERFORM search_learn(
            entry.workspace_id,
            entry.audience,
            search_words_of(concat_ws(' ', entry.title, entry.summary))
          );
  PERFORM search_forget(
            entry.workspace_id,
            entry.audience,
            ARRAY(
              SELECT unnest(search_words_in(outdated))
              EXCEPT
              SELECT unnest(search_words_in(refreshed))
            )
          );
  RETURN NULL;
END
$$;

DROP TABLE annotations;
DROP FUNCTION annotate_in_search();
DROP FUNCTION search_refresh(uuid);
DROP FUNCTION annotated_text(uuid, uuid);
DROP FUNCTION annotation_answers(uuid);

DELETE FROM noted_events
 WHERE event IN ('item.annotated', 'item.annotation_edited', 'item.annotation_removed');
