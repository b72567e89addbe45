-- name: known :many
-- What rows of an archive, each of a kind, are called here.
SELECT kind,
       old_id,
       new_id
  FROM archived_ids
 WHERE import_id = %(import_id)s
   AND (kind, old_id) IN (
         SELECT asked.kind, asked.id
           FROM unnest(%(kinds)s::text[], %(ids)s::uuid[]) AS asked (kind, id)
       );

-- name: note :exec
-- Notes what rows of an archive are called here.
INSERT INTO archived_ids (import_id, kind, old_id, new_id)
SELECT %(import_id)s,
       %(kind)s,
       noted.old_id,
       noted.new_id
  FROM unnest(%(old_ids)s::uuid[], %(new_ids)s::uuid[]) AS noted (old_id, new_id);

-- name: of_strangers :many
-- Those of some ids that something of another workspace has, or had.
SELECT DISTINCT entity_id AS id
  FROM events
 WHERE entity_id = ANY (%(ids)s::uuid[])
   AND workspace_id <> %(workspace_id)s
 UNION
SELECT id
  FROM search_entries
 WHERE id = ANY (%(ids)s::uuid[])
   AND workspace_id <> %(workspace_id)s;

-- name: forget :exec
-- Forgets what rows are called, once their import has ended.
DELETE FROM archived_ids
 WHERE import_id = %(import_id)s;
