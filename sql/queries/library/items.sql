-- name: create :one
-- A new item with its tags; missing tags are created. Entering `enriching` enqueues its enrichment. The tags
-- that rules may give it are made and locked along with its own, so that two captures never deadlock.
-- The row is returned as written, since a statement cannot read its own writes; and whether the workspace has
-- rules for items.
WITH made AS (
  INSERT INTO items
    (
      workspace_id,
      created_by,
      source_type,
      source_url,
      page_hash,
      raw_text,
      status,
      title,
      confirmed_at,
      document_id
    )
  VALUES (
    %(workspace_id)s,
    %(created_by)s,
    %(source_type)s,
    %(source_url)s,
    %(page_hash)s,
    %(raw_text)s,
    %(status)s,
    %(title)s,
    CASE WHEN %(status)s = 'confirmed' THEN now() END,
    %(document_id)s
  )
  RETURNING *
),
tag AS (
  SELECT made.id, made.name
    FROM make_tags(%(workspace_id)s, %(tags)s::text[] || tags_of_item_rules(%(workspace_id)s)) AS made
   WHERE fold(made.name) IN (SELECT fold(tag_name(name)) FROM unnest(%(tags)s::text[]) AS given (name))
),
attached AS (
  INSERT INTO item_tags (item_id, tag_id)
  SELECT made.id, tag.id
    FROM made
   CROSS JOIN tag
)
SELECT answer.*,
       EXISTS (
         SELECT
           FROM rules AS rule
          WHERE rule.workspace_id = %(workspace_id)s
            AND rule.is_active
            AND rule.applies_to <> 'documents'
       ) AS has_rules
  FROM made
 CROSS JOIN LATERAL jsonb_populate_record(
         NULL::item_answer,
         to_jsonb(made) || jsonb_build_object(
                             'tags', ARRAY(SELECT name FROM tag ORDER BY sort_key(name) COLLATE "C"),
                             'suggestions', ARRAY[]::text[],
                             'folders', ARRAY[]::text[],
                             'annotation_count', 0
                           )
       ) AS answer;

-- name: text_of_document :value
-- What an item says of a document that it comes from: its title and its summary; null if the workspace
-- has no such document.
SELECT max(concat_ws(E'\n\n', coalesce(title, name), summary))
  FROM documents
 WHERE id = %(document_id)s
   AND workspace_id = %(workspace_id)s;

-- name: hold_page :exec
-- Serializes captures of a page into a workspace, until the transaction ends.
SELECT pg_advisory_xact_lock(
         hashtextextended(%(workspace_id)s::text || encode(%(page_hash)s, 'hex'), 0)
       );

-- name: find_page :maybe
-- The oldest item of an already captured page, at any of its addresses, unless it was discarded.
SELECT id
  FROM items_of_pages(%(workspace_id)s, ARRAY[%(page_hash)s::bytea]) AS found (id)
 ORDER BY id
 LIMIT 1;

-- name: get :one
-- A complete item.
SELECT *
  FROM item_answers(%(workspace_id)s)
 WHERE id = %(id)s;

-- name: lock :value
-- Locks an item until the transaction ends; its status, or no row if the workspace has no such item.
SELECT status
  FROM items
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   FOR NO KEY UPDATE;

-- name: hold_enrichment :maybe
-- Locks the queued enrichment of an item until the transaction ends. Workers lock it before the item, and
-- so does whoever takes it away from them.
SELECT claim
  FROM outbox
 WHERE kind = 'enrich_items'
   AND subject_id = %(id)s
   AND workspace_id = %(workspace_id)s
   FOR UPDATE;

-- name: exists :value
-- Whether the workspace has such an item; no row if it has not.
SELECT true
  FROM items
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s;

