DROP FUNCTION next_item_status(items, text);
DROP FUNCTION item_moves(items);

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
          DETAIL = wanted || jsonb_build_object(
            'entity', entity,
            'status', from_status,
            'allowed_actions', (
              SELECT coalesce(jsonb_agg(t.action ORDER BY t.action), '[]')
                FROM transitions AS t
               WHERE t.entity = refuse_transition.entity
                 AND t.from_status = refuse_transition.from_status
                 AND t.action IS NOT NULL
            )
          );
END
$$;

DELETE FROM transitions
 WHERE entity = 'item'
   AND from_status = 'ready_to_confirm'
   AND to_status = 'enriching';

DROP TRIGGER items_replace_content_and_keep_it ON items;
DROP FUNCTION keep_replaced_content();

DELETE FROM item_texts
 WHERE raw_text IS NULL;

ALTER TABLE item_texts
  DROP COLUMN source_url,
  DROP COLUMN title,
  DROP COLUMN summary,
  DROP COLUMN content,
  ALTER COLUMN raw_text SET NOT NULL;

DROP TRIGGER items_note_written_fields ON items;
DROP FUNCTION note_written_fields_of_item();

ALTER TABLE items
  DROP COLUMN written_fields;
