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
