-- Items: notes and articles that are captured, enriched, and confirmed by their owner.

CREATE TABLE items (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL,
  created_by   uuid        NOT NULL,
  source_type  text        NOT NULL,
  source_url   text,
  raw_text     text,
  status       text        NOT NULL,
  title        text,
  summary      text,
  language     text,
  author       text,
  published_at timestamptz,
  content      text,
  error        text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  confirmed_at timestamptz,
  CONSTRAINT items_pkey PRIMARY KEY (id),
  CONSTRAINT items_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT items_creator_exists FOREIGN KEY (created_by) REFERENCES users (id),
  CONSTRAINT items_source_type_is_known CHECK (source_type IN ('note', 'article')),
  CONSTRAINT items_have_a_text_or_a_url CHECK (raw_text IS NOT NULL OR source_url IS NOT NULL),
  CONSTRAINT items_raw_text_is_1_to_10000_characters CHECK (length(raw_text) BETWEEN 1 AND 10000),
  CONSTRAINT items_source_url_is_at_most_2048_characters CHECK (length(source_url) <= 2048),
  CONSTRAINT items_title_is_1_to_200_characters CHECK (length(title) BETWEEN 1 AND 200),
  CONSTRAINT items_summary_is_at_most_2000_characters CHECK (length(summary) <= 2000),
  CONSTRAINT items_author_is_at_most_200_characters CHECK (length(author) <= 200),
  CONSTRAINT items_content_is_at_most_500000_characters CHECK (length(content) <= 500000)
);

INSERT INTO transitions
  (entity, from_status,        to_status,          event,            action,    work,           payload)
VALUES
  ('item', NULL,               'enriching',        'item.created',   NULL,      'enrich_items', '{}'),
  ('item', NULL,               'confirmed',        'item.created',   NULL,      NULL,           '{}'),
  ('item', 'enriching',        'ready_to_confirm', 'item.enriched',  NULL,      NULL,           '{}'),
  ('item', 'enriching',        'failed',           'item.failed',    NULL,      NULL,           '{error}'),
  ('item', 'enriching',        'discarded',        'item.discarded', 'discard', NULL,           '{}'),
  ('item', 'ready_to_confirm', 'confirmed',        'item.confirmed', 'confirm', NULL,           '{}'),
  ('item', 'ready_to_confirm', 'discarded',        'item.discarded', 'discard', NULL,           '{}'),
  ('item', 'failed',           'enriching',        'item.retried',   'retry',   'enrich_items', '{}'),
  ('item', 'failed',           'discarded',        'item.discarded', 'discard', NULL,           '{}'),
  ('item', 'confirmed',        'discarded',        'item.discarded', 'discard', NULL,           '{}');

CREATE TRIGGER items_are_born_by_the_table_of_transitions
  AFTER INSERT ON items
  FOR EACH ROW
  EXECUTE FUNCTION record_transition('item');

CREATE TRIGGER items_move_by_the_table_of_transitions
  AFTER UPDATE ON items
  FOR EACH ROW
  WHEN (OLD.status IS DISTINCT FROM NEW.status)
  EXECUTE FUNCTION record_transition('item');

-- What waits for its owner, newest first.
CREATE INDEX items_pending
    ON items (workspace_id, id)
 WHERE status IN ('enriching', 'ready_to_confirm', 'failed');
