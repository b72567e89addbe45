-- name: list_of_workspace :many
-- The suggestions that await a decision, newest first; all, or those of a type or for a field. One for a
-- folder that is gone is left out.
SELECT suggestion.id,
       subject.type,
       coalesce(suggestion.item_id, suggestion.document_id, suggestion.table_id) AS subject_id,
       CASE
         WHEN suggestion.table_id IS NULL THEN coalesce(item.title, document.title, document.name)
         ELSE concat_ws(': ', coalesce(document.title, document.name), nullif(made.title, ''))
       END AS title,
       suggestion.field,
       suggestion.value,
       shown.label,
       suggestion.confidence,
       suggestion.source,
       suggestion.status
  FROM suggestions AS suggestion
  LEFT JOIN items AS item
    ON item.id = suggestion.item_id
  LEFT JOIN LATERAL (
         SELECT document_id,
                title,
                table_label(extracted_tables) AS label
           FROM extracted_tables
          WHERE id = suggestion.table_id
         OFFSET 0
       ) AS made
    ON true
  LEFT JOIN documents AS document
    ON document.id = coalesce(suggestion.document_id, made.document_id)
 CROSS JOIN LATERAL (
         SELECT CASE
                  WHEN suggestion.item_id IS NOT NULL THEN 'item'
                  WHEN suggestion.table_id IS NOT NULL THEN 'table'
                  ELSE 'document'
                END AS type
       ) AS subject
 CROSS JOIN LATERAL (
         SELECT CASE suggestion.field
                  WHEN 'folder_id' THEN (
                    SELECT string_agg(above.name, '/' ORDER BY above.distance DESC)
                      FROM folders_above(suggestion.value::uuid) AS above
                  )
                  WHEN 'cells' THEN made.label
                  ELSE suggestion.value
                END AS label
       ) AS shown
 WHERE suggestion.workspace_id = %(workspace_id)s
   AND suggestion.status = 'pending'
   AND suggestion.awaits_review
   AND suggestion.id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
   AND (%(type)s::text IS NULL OR subject.type = %(type)s)
   AND (%(field)s::text IS NULL OR suggestion.field = %(field)s)
   AND shown.label IS NOT NULL
 ORDER BY suggestion.id DESC
 LIMIT %(limit)s;

-- name: list_of_document :many
-- All suggestions for a document, newest first, with what became of them.
SELECT id,
       field,
       value,
       confidence,
       source,
       status
  FROM suggestions
 WHERE document_id = %(document_id)s
   AND workspace_id = %(workspace_id)s
   AND id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: get :one
-- A suggestion of a workspace.
SELECT suggestion.id,
       subject.type,
       coalesce(suggestion.item_id, suggestion.document_id, suggestion.table_id) AS subject_id,
       CASE
         WHEN suggestion.table_id IS NULL THEN coalesce(item.title, document.title, document.name)
         ELSE concat_ws(': ', coalesce(document.title, document.name), nullif(made.title, ''))
       END AS title,
       suggestion.field,
       suggestion.value,
       CASE suggestion.field
         WHEN 'folder_id' THEN (
           SELECT string_agg(above.name, '/' ORDER BY above.distance DESC)
             FROM folders_above(suggestion.value::uuid) AS above
         )
         WHEN 'cells' THEN made.label
         ELSE suggestion.value
       END AS label,
       suggestion.confidence,
       suggestion.source,
       suggestion.status
  FROM suggestions AS suggestion
  LEFT JOIN items AS item
    ON item.id = suggestion.item_id
  LEFT JOIN LATERAL (
         SELECT document_id,
                title,
                table_label(extracted_tables) AS label
           FROM extracted_tables
          WHERE id = suggestion.table_id
         OFFSET 0
       ) AS made
    ON true
  LEFT JOIN documents AS document
    ON document.id = coalesce(suggestion.document_id, made.document_id)
 CROSS JOIN LATERAL (
         SELECT CASE
                  WHEN suggestion.item_id IS NOT NULL THEN 'item'
                  WHEN suggestion.table_id IS NOT NULL THEN 'table'
                  ELSE 'document'
                END AS type
       ) AS subject
 WHERE suggestion.id = %(id)s
   AND suggestion.workspace_id = %(workspace_id)s;

-- name: find :many
-- What some suggestions of a workspace are for.
SELECT id,
       item_id,
       document_id,
       table_id,
       field,
       value
  FROM suggestions
 WHERE id = ANY (%(ids)s::uuid[])
   AND workspace_id = %(workspace_id)s;

-- name: hold_documents :exec
-- Locks some documents until the transaction ends. In id order, so that two requests never deadlock.
SELECT id
  FROM documents
 WHERE id = ANY (%(ids)s::uuid[])
   AND workspace_id = %(workspace_id)s
 ORDER BY id
   FOR NO KEY UPDATE;

