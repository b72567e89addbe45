-- Pages that are read again, addresses that are edited, and what an item allows.

-- `written_fields` are the fields that a person wrote, which enrichment leaves alone. What earlier items have
-- counts as written, because nothing says where it came from.
ALTER TABLE items
  ADD COLUMN written_fields text[] NOT NULL DEFAULT '{}';

UPDATE items
   SET written_fields = array_remove(
         ARRAY[
           CASE WHEN summary IS NOT NULL THEN 'summary' END,
           CASE WHEN title <> title_of_untitled(raw_text, source_url) THEN 'title' END
         ],
         NULL
       )
 WHERE title IS NOT NULL
    OR summary IS NOT NULL;

-- Notes which fields a person wrote. A title that only repeats the text or the address was not written.
CREATE FUNCTION note_written_fields_of_item()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF is_a_persons_change() THEN
    NEW.written_fields := ARRAY(
      SELECT field
        FROM unnest(
               NEW.written_fields || ARRAY[
                 CASE
                   WHEN NEW.title IS DISTINCT FROM OLD.title
                    AND NEW.title <> title_of_untitled(NEW.raw_text, NEW.source_url) THEN 'title'
                 END,
                 CASE WHEN NEW.summary IS DISTINCT FROM OLD.summary THEN 'summary' END
               ]
             ) AS field
       WHERE field IS NOT NULL
       GROUP BY field
       ORDER BY field
    );
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER items_note_written_fields
  BEFORE INSERT OR UPDATE OF title, summary ON items
  FOR EACH ROW
  EXECUTE FUNCTION note_written_fields_of_item();

-- Besides a former text, the timeline has a former address, and what was found on a page before it was read
-- again and said something else.
ALTER TABLE item_texts
  ALTER COLUMN raw_text DROP NOT NULL,
  ADD COLUMN source_url text,
  ADD COLUMN title text,
  ADD COLUMN summary text,
  ADD COLUMN content text,
  ADD CONSTRAINT item_texts_have_something CHECK (num_nonnulls(raw_text, source_url, content) > 0);

-- Keeps the content that another one replaces, with the event of the same transaction. Only the last one is
-- kept: a page that is read again and again must not fill the database. The event is written by a trigger
-- whose name comes before this one's.
CREATE FUNCTION keep_replaced_content()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  DELETE FROM item_texts
   WHERE workspace_id = OLD.workspace_id
     AND item_id = OLD.id
     AND content IS NOT NULL;
  INSERT INTO item_texts (event_id, workspace_id, item_id, title, summary, content)
  SELECT max(event.id),
         OLD.workspace_id,
         OLD.id,
         CASE WHEN OLD.title IS DISTINCT FROM NEW.title THEN OLD.title END,
         CASE WHEN OLD.summary IS DISTINCT FROM NEW.summary THEN OLD.summary END,
         OLD.content
    FROM events AS event
   WHERE event.entity_id = OLD.id
     AND event.entity = 'item'
  HAVING max(event.id) IS NOT NULL;
  RETURN NULL;
END
$$;

CREATE TRIGGER items_replace_content_and_keep_it
  AFTER UPDATE OF content ON items
  FOR EACH ROW
  WHEN (OLD.content <> NEW.content)
  EXECUTE FUNCTION keep_replaced_content();

-- The page of an item that awaits its owner may be read again, if it has one. So this transition has no
-- action, which would always be allowed.
INSERT INTO transitions
  (entity, from_status,        to_status,   event,            action, work)
VALUES
  ('item', 'ready_to_confirm', 'enriching', 'item.refetched', NULL,   'enrich_items');

-- The actions that an item allows, each with the status that it leads to: those of its status, and those
-- that depend on more than that. What takes long can be confirmed; what was confirmed with an error can be
-- tried again, and stays confirmed; and the page of a link can always be read again.
CREATE FUNCTION item_moves(item items)
RETURNS TABLE (action text, to_status text)
LANGUAGE sql
STABLE
AS $$
  SELECT move.action,
         move.to_status
    FROM transitions AS move
   WHERE move.entity = 'item'
     AND move.from_status = item.status
     AND move.action IS NOT NULL
   UNION ALL
  SELECT 'confirm', 'confirmed'
   WHERE item.status = 'enriching'
     AND enrichment_takes_long(item.id)
   UNION ALL
  SELECT 'retry', item.status
   WHERE item.status = 'confirmed'
     AND item.error IS NOT NULL
   UNION ALL
  SELECT 'fetch',
         CASE item.status WHEN 'confirmed' THEN 'confirmed' ELSE 'enriching' END
   WHERE item.status <> 'discarded'
     AND item.source_type = 'article'
     AND item.source_url IS NOT NULL
$$;

-- As before, but what the refusal says of the thing may be said by whoever refuses, such as what it allows.
CREATE OR REPLACE FUNCTION refuse_transition(entity text, from_status text, wanted jsonb)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  RAISE EXCEPTION '%', CASE
      WHEN wanted ? 'action' THEN format('the %s is %s: %s is not allowed', entity, from_status, wanted ->> 'action')
      WHEN from_status IS NULL THEN format('no %s begins as %s', entity, wanted ->> 'to_status')
      ELSE format('the %s cannot go from %s to %s', entity, from_status, wanted ->> 'to_status')
    END
    USING ERRCODE = 'check_violation',
          CONSTRAINT = 'transitions',
          DETAIL = jsonb_build_object(
            'entity', entity,
            'status', from_status,
            'allowed_actions', (
              SELECT coalesce(jsonb_agg(t.action ORDER BY t.action), '[]')
                FROM transitions AS t
               WHERE t.entity = refuse_transition.entity
                 AND t.from_status = refuse_transition.from_status
                 AND t.action IS NOT NULL
            )
          ) || wanted;
END
$$;

-- The status that an action leads an item to. Refuses an action that it does not allow.
CREATE FUNCTION next_item_status(item items, action text)
RETURNS text
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
  found_status text;
BEGIN
  SELECT move.to_status
    INTO found_status
    FROM item_moves(item) AS move
   WHERE move.action = next_item_status.action;
  IF NOT FOUND THEN
    PERFORM refuse_transition(
      'item',
      item.status,
      jsonb_build_object(
        'action', action,
        'allowed_actions', (
          SELECT coalesce(jsonb_agg(move.action ORDER BY move.action), '[]')
            FROM item_moves(item) AS move
        )
      )
    );
  END IF;
  RETURN found_status;
END
$$;
