DROP FUNCTION item_briefs(uuid);
ALTER TYPE item_answer
  DROP ATTRIBUTE is_read,
  DROP ATTRIBUTE is_favourite;

DO $$
BEGIN
  EXECUTE replace(
    pg_get_functiondef('item_answers(uuid)'::regprocedure),
    E'item.document_id,\n         item.is_read,\n         item.is_favourite\n',
    E'item.document_id\n'
  );
END
$$;

DROP TABLE item_texts;
ALTER TABLE items
  DROP COLUMN is_read,
  DROP COLUMN is_favourite;

CREATE FUNCTION item_briefs(of_workspace uuid)
RETURNS TABLE (
  id           uuid,
  source_type  text,
  source_url   text,
  status       text,
  title        text,
  summary      text,
  language     text,
  error        text,
  tags         text[],
  created_at   timestamptz,
  updated_at   timestamptz,
  confirmed_at timestamptz,
  document_id  uuid
)
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
  SELECT id,
         source_type,
         source_url,
         status,
         title,
         summary,
         language,
         error,
         tags,
         created_at,
         updated_at,
         confirmed_at,
         document_id
    FROM item_answers(of_workspace)
$$;
