-- name: current :maybe
-- The model whose vectors are searched, if the server has vectors and a model is current.
SELECT id, name, dimensions, least_alike, filled_at IS NOT NULL AS is_filled
  FROM embedding_models
 WHERE is_current
   AND has_vectors();

-- name: has_vectors :value
-- Whether the server has vectors.
SELECT has_vectors();

-- name: choose :exec
-- Makes a model the current one, or none; all texts are queued again.
WITH former AS (
  UPDATE embedding_models
     SET is_current = false
   WHERE is_current
     AND name IS DISTINCT FROM %(name)s
  RETURNING id
)
INSERT INTO embedding_models AS model (name, is_current)
SELECT %(name)s::text, true
 WHERE %(name)s::text IS NOT NULL
   AND (SELECT count(*) FROM former) >= 0
ON CONFLICT ON CONSTRAINT embedding_models_name_is_unique
DO UPDATE
      SET is_current = true,
          filled_to = DEFAULT,
          filled_at = NULL;

-- name: measure :exec
-- Notes how alike texts must be for the current model to have anything to do with each other.
UPDATE embedding_models
   SET least_alike = %(least_alike)s
 WHERE is_current;

-- name: queue_next :one
-- Queues the next texts that the current model has not embedded, in the order of their ids, unless enough work
-- is waiting; says how many it looked at. After the last ones, the model is filled.
WITH model AS (
  SELECT id, filled_to
    FROM embedding_models
   WHERE is_current
     AND filled_at IS NULL
     FOR UPDATE
),
next AS MATERIALIZED (
  SELECT thing.id, thing.workspace_id
    FROM embeddable AS thing
   WHERE thing.id > (SELECT filled_to FROM model)
   ORDER BY thing.id
   LIMIT %(limit)s
),
queued AS (
  INSERT INTO outbox (kind, subject_id, workspace_id)
  SELECT 'embed_texts', next.id, next.workspace_id
    FROM next
   ORDER BY next.id
  ON CONFLICT ON CONSTRAINT outbox_work_is_queued_once DO NOTHING
),
counted AS (
  SELECT count(*) AS things, max(id::text)::uuid AS last FROM next
),
filled AS (
  UPDATE embedding_models
     SET filled_to = coalesce(counted.last, embedding_models.filled_to),
         filled_at = CASE WHEN counted.things < %(limit)s THEN now() END
    FROM model
   CROSS JOIN counted
   WHERE embedding_models.id = model.id
)
SELECT things FROM counted;

-- name: waiting :value
-- How many texts wait to be embedded, up to a limit.
SELECT count(*)
  FROM (
         SELECT
           FROM outbox
          WHERE kind = 'embed_texts'
          LIMIT %(limit)s
       ) AS queued;

-- name: load :many
-- The texts to embed, and the model that is current.
SELECT thing.id,
       thing.type,
       thing.title,
       thing.summary,
       left(thing.body, %(most_characters)s) AS body,
       model.id AS model_id,
       model.name AS model,
       model.dimensions
  FROM embeddable AS thing
 CROSS JOIN embedding_models AS model
 WHERE thing.id = ANY (%(ids)s::uuid[])
   AND model.is_current
   AND has_vectors();

-- name: save :value
-- Replaces the vectors of a thing; false if it or its model is no longer wanted.
SELECT save_embeddings(
         %(id)s::uuid,
         %(model_id)s::smallint,
         %(pages)s::integer[],
         %(starts)s::integer[],
         %(lengths)s::integer[],
         %(vectors)s::text[]
       );

-- name: nearest :many
-- What is nearest to a vector, each thing once with its nearest passage: among some things, or else all that the
-- audiences may find.
SELECT id, likeness, page, starts_at, length
  FROM nearest(
         %(workspace_id)s::uuid,
         %(audiences)s::uuid[],
         %(among)b::uuid[],
         %(model_id)s::smallint,
         %(vector)b::real[],
         %(limit)s::integer
       );