-- name: list_pending :many
-- Everything that waits for its owner, or what of it comes from a document or is in a folder, newest first.
SELECT *
  FROM item_briefs(%(workspace_id)s)
 WHERE status IN ('enriching', 'ready_to_confirm', 'failed')
   AND (%(after)s::uuid IS NULL OR id < %(after)s::uuid)
   AND (%(document_id)s::uuid IS NULL OR document_id = %(document_id)s)
   AND (
         %(folder_id)s::uuid IS NULL
         OR id IN (
              SELECT held.item_id
                FROM folder_items AS held
               WHERE held.workspace_id = %(workspace_id)s
                 AND held.folder_id = ANY (
                       ARRAY(
                         SELECT below.id
                           FROM folders_below(%(folder_id)s) AS below
                          WHERE below.distance = 0
                             OR %(recursive)s::boolean
                       )
                     )
            )
       )
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: count_pending :value
-- How much waits for its owner.
SELECT count(*)
  FROM items
 WHERE workspace_id = %(workspace_id)s
   AND status IN ('enriching', 'ready_to_confirm', 'failed')
   AND (%(document_id)s::uuid IS NULL OR document_id = %(document_id)s)
   AND (
         %(folder_id)s::uuid IS NULL
         OR id IN (
              SELECT held.item_id
                FROM folder_items AS held
               WHERE held.workspace_id = %(workspace_id)s
                 AND held.folder_id = ANY (
                       ARRAY(
                         SELECT below.id
                           FROM folders_below(%(folder_id)s) AS below
                          WHERE below.distance = 0
                             OR %(recursive)s::boolean
                       )
                     )
            )
       );

-- name: change :value
-- Applies an action, edits, or both; returns the id, or no row if the workspace has no such item.
-- The database refuses an action that the item does not allow, and any edit of a discarded item. An
-- item that is being enriched is confirmed if that takes long; the work on it goes on, and the reason
-- why it has taken so long stays. Of another page than before, nothing is known yet.
UPDATE items
   SET status = CASE
         WHEN %(action)s::text IS NULL AND status <> 'discarded' THEN status
         ELSE next_item_status(items, coalesce(%(action)s::text, 'edit'))
       END,
       title = coalesce(%(title)s, title),
       raw_text = coalesce(%(raw_text)s, raw_text),
       source_url = coalesce(%(source_url)s, source_url),
       page_hash = coalesce(%(page_hash)s::bytea, page_hash),
       page_form = CASE WHEN %(page_hash)s::bytea IS NULL THEN page_form ELSE 2 END,
       same_page_as = CASE
         WHEN page_hash IS NOT DISTINCT FROM coalesce(%(page_hash)s::bytea, page_hash) THEN same_page_as
       END,
       is_read = coalesce(%(is_read)s, is_read),
       is_favourite = coalesce(%(is_favourite)s, is_favourite),
       summary = CASE WHEN %(summary)s::text IS NULL THEN summary ELSE nullif(%(summary)s, '') END,
       confirmed_at = CASE WHEN %(action)s = 'confirm' THEN now() ELSE confirmed_at END,
       error = CASE
         WHEN page_hash IS DISTINCT FROM coalesce(%(page_hash)s::bytea, page_hash) THEN NULL
         WHEN %(action)s IN ('retry', 'fetch') AND status = 'failed' THEN NULL
         WHEN %(action)s = 'confirm' THEN coalesce(error, last_error_of_enrichment(id))
         ELSE error
       END,
       updated_at = now()
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
RETURNING id;

-- name: touch :value
-- Notes that something of an item has changed, and locks it; the database refuses a discarded one. No row
-- if the workspace has no such item.
UPDATE items
   SET status = CASE status WHEN 'discarded' THEN next_item_status(items, 'edit') ELSE status END,
       updated_at = now()
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
RETURNING id;

-- name: leave_page :exec
-- Forgets the further addresses of the page that an item had before, and that newer items have the same
-- page, unless an older one of theirs is left.
WITH forgotten AS (
  DELETE FROM item_addresses
   WHERE item_id = %(id)s
),
newer AS MATERIALIZED (
  SELECT item.id,
         ARRAY(
           SELECT address.page_hash
             FROM item_addresses AS address
            WHERE address.item_id = item.id
         ) || item.page_hash AS page_hashes
    FROM items AS item
   WHERE item.workspace_id = %(workspace_id)s
     AND item.same_page_as = %(id)s
)
UPDATE items
   SET same_page_as = (
         SELECT min(older.id::text)::uuid
           FROM items_of_pages(%(workspace_id)s, newer.page_hashes) AS older (id)
          WHERE older.id < newer.id
            AND older.id <> %(id)s
       )
  FROM newer
 WHERE items.id = newer.id;

