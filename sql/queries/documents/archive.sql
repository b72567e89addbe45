-- name: of_documents :many
-- The files of the current versions of those of some documents that can be read from a workspace, in
-- the given order.
SELECT document.id,
       document.workspace_id,
       document.name,
       document.created_at,
       version.bytes,
       object.key,
       '{}'::text[] AS path
  FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted (id, place)
  JOIN documents AS document
    ON document.id = wanted.id
   AND document.workspace_id = home_to_read_document(wanted.id, %(workspace_id)s)
  JOIN document_versions AS version
    ON version.id = document.version_id
  JOIN objects AS object
    ON object.id = version.object_id
   AND object.status = 'stored'
 ORDER BY wanted.place;

-- name: of_folder :many
-- The files of the documents in a folder that can be read from a workspace, and in the folders in it,
-- each with the names of the folders between, by place and age. Documents in the trash are left out.
SELECT document.id,
       document.workspace_id,
       document.name,
       document.created_at,
       version.bytes,
       object.key,
       place.path
  FROM folders_below(%(folder_id)s) AS below
 CROSS JOIN LATERAL (
         SELECT ARRAY(
                  SELECT above.name
                    FROM folders_above(below.id) AS above
                   WHERE above.distance < below.distance
                   ORDER BY above.distance DESC
                ) AS path
       ) AS place
  JOIN documents AS document
    ON document.workspace_id = (SELECT home_to_read_folder(%(folder_id)s, %(workspace_id)s))
   AND document.folder_id = below.id
   AND document.status <> 'discarded'
  JOIN document_versions AS version
    ON version.id = document.version_id
  JOIN objects AS object
    ON object.id = version.object_id
   AND object.status = 'stored'
 ORDER BY place.path, document.id
 LIMIT %(limit)s;
