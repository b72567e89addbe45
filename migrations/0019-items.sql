-- Items: notes and articles that are captured, enriched, and confirmed by their owner.

-- `page_hash` is the SHA-256 of the page's normalized address; null for an item without an address.
-- `confirmed` items are the library, `discarded` ones the trash.
CREATE TABLE items (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL,
  created_by   uuid        NOT NULL,
  source_type  text        NOT NULL,
  source_url   text,
  page_hash    bytea,
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
  -- Rows of the workspace reference both columns, and so no item of another one.
  CONSTRAINT items_workspace_and_id_are_unique UNIQUE (workspace_id, id),
  CONSTRAINT items_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT items_creator_exists FOREIGN KEY (created_by) REFERENCES users (id),
  CONSTRAINT items_source_type_is_known CHECK (source_type IN ('note', 'article')),
  CONSTRAINT items_have_a_text_or_a_url CHECK (raw_text IS NOT NULL OR source_url IS NOT NULL),
  CONSTRAINT items_raw_text_is_1_to_10000_characters CHECK (length(raw_text) BETWEEN 1 AND 10000),
  CONSTRAINT items_source_url_is_at_most_2048_characters CHECK (length(source_url) <= 2048),
  CONSTRAINT items_page_hash_is_a_sha256 CHECK (length(page_hash) = 32),
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

CALL follow_transitions('items', 'item');

-- Pending items, the library and the trash, each newest first.
CREATE INDEX items_pending
    ON items (workspace_id, id)
 WHERE status IN ('enriching', 'ready_to_confirm', 'failed');
CREATE INDEX items_library ON items (workspace_id, id) WHERE status = 'confirmed';
CREATE INDEX items_trash ON items (workspace_id, id) WHERE status = 'discarded';

-- Items longest in the trash: a discarded item no longer changes.
CREATE INDEX items_by_time_of_discard ON items (updated_at) WHERE status = 'discarded';

-- Finds an already captured page.
CREATE INDEX items_by_page
    ON items (workspace_id, page_hash)
 WHERE page_hash IS NOT NULL
   AND status <> 'discarded';

CREATE TABLE item_tags (
  item_id    uuid        NOT NULL,
  tag_id     uuid        NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT item_tags_pkey PRIMARY KEY (item_id, tag_id),
  CONSTRAINT item_tags_item_exists FOREIGN KEY (item_id) REFERENCES items (id) ON DELETE CASCADE,
  CONSTRAINT item_tags_tag_exists FOREIGN KEY (tag_id) REFERENCES tags (id) ON DELETE CASCADE
);

CREATE INDEX item_tags_by_tag ON item_tags (tag_id);

CREATE VIEW tag_uses_items
WITH (security_invoker = true)
AS
SELECT item_tags.tag_id,
       'item' AS type,
       item.workspace_id AS audience,
       item.status <> 'discarded' AS counts,
       item_tags.created_at AS used_at
  FROM item_tags
  JOIN items AS item
    ON item.id = item_tags.item_id;

CALL unite_views('tag_uses');

-- The tags that enrichment suggests for an item, and the owner's decision about each.
CREATE TABLE suggestions (
  id         uuid        NOT NULL DEFAULT uuidv7(),
  item_id    uuid        NOT NULL,
  name       text        NOT NULL,
  confidence real        NOT NULL,
  status     text        NOT NULL DEFAULT 'pending',
  decided_at timestamptz,
  CONSTRAINT suggestions_pkey PRIMARY KEY (id),
  CONSTRAINT suggestions_item_exists FOREIGN KEY (item_id) REFERENCES items (id) ON DELETE CASCADE,
  CONSTRAINT suggestions_name_is_1_to_50_characters CHECK (length(name) BETWEEN 1 AND 50),
  CONSTRAINT suggestions_confidence_is_0_to_1 CHECK (confidence BETWEEN 0 AND 1),
  CONSTRAINT suggestions_status_is_known CHECK (status IN ('pending', 'accepted', 'rejected'))
);

CREATE UNIQUE INDEX suggestions_name_is_unique_for_its_item ON suggestions (item_id, fold(name));

-- An item's own columns in responses.
CREATE TYPE item_answer AS (
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
  raw_text     text,
  author       text,
  published_at timestamptz,
  content      text,
  suggestions  jsonb,
  progress     jsonb
);

-- A workspace's items in responses: a view with a parameter, because the workspace that selects the
-- rows is not in the response. PostgreSQL inlines the body of such a function into the call.
CREATE FUNCTION item_answers(of_workspace uuid)
RETURNS SETOF item_answer
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
  SELECT item.id,
         item.source_type,
         item.source_url,
         item.status,
         item.title,
         item.summary,
         item.language,
         item.error,
         ARRAY(
           SELECT tag.name
             FROM item_tags
             JOIN tags AS tag
               ON tag.id = item_tags.tag_id
            WHERE item_tags.item_id = item.id
            ORDER BY fold(tag.name)
         ),
         item.created_at,
         item.updated_at,
         item.confirmed_at,
         item.raw_text,
         item.author,
         item.published_at,
         item.content,
         (
           SELECT coalesce(
                    jsonb_agg(
                      jsonb_build_object(
                        'id', suggestion.id,
                        'name', suggestion.name,
                        'confidence', suggestion.confidence,
                        'status', suggestion.status
                      )
                      ORDER BY suggestion.confidence DESC, suggestion.name
                    ),
                    '[]'
                  )
             FROM suggestions AS suggestion
            WHERE suggestion.item_id = item.id
         ),
         (
           SELECT work.progress
             FROM outbox AS work
            WHERE work.kind = 'enrich_items'
              AND work.subject_id = item.id
         )
    FROM items AS item
   WHERE item.workspace_id = of_workspace
$$;

-- The same in lists: without the long texts and what belongs to them.
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
  confirmed_at timestamptz
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
         confirmed_at
    FROM item_answers(of_workspace)
$$;

CREATE VIEW searchable_items
WITH (security_invoker = true)
AS
SELECT item.id,
       'item' AS type,
       item.workspace_id,
       item.workspace_id AS audience,
       item.source_type AS kind,
       item.status,
       search_config(item.language) AS config,
       coalesce(item.title, left(btrim(item.raw_text), 60), item.source_url) AS title,
       item.summary,
       concat_ws(' ', item.author, item.source_url) AS origin,
       concat_ws(E'\n', item.raw_text, left(item.content, 100000)) AS body,
       item.source_url,
       ARRAY(SELECT tag_id FROM item_tags WHERE item_tags.item_id = item.id) AS tag_ids,
       item.created_at
  FROM items AS item;

CALL make_searchable('items', tagged_by => 'item_tags');

INSERT INTO role_permissions (role, permission)
VALUES
  ('viewer', 'workspace:items:read'),
  ('member', 'workspace:items:read'),
  ('member', 'workspace:items:write'),
  ('owner',  'workspace:items:read'),
  ('owner',  'workspace:items:write');

INSERT INTO schedules (kind, cron)
VALUES ('purge_items', '13 * * * *');