-- name: decide :many
-- Accepts or rejects those of some suggestions that await a decision; returns what they are for. One for
-- a folder that is gone cannot be accepted.
UPDATE suggestions
   SET status = %(status)s,
       decided_at = now()
 WHERE id = ANY (%(ids)s::uuid[])
   AND workspace_id = %(workspace_id)s
   AND status = 'pending'
   AND awaits_review
   AND CASE field
         WHEN 'folder_id'
           THEN %(status)s = 'rejected' OR EXISTS (SELECT FROM folders WHERE id = value::uuid)
         ELSE true
       END
RETURNING id,
          item_id,
          document_id,
          field;

-- name: tag_items :exec
-- Attaches the tags that some accepted suggestions name to their items.
INSERT INTO item_tags (item_id, tag_id)
SELECT suggestion.item_id,
       tag.id
  FROM suggestions AS suggestion
  JOIN tags AS tag
    ON tag.workspace_id = suggestion.workspace_id
   AND tag.audience = suggestion.workspace_id
   AND fold(tag.name) = fold(suggestion.value)
 WHERE suggestion.id = ANY (%(ids)s::uuid[])
   AND suggestion.item_id IS NOT NULL
ON CONFLICT ON CONSTRAINT item_tags_pkey
DO NOTHING;

-- name: tag_documents :exec
-- The same of documents.
INSERT INTO document_tags (document_id, tag_id)
SELECT suggestion.document_id,
       tag.id
  FROM suggestions AS suggestion
  JOIN tags AS tag
    ON tag.workspace_id = suggestion.workspace_id
   AND tag.audience = suggestion.workspace_id
   AND fold(tag.name) = fold(suggestion.value)
 WHERE suggestion.id = ANY (%(ids)s::uuid[])
   AND suggestion.field = 'tag'
   AND suggestion.document_id IS NOT NULL
ON CONFLICT ON CONSTRAINT document_tags_pkey
DO NOTHING;

-- name: write_documents :exec
-- Gives documents what some accepted suggestions say, as if a person had written it, and records it in
-- their timelines. Of several for one field of a document only one may be among them.
WITH accepted AS (
  SELECT document_id,
         array_agg(field ORDER BY field) AS fields,
         jsonb_object_agg(field, value) AS given
    FROM suggestions
   WHERE id = ANY (%(ids)s::uuid[])
     AND document_id IS NOT NULL
   GROUP BY document_id
),
written AS (
  UPDATE documents AS document
     SET title = coalesce(accepted.given ->> 'title', title),
         category = coalesce(accepted.given ->> 'category', category),
         correspondent = coalesce(accepted.given ->> 'correspondent', correspondent),
         dated_on = coalesce((accepted.given ->> 'dated_on')::date, dated_on),
         folder_id = coalesce((accepted.given ->> 'folder_id')::uuid, folder_id),
         written_fields = written_fields || array_remove(accepted.fields, 'tag'),
         updated_at = now()
    FROM accepted
   WHERE document.id = accepted.document_id
  RETURNING document.id, document.workspace_id, accepted.fields
)
INSERT INTO events (workspace_id, entity, entity_id, event, actor, request_id, payload)
SELECT workspace_id,
       'document',
       id,
       'document.edited',
       current_setting('coffer.actor'),
       nullif(current_setting('coffer.request_id'), ''),
       jsonb_build_object('fields', fields, 'accepted', true)
  FROM written;

-- name: record_for_tables :exec
-- Tells the timelines of their jobs that tables were accepted or rejected.
INSERT INTO events (workspace_id, entity, entity_id, event, actor, request_id, payload)
SELECT suggestion.workspace_id,
       'job',
       made.job_id,
       'job.reviewed',
       current_setting('coffer.actor'),
       nullif(current_setting('coffer.request_id'), ''),
       jsonb_build_object('table_id', made.id, 'status', suggestion.status)
  FROM suggestions AS suggestion
  JOIN extracted_tables AS made
    ON made.id = suggestion.table_id
 WHERE suggestion.id = ANY (%(ids)s::uuid[]);

-- name: reject_for_documents :exec
-- Learns that people rejected suggestions for some documents, and records it in their timelines.
WITH rejected AS (
  SELECT document_id,
         workspace_id,
         array_agg(field ORDER BY field) AS fields
    FROM suggestions
   WHERE id = ANY (%(ids)s::uuid[])
     AND document_id IS NOT NULL
   GROUP BY document_id, workspace_id
),
learned AS MATERIALIZED (
  SELECT learn_from(ARRAY(SELECT document_id FROM rejected))
)
INSERT INTO events (workspace_id, entity, entity_id, event, actor, request_id, payload)
SELECT workspace_id,
       'document',
       document_id,
       'document.edited',
       current_setting('coffer.actor'),
       nullif(current_setting('coffer.request_id'), ''),
       jsonb_build_object('fields', fields, 'rejected', true)
  FROM rejected
 CROSS JOIN learned;