-- name: enrich_again :exec
-- Queues the enrichment of an item whose status stays what it is, from its first attempt; 0 if it has
-- another status. The item keeps what is known until the page has been read, and the reason why it
-- could not be read before.
WITH item AS (
  UPDATE items
     SET updated_at = now()
   WHERE id = %(id)s
     AND status = %(status)s
  RETURNING id, workspace_id
),
recorded AS (
  INSERT INTO events (workspace_id, entity, entity_id, event, actor, request_id)
  SELECT workspace_id,
         'item',
         id,
         %(event)s,
         current_setting('coffer.actor'),
         nullif(current_setting('coffer.request_id'), '')
    FROM item
),
buried AS (
  DELETE FROM dead_letters
   WHERE kind = 'enrich_items'
     AND subject_id = (SELECT id FROM item)
)
INSERT INTO outbox (kind, subject_id, workspace_id, request_id, traceparent)
SELECT 'enrich_items',
       id,
       workspace_id,
       nullif(current_setting('coffer.request_id'), ''),
       nullif(current_setting('coffer.traceparent'), '')
  FROM item
ON CONFLICT ON CONSTRAINT outbox_work_is_queued_once
DO UPDATE
      SET request_id = EXCLUDED.request_id,
          traceparent = EXCLUDED.traceparent,
          progress = NULL,
          run_after = EXCLUDED.run_after,
          attempts = 0,
          claim = NULL,
          claimed_by = NULL,
          cut_off = 0,
          last_error = NULL,
          enqueued_at = EXCLUDED.enqueued_at;

-- name: get_source :one
-- What an item was made of, and its title.
SELECT source_type,
       source_url,
       page_hash,
       raw_text,
       title
  FROM items
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s;

-- name: record_edit :exec
-- Writes an edit into an item's timeline, and keeps the text and the address that it replaced, if any.
WITH recorded AS (
  INSERT INTO events (workspace_id, entity, entity_id, event, actor, request_id, payload)
  VALUES (
    %(workspace_id)s,
    'item',
    %(id)s,
    'item.edited',
    current_setting('coffer.actor'),
    nullif(current_setting('coffer.request_id'), ''),
    jsonb_build_object('fields', %(fields)s::text[])
  )
  RETURNING id, workspace_id, entity_id
)
INSERT INTO item_texts (event_id, workspace_id, item_id, raw_text, source_url)
SELECT id, workspace_id, entity_id, %(raw_text)s::text, %(source_url)s::text
  FROM recorded
 WHERE num_nonnulls(%(raw_text)s::text, %(source_url)s::text) > 0;

-- name: load_for_enrichment :many
-- The input of the enrichment, with the names of the workspace's most used tags that all its
-- members see; no row if the item is gone or no longer needs it. One that was confirmed in the meantime
-- still does. A title that no person wrote is found anew.
WITH wanted AS (
  SELECT id,
         workspace_id,
         source_type,
         source_url,
         raw_text,
         CASE WHEN 'title' = ANY (written_fields) THEN title END AS title
    FROM items
   WHERE id = ANY (%(ids)s::uuid[])
     AND status IN ('enriching', 'confirmed')
),
known AS (
  SELECT workspace.id,
         ARRAY(
           SELECT tag.name
             FROM tags AS tag
             LEFT JOIN item_tags
               ON item_tags.tag_id = tag.id
            WHERE tag.workspace_id = workspace.id
              AND tag.audience = workspace.id
            GROUP BY tag.id
            ORDER BY count(item_tags.item_id) DESC, tag.id DESC
            LIMIT %(most_tags)s
         ) AS tags
    FROM (SELECT DISTINCT workspace_id FROM wanted) AS workspace (id)
)
SELECT wanted.id,
       wanted.workspace_id,
       wanted.source_type,
       wanted.source_url,
       wanted.raw_text,
       wanted.title,
       known.tags AS known_tags
  FROM wanted
  JOIN known
    ON known.id = wanted.workspace_id;

