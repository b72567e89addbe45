DO $$
DECLARE
  definition text;
BEGIN
  FOR definition IN
    SELECT pg_get_functiondef(oid)
      FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace
       AND prosrc LIKE '%ORDER BY sort_key(tag.name) COLLATE "C"%'
  LOOP
    EXECUTE replace(definition, 'ORDER BY sort_key(tag.name) COLLATE "C"', 'ORDER BY fold(tag.name)');
  END LOOP;
END
$$;

DROP FUNCTION sort_key(text);
