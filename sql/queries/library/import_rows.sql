-- name: put :exec
-- Some of a file's entries.
INSERT INTO import_rows (import_id, number, entity, row_id, payload)
SELECT %(id)s,
       row.number,
       row.entity,
       row.row_id,
       row.payload
  FROM jsonb_to_recordset(%(rows)s::text::jsonb)
       AS row (number integer, entity text, row_id uuid, payload jsonb);

-- name: next_batch :value
-- The number of the last of an import's next rows: at most so many, and about a megabyte.
SELECT max(number)
  FROM (
         SELECT number,
                sum(octet_length(payload::text)) OVER (ORDER BY number) AS bytes,
                row_number() OVER (ORDER BY number) AS place
           FROM (
                  SELECT number, payload
                    FROM import_rows
                   WHERE import_id = %(id)s
                     AND NOT is_done
                   ORDER BY number
                   LIMIT %(limit)s
                ) AS row
       ) AS counted
 WHERE bytes <= 1000000
    OR place = 1;

-- name: make_tags :exec
-- Creates and locks all tags of a batch at once, first those that the whole workspace sees and then
-- the user's own, so that two imports never deadlock; with those that rules may give. Tags of tasks are the user's own, except in a
-- workspace that nobody shares. Those of feeds are made with their first items.
WITH named AS MATERIALIZED (
  SELECT name.name,
         row.entity = 'item' OR workspace.personal_of IS NOT NULL AS is_shared
    FROM import_rows AS row
   CROSS JOIN LATERAL jsonb_array_elements_text(row.payload -> 'tags') AS name (name)
   CROSS JOIN workspaces AS workspace
   WHERE row.import_id = %(id)s
     AND NOT row.is_done
     AND row.number <= %(upto)s
     AND row.entity <> 'feed'
     AND workspace.id = %(workspace_id)s
)
SELECT made.id
  FROM make_tags(
         %(workspace_id)s,
         ARRAY(SELECT named.name FROM named WHERE named.is_shared) || tags_of_item_rules(%(workspace_id)s)
       ) AS made
 UNION ALL
SELECT made.id
  FROM make_tags(
         %(workspace_id)s,
         ARRAY(SELECT named.name FROM named WHERE NOT named.is_shared),
         %(user_id)s
       ) AS made;

-- name: hold_pages :exec
-- Keeps others from capturing the pages of a batch until the transaction ends. In the order of
-- their hashes, so that two imports never deadlock.
SELECT pg_advisory_xact_lock(page.key)
  FROM (
         SELECT DISTINCT
                hashtextextended(%(workspace_id)s::text || substr(row.page_hash, 3), 0) AS key
           FROM (
                  SELECT payload ->> 'page_hash' AS page_hash
                    FROM import_rows
                   WHERE import_id = %(id)s
                     AND NOT is_done
                     AND number <= %(upto)s
                ) AS row
          WHERE row.page_hash IS NOT NULL
          ORDER BY key
       ) AS page;

