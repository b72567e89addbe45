-- Feeds: addresses of RSS, Atom or JSON Feed whose new entries become items.

-- `url` is where the feed is, after permanent redirects and, for the address of a page, where that page says
-- it is. `etag` and `last_modified` are what its server said of it last. `failures` counts the checks that
-- failed since the last one that did not; while there are any, its status is `failing`. A feed that is gone for
-- good, or that somebody stopped, is `stopped`, and is not checked.
CREATE TABLE feeds (
  id               uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id     uuid        NOT NULL,
  created_by       uuid        NOT NULL,
  url              text        NOT NULL,
  name             text,
  title            text,
  site_url         text,
  folder_id        uuid,
  tags             text[]      NOT NULL DEFAULT '{}',
  interval_minutes integer     NOT NULL,
  status           text        NOT NULL DEFAULT 'active',
  failures         integer     NOT NULL DEFAULT 0,
  last_error       text,
  etag             text,
  last_modified    text,
  checked_at       timestamptz,
  read_at          timestamptz,
  next_check_at    timestamptz,
  created_at       timestamptz NOT NULL DEFAULT now(),
  updated_at       timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT feeds_pkey PRIMARY KEY (id),
  CONSTRAINT feeds_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT feeds_creator_exists FOREIGN KEY (created_by) REFERENCES users (id),
  CONSTRAINT feeds_address_is_followed_once UNIQUE (workspace_id, url),
  CONSTRAINT feeds_folder_exists FOREIGN KEY (workspace_id, folder_id)
    REFERENCES folders (workspace_id, id) ON DELETE SET NULL (folder_id),
  CONSTRAINT feeds_url_is_at_most_2048_characters CHECK (length(url) <= 2048),
  CONSTRAINT feeds_site_url_is_at_most_2048_characters CHECK (length(site_url) <= 2048),
  CONSTRAINT feeds_name_is_1_to_200_characters CHECK (length(name) BETWEEN 1 AND 200),
  CONSTRAINT feeds_title_is_1_to_200_characters CHECK (length(title) BETWEEN 1 AND 200),
  CONSTRAINT feeds_have_at_most_20_tags CHECK (cardinality(tags) <= 20),
  CONSTRAINT feeds_are_checked_every_15_minutes_to_30_days CHECK (interval_minutes BETWEEN 15 AND 43200),
  CONSTRAINT feeds_etag_is_at_most_1000_characters CHECK (length(etag) <= 1000),
  CONSTRAINT feeds_last_modified_is_at_most_100_characters CHECK (length(last_modified) <= 100)
);

INSERT INTO transitions
  (entity, from_status, to_status, event,            action,   work,          payload)
VALUES
  ('feed', NULL,        'active',  'feed.created',   NULL,     'check_feeds', '{url}'),
  ('feed', 'active',    'failing', 'feed.failing',   NULL,     NULL,          '{last_error}'),
  ('feed', 'failing',   'active',  'feed.recovered', NULL,     NULL,          '{}'),
  ('feed', 'active',    'stopped', 'feed.stopped',   'stop',   NULL,          '{last_error}'),
  ('feed', 'failing',   'stopped', 'feed.stopped',   'stop',   NULL,          '{last_error}'),
  ('feed', 'stopped',   'active',  'feed.resumed',   'resume', 'check_feeds', '{}');

CALL follow_transitions('feeds', 'feed');

CREATE INDEX feeds_by_folder ON feeds (workspace_id, folder_id) WHERE folder_id IS NOT NULL;
CREATE INDEX feeds_of_workspace ON feeds (workspace_id, id);
-- Those to be checked, earliest first.
CREATE INDEX feeds_due ON feeds (next_check_at) WHERE next_check_at IS NOT NULL;

-- The entries that were seen in a feed, so that each becomes an item once, whatever became of the item. Both
-- are hashes: `entry` of the id or else the address, `page` of the address of the page. Those that are not in
-- the feed any more are forgotten, the first ones first, when there are many.
CREATE TABLE feed_entries (
  feed_id  uuid        NOT NULL,
  entry    bytea       NOT NULL,
  page     bytea,
  gone_at  timestamptz,
  CONSTRAINT feed_entries_pkey PRIMARY KEY (feed_id, entry),
  CONSTRAINT feed_entries_feed_exists FOREIGN KEY (feed_id) REFERENCES feeds (id) ON DELETE CASCADE
);

CREATE INDEX feed_entries_by_page ON feed_entries (feed_id, page) WHERE page IS NOT NULL;
CREATE INDEX feed_entries_gone ON feed_entries (feed_id, gone_at) WHERE gone_at IS NOT NULL;

-- A feed as responses show it.
CREATE TYPE feed_answer AS (
  id               uuid,
  url              text,
  name             text,
  title            text,
  site_url         text,
  folder_id        uuid,
  tags             text[],
  interval_minutes integer,
  status           text,
  last_error       text,
  checked_at       timestamptz,
  next_check_at    timestamptz,
  created_at       timestamptz,
  updated_at       timestamptz
);

-- The feeds of a workspace, as responses show them.
CREATE FUNCTION feed_answers(of_workspace uuid)
RETURNS SETOF feed_answer
LANGUAGE sql
STABLE
AS $$
  SELECT id,
         url,
         name,
         title,
         site_url,
         folder_id,
         tags,
         interval_minutes,
         status,
         last_error,
         checked_at,
         next_check_at,
         created_at,
         updated_at
    FROM feeds
   WHERE workspace_id = of_workspace
$$;

INSERT INTO noted_events (event, entity)
VALUES ('feed.removed', 'feed');

INSERT INTO role_permissions (role, permission)
VALUES
  ('viewer', 'workspace:feeds:read'),
  ('member', 'workspace:feeds:read'),
  ('member', 'workspace:feeds:write'),
  ('owner',  'workspace:feeds:read'),
  ('owner',  'workspace:feeds:write');

-- Imported files have feeds too.
ALTER TABLE import_rows
  DROP CONSTRAINT import_rows_entity_is_known,
  ADD CONSTRAINT import_rows_entity_is_known CHECK (entity IN ('item', 'task', 'feed'));

INSERT INTO schedules (kind, cron)
VALUES ('queue_feeds', '* * * * *');
