-- name: bytes :value
-- The bytes of a file of a workspace.
SELECT bytes
  FROM ipfs_files
 WHERE cid = %(cid)s
   AND workspace_id = %(workspace_id)s;

-- name: find_public :one
-- A file that anybody may read: the picture or the metadata of a token that is about to be revealed, or
-- was, in a public collection, unless its workspace is about to be deleted.
SELECT file.workspace_id,
       file.media_type,
       file.size
  FROM ipfs_files AS file
 WHERE file.cid = %(cid)s
   AND EXISTS (
         SELECT FROM ipfs_upload_records AS record
           JOIN tokens AS token
             ON token.id = record.token_id
            AND token.status IN ('ready', 'revealed')
           JOIN collections AS collection
             ON collection.id = token.collection_id
            AND collection.is_public
           JOIN workspaces AS workspace
             ON workspace.id = collection.workspace_id
            AND workspace.deletion_id IS NULL
          WHERE record.cid = file.cid
            AND record.workspace_id = file.workspace_id
            AND record.cid IN (token.image_cid, token.metadata_cid)
       )
 LIMIT 1;

-- name: part :value
-- Some bytes of a file, from one up to but not including another.
SELECT substring(bytes FROM %(start)s::integer + 1 FOR %(end)s::integer - %(start)s::integer)
  FROM ipfs_files
 WHERE cid = %(cid)s
   AND workspace_id = %(workspace_id)s;
