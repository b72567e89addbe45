-- The library: confirmed items to be found again, tags with a colour, and the trash.

ALTER TABLE tags
  ADD COLUMN color text,
  ADD CONSTRAINT tags_color_is_six_hex_digits CHECK (color ~ '^#[0-9a-f]{6}$');

-- What is confirmed, newest first.
CREATE INDEX items_library ON items (workspace_id, id) WHERE status = 'confirmed';

-- What is discarded, newest first, and the longest discarded: a discarded item changes no more.
CREATE INDEX items_trash ON items (workspace_id, id) WHERE status = 'discarded';
CREATE INDEX items_by_time_of_discard ON items (updated_at) WHERE status = 'discarded';

INSERT INTO schedules (kind, cron)
VALUES ('purge_items', '13 * * * *');
