-- name: create :value
-- A new rule; by default it comes last. No row if the workspace has as many rules as it may.
INSERT INTO rules
  (
    workspace_id,
    created_by,
    name,
    position,
    is_active,
    applies_to,
    addresses,
    source_types,
    with_tags,
    phrases,
    match,
    within,
    category,
    correspondent,
    folder_id,
    tags,
    action
  )
SELECT %(workspace_id)s,
       %(created_by)s,
       %(name)s,
       coalesce(%(position)s, least(standing.last + 1, 10000)),
       %(is_active)s,
       %(applies_to)s,
       %(addresses)s,
       %(source_types)s,
       %(with_tags)s,
       %(phrases)s,
       %(match)s,
       %(within)s,
       %(category)s,
       %(correspondent)s,
       %(folder_id)s,
       %(tags)s,
       %(action)s
  FROM (
         SELECT count(*) AS number,
                coalesce(max(position), 0) AS last
           FROM rules
          WHERE workspace_id = %(workspace_id)s
       ) AS standing
 WHERE standing.number < %(most)s
RETURNING id;

-- name: get :one
-- A rule.
SELECT id,
       name,
       position,
       is_active,
       applies_to,
       addresses,
       source_types,
       with_tags,
       phrases,
       match,
       within,
       category,
       correspondent,
       folder_id,
       tags,
       action,
       created_at,
       updated_at
  FROM rules
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s;

-- name: list_of_workspace :many
-- A workspace's rules in the order in which they apply.
SELECT id,
       name,
       position,
       is_active,
       applies_to,
       addresses,
       source_types,
       with_tags,
       phrases,
       match,
       within,
       category,
       correspondent,
       folder_id,
       tags,
       action,
       created_at,
       updated_at
  FROM rules
 WHERE workspace_id = %(workspace_id)s
 ORDER BY position, id;

-- name: active :many
-- The active rules of some workspaces for `documents` or `items`, in the order in which they apply.
SELECT workspace_id,
       id,
       name,
       addresses,
       source_types,
       with_tags,
       phrases,
       match,
       within,
       category,
       correspondent,
       folder_id,
       tags,
       action
  FROM rules
 WHERE workspace_id = ANY (%(workspace_ids)s::uuid[])
   AND is_active
   AND applies_to IN (%(to)s, 'both')
 ORDER BY workspace_id, position, id;

-- name: change :value
-- Changes a rule; the id, or no row if the workspace has no such rule.
UPDATE rules
   SET name = changed.name,
       position = changed.position,
       is_active = changed.is_active,
       applies_to = changed.applies_to,
       addresses = changed.addresses,
       source_types = changed.source_types,
       with_tags = changed.with_tags,
       phrases = changed.phrases,
       match = changed.match,
       within = changed.within,
       category = changed.category,
       correspondent = changed.correspondent,
       folder_id = changed.folder_id,
       tags = changed.tags,
       action = changed.action,
       updated_at = now()
  FROM rules AS standing
 CROSS JOIN LATERAL jsonb_populate_record(standing, %(fields)s::jsonb) AS changed
 WHERE standing.id = %(id)s
   AND rules.id = standing.id
   AND rules.workspace_id = %(workspace_id)s
RETURNING rules.id;

-- name: remove :value
-- Removes a rule; what it gave stays. The id, or no row if the workspace has no such rule.
DELETE FROM rules
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
RETURNING id;

-- name: documents_to_try :many
-- The newest documents of a workspace that were read, with what rules look at.
SELECT document.id,
       document.name,
       document.title,
       document.summary,
       document.correspondent,
       left(text.text, 200000) AS text
  FROM documents AS document
  JOIN document_texts AS text
    ON text.id = document.text_id
 WHERE document.workspace_id = %(workspace_id)s
   AND document.status <> 'discarded'
   AND document.id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY document.id DESC
 LIMIT %(limit)s;

-- name: items_to_try :many
-- The newest items of a workspace that are not in the trash.
SELECT id
  FROM items
 WHERE workspace_id = %(workspace_id)s
   AND status <> 'discarded'
   AND id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY id DESC
 LIMIT %(limit)s;
