DELETE FROM schedules WHERE kind = 'fill_embeddings';
DELETE FROM outbox WHERE kind IN ('embed_texts', 'fill_embeddings');
DELETE FROM dead_letters WHERE kind IN ('embed_texts', 'fill_embeddings');

DO $$
DECLARE
  noun text;
BEGIN
  FOREACH noun IN ARRAY ARRAY['items', 'documents', 'tasks'] LOOP
    EXECUTE format('DROP TRIGGER %I ON %I', noun || '_enter_vectors', noun);
    EXECUTE format('DROP TRIGGER %I ON %I', noun || '_refresh_vectors', noun);
    EXECUTE format('DROP TRIGGER %I ON %I', noun || '_move_in_vectors', noun);
  END LOOP;
END
$$;

DROP FUNCTION nearest(uuid, uuid[], uuid[], smallint, real[], integer);
DROP FUNCTION nearest_passage(uuid, smallint, real[]);
DROP FUNCTION save_embeddings(uuid, smallint, integer[], integer[], integer[], text[]);
DROP PROCEDURE make_embeddable(regclass, text[]);
DROP FUNCTION move_in_vectors();
DROP FUNCTION enter_vectors();
DROP VIEW embeddable;
DROP VIEW embeddable_items;
DROP VIEW embeddable_documents;
DROP VIEW embeddable_tasks;
DROP FUNCTION add_vectors();
DROP FUNCTION has_vectors();
DROP TABLE embeddings;
DROP TABLE embedding_models;

-- The extension stays if another role added it, or something else uses it.
DO $$
BEGIN
  DROP EXTENSION IF EXISTS vector;
EXCEPTION
  WHEN insufficient_privilege OR dependent_objects_still_exist THEN
    NULL;
END
$$;
