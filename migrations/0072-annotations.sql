-- Annotations: what somebody marks on an item's page, and notes about it.

-- With a `quote` it is a highlight, of a text on the page; without one, a note on the item. `prefix` and
-- `suffix` are the text around the quote, by which it is found again when the page has changed, and the
-- offsets count the characters of the item's content; as the selectors of W3C's Web Annotation do.
CREATE TABLE annotations (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL,
  item_id      uuid        NOT NULL,
  created_by   uuid        NOT NULL,
  quote        text,
  prefix       text,
  suffix       text,
  start_offset integer,
  end_offset   integer,
  color        text,
  note         text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT annotations_pkey PRIMARY KEY (id),
  CONSTRAINT annotations_item_exists FOREIGN KEY (workspace_id, item_id)
    REFERENCES items (workspace_id, id) ON DELETE CASCADE,
  CONSTRAINT annotations_creator_exists FOREIGN KEY (created_by) REFERENCES users (id),
  CONSTRAINT annotations_have_a_quote_or_a_note CHECK (num_nonnulls(quote, note) > 0),
  CONSTRAINT annotations_quote_is_1_to_10000_characters CHECK (length(quote) BETWEEN 1 AND 10000),
  CONSTRAINT annotations_note_is_1_to_10000_characters CHECK (length(note) BETWEEN 1 AND 10000),
  CONSTRAINT annotations_prefix_is_at_most_1000_characters CHECK (length(prefix) <= 1000),
  CONSTRAINT annotations_suffix_is_at_most_1000_characters CHECK (length(suffix) <= 1000),
  CONSTRAINT annotations_offsets_are_a_range CHECK (
    num_nonnulls(start_offset, end_offset) <> 1
    AND start_offset >= 0
    AND start_offset < end_offset
  ),
  CONSTRAINT annotations_color_is_of_a_quote CHECK ((color IS NULL) = (quote IS NULL)),
  CONSTRAINT annotations_place_is_of_a_quote CHECK (
    quote IS NOT NULL
    OR num_nonnulls(prefix, suffix, start_offset, end_offset) = 0
  )
);

CREATE INDEX annotations_by_item ON annotations (workspace_id, item_id, id);
CREATE INDEX annotations_by_workspace ON annotations (workspace_id, id);

INSERT INTO noted_events (event, entity)
VALUES
  ('item.annotated',          'item'),
  ('item.annotation_edited',  'item'),
  ('item.annotation_removed', 'item');

-- A workspace's annotations in responses, with what they are about. Those of discarded items, too.
CREATE FUNCTION annotation_answers(of_workspace uuid)
RETURNS TABLE (
  id           uuid,
  item_id      uuid,
  item_title   text,
  item_status  text,
  source_url   text,
  quote        text,
  prefix       text,
  suffix       text,
  start_offset integer,
  end_offset   integer,
  color        text,
  note         text,
  created_by   uuid,
  created_at   timestamptz,
  updated_at   timestamptz
)
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
  SELECT annotation.id,
         annotation.item_id,
         coalesce(item.title, title_of_untitled(item.raw_text, item.source_url)),
         item.status,
         item.source_url,
         annotation.quote,
         annotation.prefix,
         annotation.suffix,
         annotation.start_offset,
         annotation.end_offset,
         annotation.color,
         annotation.note,
         annotation.created_by,
         annotation.created_at,
         annotation.updated_at
    FROM annotations AS annotation
    JOIN items AS item
      ON item.id = annotation.item_id
   WHERE annotation.workspace_id = of_workspace
$$;

-- The texts of an item's annotations, by which it is found.
CREATE FUNCTION annotated_text(of_workspace uuid, of_item uuid)
RETURNS text
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
  SELECT left(string_agg(concat_ws(E'\n', quote, note), E'\n' ORDER BY id), 100000)
    FROM annotations
   WHERE workspace_id = of_workspace
     AND item_id = of_item
$$;

-- The view of items, with the texts of their annotations in the body.
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
       concat_ws(
         E'\n',
         item.raw_text,
         annotated_text(item.workspace_id, item.id),
         left(item.content, 100000)
       ) AS body,
       item.source_url,
       ARRAY(SELECT tag_id FROM item_tags WHERE item_tags.item_id = item.id) AS tag_ids,
       item.created_at,
       search_sites(item.source_url)
         || ARRAY(SELECT ' f:' || folder_id FROM folder_items WHERE folder_items.item_id = item.id) AS facets,
       NULL::tsvector AS words
  FROM items AS item;

CALL unite_views('searchable');

-- Brings the entry of a thing up to date; nothing happens if the thing is gone. Its audience stays the same.
CREATE FUNCTION search_refresh(entry_id uuid)
RETURNS void
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
   WHERE id = entry_id
     FOR UPDATE;
  SELECT *
    INTO standing
    FROM search_volumes
   WHERE id = (SELECT volume FROM search_entries WHERE id = entry_id);
  SELECT *
    INTO entry
    FROM searchable
   WHERE id = entry_id;
  IF entry.id IS NULL THEN
    RETURN;
  END IF;
  refreshed := search_vector(entry, standing);
  UPDATE search_entries
     SET config = entry.config,
         vector = refreshed
   WHERE id = entry_id;
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
END
$$;

CREATE OR REPLACE FUNCTION refresh_search()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM search_refresh(NEW.id);
  RETURN NULL;
END
$$;

-- Annotations of items were added, changed or removed. In the order of the items' ids, so that two
-- requests never deadlock.
CREATE FUNCTION annotate_in_search()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM search_refresh(annotated.item_id)
     FROM (SELECT DISTINCT item_id FROM changed ORDER BY item_id) AS annotated;
  RETURN NULL;
END
$$;

CREATE TRIGGER annotations_enter_search
  AFTER INSERT ON annotations
  REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT
  EXECUTE FUNCTION annotate_in_search();

CREATE TRIGGER annotations_change_in_search
  AFTER UPDATE ON annotations
  REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT
  EXECUTE FUNCTION annotate_in_search();

CREATE TRIGGER annotations_leave_search
  AFTER DELETE ON annotations
  REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT
  EXECUTE FUNCTION annotate_in_search();