-- name: add_items :one
-- Adds a batch's items, with their tags and suggestions, unless the workspace already has their
-- pages from elsewhere: those get the tags, the annotations, and what they do not say themselves. Either way they
-- are in the folders that the file says. Returns how many were
-- looked at, and the ids of those added. They start like any other item; `settle_items` then gives
-- them their final status. A subquery with LIMIT is run page by page; NOT EXISTS would be planned as
-- a join with all items.
WITH batch AS (
  SELECT row.number,
         row.row_id,
         row.payload,
         (
           SELECT known.id
             FROM items_of_pages(%(workspace_id)s, ARRAY[(row.payload ->> 'page_hash')::bytea]) AS known (id)
            WHERE (
                    SELECT true
                      FROM import_rows AS own
                     WHERE own.row_id = known.id
                       AND own.import_id = %(id)s
                     LIMIT 1
                  ) IS NULL
            ORDER BY known.id
            LIMIT 1
         ) AS known_id
    FROM import_rows AS row
   WHERE row.import_id = %(id)s
     AND NOT row.is_done
     AND row.number <= %(upto)s
     AND row.entity = 'item'
),
fresh AS (
  SELECT batch.row_id,
         batch.payload,
         given.source_type,
         given.source_url,
         given.page_hash,
         given.raw_text,
         given.status,
         given.title,
         given.summary,
         given.language,
         given.author,
         given.published_at,
         given.content,
         given.error,
         given.is_read,
         given.is_favourite,
         given.written_fields,
         (
           SELECT document.id
             FROM documents AS document
            WHERE document.id = given.document_id
              AND document.workspace_id = %(workspace_id)s
         ) AS document_id,
         given.created_at,
         given.updated_at,
         given.confirmed_at
    FROM batch
   CROSS JOIN LATERAL jsonb_populate_record(NULL::items, batch.payload) AS given
   WHERE batch.known_id IS NULL
),
added AS (
  INSERT INTO items
    (
      id,
      workspace_id,
      created_by,
      source_type,
      source_url,
      page_hash,
      raw_text,
      status,
      title,
      summary,
      language,
      author,
      published_at,
      content,
      error,
      is_read,
      is_favourite,
      written_fields,
      created_at,
      updated_at,
      confirmed_at,
      document_id
    )
  SELECT row_id,
         %(workspace_id)s,
         %(user_id)s,
         source_type,
         source_url,
         page_hash,
         raw_text,
         CASE status WHEN 'confirmed' THEN 'confirmed' ELSE 'enriching' END,
         title,
         summary,
         language,
         author,
         published_at,
         content,
         error,
         is_read,
         is_favourite,
         coalesce(written_fields, '{}'),
         created_at,
         updated_at,
         confirmed_at,
         document_id
    FROM fresh
   ORDER BY row_id
  RETURNING id
),
tagged AS (
  INSERT INTO item_tags (item_id, tag_id)
  SELECT tag.row_id, tag.tag_id
    FROM tags_of_import_rows(%(workspace_id)s, ARRAY(SELECT row_id FROM fresh)) AS tag
),
suggested AS (
  INSERT INTO suggestions (workspace_id, item_id, value, confidence, status, awaits_review)
  SELECT %(workspace_id)s,
         fresh.row_id,
         suggestion.name,
         suggestion.confidence,
         suggestion.status,
         fresh.status <> 'confirmed'
    FROM fresh
   CROSS JOIN LATERAL jsonb_to_recordset(fresh.payload -> 'suggestions')
         AS suggestion (name text, confidence real, status text)
  ON CONFLICT (item_id, fold(value))
  DO NOTHING
),
annotated AS (
  INSERT INTO annotations
    (
      id,
      workspace_id,
      item_id,
      created_by,
      quote,
      prefix,
      suffix,
      start_offset,
      end_offset,
      color,
      note,
      created_at,
      updated_at
    )
  SELECT id,
         %(workspace_id)s,
         annotated_id,
         %(user_id)s,
         quote,
         prefix,
         suffix,
         start_offset,
         end_offset,
         color,
         note,
         created_at,
         updated_at
    FROM (
           SELECT given.*,
                  page.item_id AS annotated_id,
                  row_number() OVER again AS times,
                  (
                    SELECT count(*)
                      FROM annotations AS standing
                     WHERE standing.workspace_id = %(workspace_id)s
                       AND standing.item_id = page.item_id
                  ) + row_number() OVER (PARTITION BY page.item_id ORDER BY page.number, given.id) AS place
             FROM (
                    SELECT coalesce(known_id, row_id) AS item_id, number, payload
                      FROM batch
                  ) AS page
            CROSS JOIN LATERAL jsonb_populate_recordset(NULL::annotations, page.payload -> 'annotations') AS given
            WHERE NOT EXISTS (
                    SELECT
                      FROM annotations AS standing
                     WHERE standing.workspace_id = %(workspace_id)s
                       AND standing.item_id = page.item_id
                       AND (standing.quote, standing.note, standing.prefix, standing.start_offset)
                           IS NOT DISTINCT FROM (given.quote, given.note, given.prefix, given.start_offset)
                  )
           WINDOW again AS (
                    PARTITION BY page.item_id, given.quote, given.note, given.prefix, given.start_offset
                        ORDER BY page.number, given.id
                  )
         ) AS found
   WHERE times = 1
     AND place <= 1000
  RETURNING item_id
),
tagged_too AS (
  INSERT INTO item_tags (item_id, tag_id)
  SELECT batch.known_id, tag.tag_id
    FROM tags_of_import_rows(
           %(workspace_id)s, ARRAY(SELECT row_id FROM batch WHERE known_id IS NOT NULL)
         ) AS tag
    JOIN batch
      ON batch.row_id = tag.row_id
   ORDER BY batch.known_id, tag.tag_id
  ON CONFLICT ON CONSTRAINT item_tags_pkey
  DO NOTHING
  RETURNING item_id
),
filed AS (
  INSERT INTO folder_items (workspace_id, folder_id, item_id)
  SELECT DISTINCT
         %(workspace_id)s::uuid,
         folder.id,
         coalesce(batch.known_id, batch.row_id) AS item_id
    FROM batch
   CROSS JOIN LATERAL jsonb_array_elements_text(batch.payload -> 'folders') AS place (number)
    JOIN import_folders AS wanted
      ON wanted.import_id = %(id)s
     AND wanted.number = place.number::integer
    JOIN folders AS folder
      ON folder.id = wanted.folder_id
     AND folder.workspace_id = %(workspace_id)s
   ORDER BY item_id, folder.id
  ON CONFLICT ON CONSTRAINT folder_items_pkey
  DO NOTHING
  RETURNING item_id
),
said AS (
  SELECT batch.known_id,
         (array_agg(given.summary ORDER BY batch.number) FILTER (WHERE given.summary IS NOT NULL))[1] AS summary,
         bool_or(given.is_read) AS is_read,
         bool_or(given.is_favourite) AS is_favourite
    FROM batch
   CROSS JOIN LATERAL jsonb_populate_record(NULL::items, batch.payload) AS given
   WHERE batch.known_id IS NOT NULL
   GROUP BY batch.known_id
),
told AS (
  SELECT said.*,
         array_remove(
           ARRAY[
             CASE WHEN known.id IN (SELECT item_id FROM filed) THEN 'add_folder_ids' END,
             CASE WHEN known.id IN (SELECT item_id FROM tagged_too) THEN 'add_tags' END,
             CASE WHEN known.id IN (SELECT item_id FROM annotated) THEN 'annotations' END,
             CASE WHEN NOT known.is_favourite AND said.is_favourite THEN 'is_favourite' END,
             CASE WHEN NOT known.is_read AND said.is_read THEN 'is_read' END,
             CASE WHEN known.summary IS NULL AND said.summary IS NOT NULL THEN 'summary' END
           ],
           NULL
         ) AS fields
    FROM said
    JOIN items AS known
      ON known.id = said.known_id
   ORDER BY known.id
     FOR UPDATE OF known
),
completed AS (
  UPDATE items
     SET summary = coalesce(items.summary, told.summary),
         is_read = items.is_read OR told.is_read,
         is_favourite = items.is_favourite OR told.is_favourite,
         updated_at = now()
    FROM told
   WHERE items.id = told.known_id
     AND told.fields <> '{}'
  RETURNING items.id, items.workspace_id, told.fields
),
recorded AS (
  INSERT INTO events (workspace_id, entity, entity_id, event, actor, request_id, payload)
  SELECT workspace_id,
         'item',
         id,
         'item.edited',
         current_setting('coffer.actor'),
         nullif(current_setting('coffer.request_id'), ''),
         jsonb_build_object('fields', fields)
    FROM completed
),
looked_at AS (
  UPDATE import_rows
     SET is_done = true
   WHERE import_id = %(id)s
     AND number IN (SELECT number FROM batch)
)
SELECT count(*) AS looked_at,
       ARRAY(SELECT id FROM added) AS added
  FROM batch;

