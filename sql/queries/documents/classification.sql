-- name: load :many
-- The documents to classify, with what is learned about their words; no row for those that are gone or
-- whose text was classified already, or that a job produced. Only the beginning of a long text is read.
WITH wanted AS MATERIALIZED (
  SELECT document.id,
         document.workspace_id,
         document.name,
         version.kind,
         document.title,
         document.summary,
         document.correspondent,
         document.language,
         document.created_at,
         document.text_id,
         EXISTS (
           SELECT
             FROM suggestions AS suggestion
            WHERE suggestion.document_id = document.id
              AND suggestion.field = 'title'
              AND suggestion.status = 'applied'
         ) AS has_made_title,
         EXISTS (
           SELECT
             FROM shares AS share
            WHERE share.workspace_id = document.workspace_id
              AND share.level = 'write'
              AND (share.expires_at IS NULL OR share.expires_at > now())
              AND (
                    share.document_id = document.id
                    OR share.folder_id IN (
                         SELECT above.id
                           FROM folders_above(document.folder_id) AS above
                       )
                  )
         ) AS is_edited_outside,
         left(text.text, 200000) AS text,
         sha256(convert_to(text.text, 'UTF8')) AS digest,
         telling_words(
           document.language, concat_ws(' ', document.name, left(text.text, 20000))
         ) AS words
    FROM documents AS document
    JOIN document_texts AS text
      ON text.id = document.text_id
    JOIN document_versions AS version
      ON version.id = document.version_id
   WHERE document.id = ANY (%(ids)s::uuid[])
     AND document.status = 'ready'
     AND document.produced_by_job_id IS NULL
     AND document.classified IS DISTINCT FROM sha256(convert_to(text.text, 'UTF8'))
)
SELECT wanted.*,
       (
         SELECT coalesce(jsonb_agg(to_jsonb(learned)), '[]')
           FROM (
                  SELECT evidence.field,
                         CASE evidence.field
                           WHEN 'tag' THEN (SELECT name FROM tags WHERE id = evidence.label::uuid)
                           WHEN 'folder_id'
                             THEN (SELECT id::text FROM folders WHERE id = evidence.label::uuid)
                           ELSE evidence.label
                         END AS value,
                         evidence.documents,
                         evidence.words,
                         evidence.evidence
                    FROM learned_evidence(wanted.workspace_id, wanted.words) AS evidence
                   WHERE evidence.evidence > 0
                ) AS learned
          WHERE learned.value IS NOT NULL
       ) AS learned
  FROM wanted;

-- name: is_wanted :value
-- Whether any of some documents can still be classified.
SELECT EXISTS (
         SELECT
           FROM documents
          WHERE id = ANY (%(ids)s::uuid[])
            AND status = 'ready'
       );

-- name: known :many
-- The categories and correspondents that people gave most often in some workspaces, and the names of
-- their tags, most often given first.
SELECT workspace.id,
       ARRAY(
         SELECT label.label
           FROM learned_labels AS label
          WHERE label.workspace_id = workspace.id
            AND label.field = 'category'
            AND label.label <> ''
            AND label.documents > 0
          ORDER BY label.documents DESC, label.id
          LIMIT %(most_labels)s
       ) AS categories,
       ARRAY(
         SELECT label.label
           FROM learned_labels AS label
          WHERE label.workspace_id = workspace.id
            AND label.field = 'correspondent'
            AND label.label <> ''
            AND label.documents > 0
          ORDER BY label.documents DESC, label.id
          LIMIT %(most_labels)s
       ) AS correspondents,
       ARRAY(
         SELECT tag.name
           FROM tags AS tag
           LEFT JOIN learned_labels AS label
             ON label.workspace_id = workspace.id
            AND label.field = 'tag'
            AND fold(label.label) = tag.id::text
          WHERE tag.workspace_id = workspace.id
            AND tag.audience = workspace.id
          ORDER BY label.documents DESC NULLS LAST, tag.id DESC
          LIMIT %(most_tags)s
       ) AS tags
  FROM unnest(%(workspace_ids)s::uuid[]) AS workspace (id);