-- name: save_enrichment :value
-- Saves the enrichment's result, unless the item no longer needs it: 1, or 0. What a person wrote
-- stays, and so does what was found before, where nothing was found now; an item that was confirmed in the meantime stays confirmed, and its timeline says that it was
-- enriched. The addresses that were found are the page's from now on, in place of earlier ones; if an
-- older item has one of them, this item says so. The suggestions replace the undecided ones of an
-- earlier enrichment, without those that the item already has.
WITH item AS (
  UPDATE items
     SET status = CASE status WHEN 'enriching' THEN 'ready_to_confirm' ELSE status END,
         error = NULL,
         title = CASE WHEN 'title' = ANY (written_fields) THEN title ELSE coalesce(%(title)s, title) END,
         summary = CASE WHEN 'summary' = ANY (written_fields) THEN summary ELSE coalesce(%(summary)s, summary) END,
         language = coalesce(%(language)s, language),
         author = CASE WHEN %(content)s::text IS NULL THEN author ELSE %(author)s END,
         published_at = CASE WHEN %(content)s::text IS NULL THEN published_at ELSE %(published_at)s END,
         content = coalesce(%(content)s, content),
         same_page_as = (
           SELECT min(older.id::text)::uuid
             FROM items_of_pages(workspace_id, array_append(%(page_hashes)s::bytea[], page_hash)) AS older (id)
            WHERE older.id < items.id
         ),
         updated_at = now()
   WHERE id = %(id)s
     AND status IN ('enriching', 'confirmed')
  RETURNING id, workspace_id, status
),
left_behind AS (
  DELETE FROM item_addresses
   WHERE item_id = (SELECT id FROM item)
     AND page_hash <> ALL (%(page_hashes)s::bytea[])
),
found AS (
  INSERT INTO item_addresses (workspace_id, item_id, page_hash, url, found_by)
  SELECT item.workspace_id,
         item.id,
         address.page_hash,
         address.url,
         address.found_by
    FROM item
   CROSS JOIN unnest(%(page_hashes)s::bytea[], %(urls)s::text[], %(found_by)s::text[])
         AS address (page_hash, url, found_by)
  ON CONFLICT (workspace_id, page_hash, item_id)
  DO NOTHING
),
recorded AS (
  INSERT INTO events (workspace_id, entity, entity_id, event, actor, request_id)
  SELECT workspace_id,
         'item',
         id,
         'item.enriched',
         current_setting('coffer.actor'),
         nullif(current_setting('coffer.request_id'), '')
    FROM item
   WHERE status = 'confirmed'
),
suggested AS (
  SELECT name, confidence
    FROM unnest(%(names)s::text[], %(confidences)s::real[]) AS tag (name, confidence)
),
outdated AS (
  DELETE FROM suggestions
   WHERE item_id = (SELECT id FROM item)
     AND status = 'pending'
     AND fold(value) <> ALL (SELECT fold(name) FROM suggested)
),
added AS (
  INSERT INTO suggestions (workspace_id, item_id, value, confidence, source, awaits_review)
  SELECT item.workspace_id,
         item.id,
         suggested.name,
         suggested.confidence,
         %(source)s,
         item.status = 'ready_to_confirm'
    FROM item
   CROSS JOIN suggested
   WHERE NOT EXISTS (
           SELECT
             FROM item_tags
             JOIN tags AS tag
               ON tag.id = item_tags.tag_id
            WHERE item_tags.item_id = item.id
              AND fold(tag.name) = fold(suggested.name)
         )
  ON CONFLICT (item_id, fold(value))
  DO NOTHING
)
SELECT count(*)
  FROM item;

-- name: retry :exec
-- Retries an enrichment that was given up, for an operator.
UPDATE items
   SET status = 'enriching',
       error = NULL,
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'failed';

-- name: fail :exec
-- The enrichment was given up. An item that was confirmed in the meantime stays confirmed, and its
-- timeline says that it failed.
WITH item AS (
  UPDATE items
     SET status = CASE status WHEN 'enriching' THEN 'failed' ELSE status END,
         error = %(error)s,
         updated_at = now()
   WHERE id = %(id)s
     AND status IN ('enriching', 'confirmed')
  RETURNING id, workspace_id, status, error
)
INSERT INTO events (workspace_id, entity, entity_id, event, actor, request_id, payload)
SELECT workspace_id,
       'item',
       id,
       'item.failed',
       current_setting('coffer.actor'),
       nullif(current_setting('coffer.request_id'), ''),
       jsonb_build_object('error', error)
  FROM item
 WHERE status = 'confirmed';
