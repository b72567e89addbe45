DROP PROCEDURE unite_views;
DROP FUNCTION fold(text);

DO $$
BEGIN
  IF current_setting('server_version_num')::int < 180000 THEN
    DROP FUNCTION uuidv7();
  END IF;
END
$$;