-- name: add_tasks :one
-- Adds a batch's tasks: returns how many were looked at, and their ids. A link is kept if the item
-- is in the workspace. `settle_tasks` completes those that were completed.
WITH batch AS (
  SELECT number, row_id, payload
    FROM import_rows
   WHERE import_id = %(id)s
     AND NOT is_done
     AND number <= %(upto)s
     AND entity = 'task'
),
added AS (
  INSERT INTO tasks
    (
      id,
      workspace_id,
      user_id,
      status,
      title,
      description,
      due_at,
      due_on,
      time_zone,
      priority,
      recurrence,
      recurs_from,
      follows_id,
      remind_at,
      remind_minutes_before,
      reminded_at,
      item_id,
      document_id,
      created_at,
      updated_at,
      completed_at
    )
  SELECT batch.row_id,
         %(workspace_id)s,
         %(user_id)s,
         'pending',
         given.title,
         given.description,
         given.due_at,
         given.due_on,
         given.time_zone,
         given.priority,
         given.recurrence,
         given.recurs_from,
         given.follows_id,
         given.remind_at,
         given.remind_minutes_before,
         given.reminded_at,
         (
           SELECT item.id
             FROM items AS item
            WHERE item.id = given.item_id
              AND item.workspace_id = %(workspace_id)s
         ),
         (
           SELECT document.id
             FROM documents AS document
            WHERE document.id = given.document_id
              AND document.workspace_id = %(workspace_id)s
         ),
         given.created_at,
         given.updated_at,
         given.completed_at
    FROM batch
   CROSS JOIN LATERAL jsonb_populate_record(NULL::tasks, batch.payload) AS given
   ORDER BY batch.row_id
  RETURNING id
),
tagged AS (
  INSERT INTO task_tags (task_id, tag_id)
  SELECT tag.row_id, tag.tag_id
    FROM tags_of_import_rows(
           %(workspace_id)s, ARRAY(SELECT row_id FROM batch), %(user_id)s
         ) AS tag
),
looked_at AS (
  UPDATE import_rows
     SET is_done = true
   WHERE import_id = %(id)s
     AND number IN (SELECT number FROM batch)
)
SELECT count(*) AS looked_at,
       ARRAY(SELECT id FROM added) AS added
  FROM batch;

