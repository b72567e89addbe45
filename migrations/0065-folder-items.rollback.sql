DELETE FROM role_permissions WHERE permission LIKE 'workspace:folders:%';

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
       search_sites(item.source_url) AS facets,
       NULL::tsvector AS words
  FROM items AS item;

CALL unite_views('searchable');

DROP TABLE folder_items;
DROP FUNCTION file_in_search();
DROP FUNCTION folders_of_item(uuid);

DROP FUNCTION folder_answers(uuid, uuid);
ALTER TYPE folder_answer DROP ATTRIBUTE items;

CREATE FUNCTION folder_answers(of_workspace uuid, seen_from uuid DEFAULT NULL)
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
         END
    FROM folders AS folder
   WHERE folder.workspace_id = of_workspace
$$;