-- name: save :many
-- Saves what was found for a document, unless it no longer needs it or its text has changed: no row, or
-- one with what was kept. What a person wrote stays, and what a person rejected is not suggested again.
-- Applied values replace those applied before; suggestions replace the undecided ones. Only a rule moves
-- a document out of a folder that it was put into by others, such as a connection.
WITH document AS (
  SELECT id,
         workspace_id,
         written_fields,
         jsonb_build_object(
           'category', category,
           'correspondent', correspondent,
           'dated_on', to_char(dated_on, 'YYYY-MM-DD'),
           'folder_id', folder_id
         ) AS standing
    FROM documents
   WHERE id = %(id)s
     AND status = 'ready'
     AND text_id = %(text_id)s
     FOR NO KEY UPDATE
),
found AS (
  SELECT field, value, confidence, source, is_sure
    FROM jsonb_to_recordset(%(results)s::jsonb)
         AS result (field text, value text, confidence real, source text, is_sure boolean)
),
kept AS MATERIALIZED (
  SELECT found.field,
         found.value,
         found.confidence,
         found.source,
         found.is_sure AND (
           found.field <> 'folder_id'
           OR found.source = 'rule'
           OR document.standing ->> 'folder_id' IS NULL
           OR EXISTS (
                SELECT
                  FROM suggestions AS suggestion
                 WHERE suggestion.document_id = %(id)s
                   AND suggestion.field = 'folder_id'
                   AND suggestion.status = 'applied'
              )
         ) AS is_sure
    FROM document
   CROSS JOIN found
   WHERE found.field <> ALL (document.written_fields)
     AND (found.is_sure OR fold(document.standing ->> found.field) IS DISTINCT FROM fold(found.value))
     AND NOT EXISTS (
           SELECT
             FROM suggestions AS suggestion
            WHERE suggestion.document_id = %(id)s
              AND suggestion.field = found.field
              AND fold(suggestion.value) = fold(found.value)
              AND suggestion.status IN ('accepted', 'rejected')
         )
     AND NOT (
           found.field = 'tag'
           AND EXISTS (
                 SELECT
                   FROM document_tags
                   JOIN tags AS tag
                     ON tag.id = document_tags.tag_id
                  WHERE document_tags.document_id = %(id)s
                    AND fold(tag.name) = fold(found.value)
               )
         )
),
changed AS (
  UPDATE documents
     SET title = coalesce((SELECT value FROM kept WHERE field = 'title' AND is_sure), title),
         summary = coalesce((SELECT value FROM kept WHERE field = 'summary' AND is_sure), summary),
         category = coalesce((SELECT value FROM kept WHERE field = 'category' AND is_sure), category),
         correspondent = coalesce(
           (SELECT value FROM kept WHERE field = 'correspondent' AND is_sure), correspondent
         ),
         dated_on = coalesce(
           (SELECT value::date FROM kept WHERE field = 'dated_on' AND is_sure), dated_on
         ),
         folder_id = coalesce(
           (SELECT value::uuid FROM kept WHERE field = 'folder_id' AND is_sure), folder_id
         ),
         classified = %(digest)s,
         updated_at = CASE WHEN EXISTS (SELECT FROM kept WHERE is_sure) THEN now() ELSE updated_at END
   WHERE id = (SELECT id FROM document)
),
outdated AS (
  DELETE FROM suggestions AS suggestion
   WHERE suggestion.document_id = %(id)s
     AND EXISTS (SELECT FROM document)
     AND (
           suggestion.status = 'pending'
           OR (
                suggestion.status = 'applied'
                AND suggestion.field <> 'tag'
                AND suggestion.field IN (SELECT field FROM kept WHERE is_sure)
              )
         )
     AND NOT EXISTS (
           SELECT
             FROM kept
            WHERE kept.field = suggestion.field
              AND fold(kept.value) = fold(suggestion.value)
         )
),
suggested AS (
  INSERT INTO suggestions AS standing
    (workspace_id, document_id, field, value, confidence, source, status)
  SELECT DISTINCT ON (kept.field, fold(kept.value))
         document.workspace_id,
         document.id,
         kept.field,
         kept.value,
         kept.confidence,
         kept.source,
         CASE WHEN kept.is_sure THEN 'applied' ELSE 'pending' END
    FROM document
   CROSS JOIN kept
   WHERE kept.field <> 'summary'
   ORDER BY kept.field, fold(kept.value), kept.is_sure DESC, kept.confidence DESC
  ON CONFLICT (document_id, field, fold(value)) WHERE document_id IS NOT NULL
  DO UPDATE
        SET confidence = EXCLUDED.confidence,
            source = EXCLUDED.source,
            status = EXCLUDED.status
      WHERE standing.status = 'pending'
         OR EXCLUDED.status = 'applied'
)
SELECT document.workspace_id,
       coalesce(
         (
           SELECT jsonb_agg(
                    jsonb_build_object(
                      'field', field, 'value', value, 'source', source, 'is_sure', is_sure
                    )
                    ORDER BY confidence DESC
                  )
             FROM kept
         ),
         '[]'
       ) AS kept
  FROM document;

-- name: keep_words :exec
-- Keeps the words by which a document is known, and counts what was learned from it with them.
SELECT keep_document_words(%(id)s, %(workspace_id)s, %(words)s::text[]);
