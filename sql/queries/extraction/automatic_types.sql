-- name: create :maybe
-- Jobs for documents of a type start by themselves from now on; no row if they do already, or if the
-- workspace has as many such types as it may.
INSERT INTO automatic_types (workspace_id, document_type, created_by)
SELECT %(workspace_id)s,
       %(document_type)s,
       %(created_by)s
 WHERE (SELECT count(*) FROM automatic_types WHERE workspace_id = %(workspace_id)s) < %(most)s
ON CONFLICT (workspace_id, fold(document_type))
DO NOTHING
RETURNING id, document_type, created_by, created_at;

-- name: of_type :maybe
-- A type of documents for which jobs start by themselves.
SELECT id,
       document_type,
       created_by,
       created_at
  FROM automatic_types
 WHERE workspace_id = %(workspace_id)s
   AND fold(document_type) = fold(%(document_type)s);

-- name: list_of_workspace :many
-- The types of documents for which jobs start by themselves, in the order of their names.
SELECT id,
       document_type,
       created_by,
       created_at
  FROM automatic_types
 WHERE workspace_id = %(workspace_id)s
 ORDER BY sort_key(document_type) COLLATE "C";

-- name: remove :value
-- Jobs for documents of a type no longer start by themselves; the id, or no row if there is none.
DELETE FROM automatic_types
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
RETURNING id;
