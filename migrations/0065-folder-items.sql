-- Folders hold items besides documents: a document is in one folder, an item in any number.

CREATE TABLE folder_items (
  workspace_id uuid        NOT NULL,
  folder_id    uuid        NOT NULL,
  item_id      uuid        NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT folder_items_pkey PRIMARY KEY (item_id, folder_id),
  CONSTRAINT folder_items_folder_exists FOREIGN KEY (workspace_id, folder_id)
    REFERENCES folders (workspace_id, id) ON DELETE CASCADE,
  CONSTRAINT folder_items_item_exists FOREIGN KEY (workspace_id, item_id)
    REFERENCES items (workspace_id, id) ON DELETE CASCADE
);

CREATE INDEX folder_items_by_folder ON folder_items (workspace_id, folder_id, item_id);
-- What was put into a folder last.
CREATE INDEX folder_items_by_time ON folder_items (workspace_id, folder_id, created_at, item_id);

-- The folders that an item is in, each with its path, by their paths.
CREATE FUNCTION folders_of_item(of_item uuid)
RETURNS jsonb
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
AS $$
BEGIN
  RETURN (
    WITH RECURSIVE above AS (
      SELECT folder.id,
             folder.parent_id,
             ARRAY[folder.name] AS path
        FROM folder_items AS held
        JOIN folders AS folder
          ON folder.id = held.folder_id
       WHERE held.item_id = of_item
       UNION ALL
      SELECT above.id,
             folder.parent_id,
             folder.name || above.path
        FROM above
        JOIN folders AS folder
          ON folder.id = above.parent_id
    )
    SELECT coalesce(
             jsonb_agg(
               jsonb_build_object('id', above.id, 'path', above.path)
               ORDER BY sort_key(array_to_string(above.path, '/')) COLLATE "C", above.id
             ),
             '[]'
           )
      FROM above
     WHERE above.parent_id IS NULL
  );
END
$$;

ALTER TYPE folder_answer
  ADD ATTRIBUTE items bigint;

-- As before, with the items in a folder. Whom a folder is shared with is not told of them.
CREATE OR REPLACE FUNCTION folder_answers(of_workspace uuid, seen_from uuid DEFAULT NULL)
RETURNS SETOF folder_answer
LANGUAGE sql
STABLE
AS $$
  SELECT folder.id,
         CASE
           WHEN seen_from <> folder.workspace_id THEN (
             SELECT folder.parent_id
               FROM reach_of_folder(folder.id, seen_from) AS reach
              WHERE reach.height > 0
           )
           ELSE folder.parent_id
         END,
         folder.name,
         ARRAY(
           SELECT above.name
             FROM folders_above(folder.id) AS above
            WHERE above.distance <= CASE
                    WHEN seen_from <> folder.workspace_id THEN (
                      SELECT reach.height
                        FROM reach_of_folder(folder.id, seen_from) AS reach
                    )
                    ELSE above.distance
                  END
            ORDER BY above.distance DESC
         ),
         (
           SELECT count(*)
             FROM documents AS document
            WHERE document.workspace_id = folder.workspace_id
              AND document.folder_id = folder.id
              AND document.status <> 'discarded'
         ),
         (
           SELECT count(*)
             FROM folders AS inner_folder
            WHERE inner_folder.parent_id = folder.id
         ),
         folder.created_at,
         folder.updated_at,
         CASE
           WHEN seen_from <> folder.workspace_id
             THEN reach_answer(reach_of_folder(folder.id, seen_from))
         END,
         CASE
           WHEN seen_from <> folder.workspace_id THEN NULL
           ELSE (
             SELECT count(*)
               FROM folder_items AS held
               JOIN items AS item
                 ON item.id = held.item_id
                AND item.status <> 'discarded'
              WHERE held.workspace_id = folder.workspace_id
                AND held.folder_id = folder.id
           )
         END
    FROM folders AS folder
   WHERE folder.workspace_id = of_workspace
$$;

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

-- Items were put into folders or taken out of them. As for tags, the entries are locked in the order of
-- their ids, and the lexeme of a deleted folder stays in the vectors: nobody searches for it any more.
CREATE FUNCTION file_in_search()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM id
     FROM search_entries
    WHERE id IN (
            SELECT change.item_id
              FROM changed AS change
              JOIN folders AS folder
                ON folder.id = change.folder_id
          )
    ORDER BY id
      FOR UPDATE;
  UPDATE search_entries AS entry
     SET vector = CASE TG_OP
           WHEN 'INSERT' THEN entry.vector || array_to_tsvector(moved.lexemes)
           ELSE ts_delete(entry.vector, moved.lexemes)
         END
    FROM (
           SELECT change.item_id,
                  array_agg(' f:' || change.folder_id) AS lexemes
             FROM changed AS change
             JOIN folders AS folder
               ON folder.id = change.folder_id
            GROUP BY change.item_id
         ) AS moved
   WHERE entry.id = moved.item_id
     -- An item that was just created is in them already.
     AND NOT (TG_OP = 'INSERT' AND moved.lexemes <@ tsvector_to_array(entry.vector));
  RETURN NULL;
END
$$;

CREATE TRIGGER folder_items_are_put_in_search
  AFTER INSERT ON folder_items
  REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT
  EXECUTE FUNCTION file_in_search();

CREATE TRIGGER folder_items_are_taken_in_search
  AFTER DELETE ON folder_items
  REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT
  EXECUTE FUNCTION file_in_search();

-- The tree belongs to items and documents alike, so it has permissions of its own. What becomes of the items
-- or documents in a folder takes theirs.
INSERT INTO role_permissions (role, permission)
VALUES
  ('viewer', 'workspace:folders:read'),
  ('member', 'workspace:folders:read'),
  ('member', 'workspace:folders:write'),
  ('owner',  'workspace:folders:read'),
  ('owner',  'workspace:folders:write');