-- name: add_feeds :one
-- Adds a batch's feeds, each in the folder that the file says, unless the workspace follows them already, as long
-- as it has fewer than the most; returns how many were looked at, the ids of those added, and the lines and
-- addresses of those that were one too many. Their first checks are queued.
WITH batch AS (
  SELECT row.number,
         row.row_id,
         row.payload
    FROM import_rows AS row
   WHERE row.import_id = %(id)s
     AND NOT row.is_done
     AND row.number <= %(upto)s
     AND row.entity = 'feed'
),
fresh AS MATERIALIZED (
  SELECT batch.*,
         row_number() OVER (ORDER BY batch.number) + (
           SELECT count(*)
             FROM feeds
            WHERE workspace_id = %(workspace_id)s
         ) <= %(most)s AS has_room
    FROM batch
   WHERE NOT EXISTS (
           SELECT
             FROM feeds
            WHERE workspace_id = %(workspace_id)s
              AND url = batch.payload ->> 'url'
         )
),
added AS (
  INSERT INTO feeds
    (id, workspace_id, created_by, url, name, folder_id, tags, interval_minutes, next_check_at)
  SELECT fresh.row_id,
         %(workspace_id)s,
         %(user_id)s,
         given.url,
         given.name,
         folder.id,
         given.tags,
         given.interval_minutes,
         now()
    FROM fresh
   CROSS JOIN LATERAL jsonb_populate_record(NULL::feeds, fresh.payload) AS given
    LEFT JOIN import_folders AS wanted
      ON wanted.import_id = %(id)s
     AND wanted.number = (fresh.payload #>> '{folders,0}')::integer
    LEFT JOIN folders AS folder
      ON folder.id = wanted.folder_id
     AND folder.workspace_id = %(workspace_id)s
   WHERE fresh.has_room
   ORDER BY fresh.number
  ON CONFLICT ON CONSTRAINT feeds_address_is_followed_once
  DO NOTHING
  RETURNING id
),
looked_at AS (
  UPDATE import_rows
     SET is_done = true
   WHERE import_id = %(id)s
     AND number IN (SELECT number FROM batch)
)
SELECT count(*) AS looked_at,
       ARRAY(SELECT id FROM added) AS added,
       ARRAY(
         SELECT jsonb_build_object('line', (payload ->> 'line')::integer, 'address', left(payload ->> 'url', 200))
           FROM fresh
          WHERE NOT has_room
          ORDER BY number
       ) AS refused
  FROM batch;

-- name: settle_items :exec
-- Gives items that were just added their final status.
UPDATE items
   SET status = row.payload ->> 'status'
  FROM import_rows AS row
 WHERE items.id = ANY (%(ids)b::uuid[])
   AND row.row_id = items.id
   AND row.payload ->> 'status' IN ('ready_to_confirm', 'failed');

-- name: settle_tasks :exec
-- Completes tasks that were just added, if they were completed.
UPDATE tasks
   SET status = 'completed'
  FROM import_rows AS row
 WHERE tasks.id = ANY (%(ids)b::uuid[])
   AND row.row_id = tasks.id
   AND row.payload ->> 'status' = 'completed';

-- name: forget :exec
-- Removes the rows and the folders of an import that has ended.
WITH forgotten AS (
  DELETE FROM import_folders
   WHERE import_id = %(id)s
)
DELETE FROM import_rows
 WHERE import_id = %(id)s;
