DROP FUNCTION search_hit(regconfig, text, tsquery);
DROP FUNCTION search_vector(searchable, search_volumes);
DROP FUNCTION search_long(regconfig, text);
DROP VIEW searchable, searchable_items, searchable_tasks;

CREATE VIEW searchable
WITH (security_invoker = true)
AS
SELECT NULL::uuid AS id,
       NULL::text AS type,
       NULL::uuid AS workspace_id,
       NULL::uuid AS audience,
       NULL::text AS kind,
       NULL::text AS status,
       NULL::text AS config,
       NULL::text AS title,
       NULL::text AS summary,
       NULL::text AS origin,
       NULL::text AS body,
       NULL::text AS source_url,
       NULL::uuid[] AS tag_ids,
       NULL::timestamptz AS created_at
 WHERE false;

CREATE VIEW searchable_items
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
       concat_ws(' ', item.author, item.source_url) AS origin,
       concat_ws(E'\n', item.raw_text, left(item.content, 100000)) AS body,
       item.source_url,
       ARRAY(SELECT tag_id FROM item_tags WHERE item_tags.item_id = item.id) AS tag_ids,
       item.created_at
  FROM items AS item;

CREATE VIEW searchable_tasks
WITH (security_invoker = true)
AS
SELECT task.id,
       'task' AS type,
       task.workspace_id,
       task.user_id AS audience,
       'task' AS kind,
       task.status,
       'simple' AS config,
       task.title,
       NULL AS summary,
       NULL AS origin,
       task.description AS body,
       NULL AS source_url,
       ARRAY(SELECT tag_id FROM task_tags WHERE task_tags.task_id = task.id) AS tag_ids,
       task.created_at
  FROM tasks AS task;

CALL unite_views('searchable');

CREATE FUNCTION search_vector(entry searchable, volume search_volumes)
RETURNS tsvector
LANGUAGE sql
STABLE
AS $$
  SELECT setweight(to_tsvector(entry.config::regconfig, search_text(entry.title)), 'A')
         || gap.lexeme
         || setweight(to_tsvector(entry.config::regconfig, search_text(entry.summary)), 'C')
         || gap.lexeme
         || setweight(to_tsvector(entry.config::regconfig, search_text(entry.origin)), 'C')
         || gap.lexeme
         || to_tsvector(entry.config::regconfig, search_beginning(search_text(entry.body)))
         || array_to_tsvector(
              search_place(volume, entry.status)
              || ARRAY[' y:' || entry.type, ' y:' || entry.kind]
              || ARRAY(
                   SELECT ' p:' || volume.shelf || ':' || word
                     FROM unnest(
                            search_words_of(
                              concat_ws(
                                ' ', entry.title, entry.summary, entry.origin, left(entry.body, 500)
                              )
                            )
                          ) AS word
                 )
            )
         || search_tags(entry.tag_ids)
         -- One of our lexemes separates the fields, so that no phrase spans two of them.
    FROM (SELECT $q$' ':9$q$::tsvector AS lexeme) AS gap
$$;
