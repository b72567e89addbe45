-- What owners note of items: that they have read them, and which are their favourites; and the texts
-- that they have replaced.

ALTER TABLE items
  ADD COLUMN is_read boolean NOT NULL DEFAULT false,
  ADD COLUMN is_favourite boolean NOT NULL DEFAULT false;

-- A text that an edit has replaced, for the item's timeline. It is not in the event, which stays when the
-- item is removed for good.
CREATE TABLE item_texts (
  event_id     bigint NOT NULL,
  workspace_id uuid   NOT NULL,
  item_id      uuid   NOT NULL,
  raw_text     text   NOT NULL,
  CONSTRAINT item_texts_pkey PRIMARY KEY (event_id),
  CONSTRAINT item_texts_item_exists FOREIGN KEY (workspace_id, item_id)
    REFERENCES items (workspace_id, id) ON DELETE CASCADE
);

CREATE INDEX item_texts_by_item ON item_texts (workspace_id, item_id);

ALTER TYPE item_answer
  ADD ATTRIBUTE is_read boolean,
  ADD ATTRIBUTE is_favourite boolean;

DO $$
BEGIN
  EXECUTE replace(
    pg_get_functiondef('item_answers(uuid)'::regprocedure),
    E'item.document_id\n',
    E'item.document_id,\n         item.is_read,\n         item.is_favourite\n'
  );
END
$$;

DROP FUNCTION item_briefs(uuid);

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
  document_id  uuid,
  is_read      boolean,
  is_favourite boolean
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
         document_id,
         is_read,
         is_favourite
    FROM item_answers(of_workspace)
$$;
