-- name: put :exec
-- The folders of a file: the number of the one around it, or null, and its name, in the order of their
-- numbers, which begin with 0.
INSERT INTO import_folders (import_id, number, parent_number, name)
SELECT %(id)s,
       given.place - 1,
       (given.folder ->> 0)::integer,
       given.folder ->> 1
  FROM jsonb_array_elements(%(folders)s::jsonb) WITH ORDINALITY AS given (folder, place);

-- name: make :value
-- Makes the next folders of an import in its workspace; how many, 0 if all are there.
SELECT make_import_folders(%(id)s, %(workspace_id)s, %(user_id)s, %(limit)s::integer);

-- name: hold :many
-- Keeps the folders of a batch's rows from being removed until the transaction ends, as `folder_items.hold`.
SELECT id
  FROM folders
 WHERE workspace_id = %(workspace_id)s
   AND id = ANY (
         ARRAY(
           SELECT wanted.folder_id
             FROM import_rows AS row
            CROSS JOIN LATERAL jsonb_array_elements_text(row.payload -> 'folders') AS place (number)
             JOIN import_folders AS wanted
               ON wanted.import_id = row.import_id
              AND wanted.number = place.number::integer
            WHERE row.import_id = %(id)s
              AND NOT row.is_done
              AND row.number <= %(upto)s
         )
       )
 ORDER BY id
   FOR KEY SHARE;
