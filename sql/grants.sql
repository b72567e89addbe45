-- What the app role may do, stated anew after every migration. A table that is not named here is
-- open to reading and writing of rows; nothing is open to changes of the schema. The role's name
-- comes in the setting coffer.app_role, because PostgreSQL takes no parameter in a GRANT.
DO $$
DECLARE
  app_role CONSTANT text := current_setting('coffer.app_role');
  migrations_of_yoyo CONSTANT text[] := ARRAY['_yoyo_migration', '_yoyo_log', '_yoyo_version', 'yoyo_lock'];
  every_table text;
  privileges text;
BEGIN
  REVOKE CREATE ON SCHEMA public FROM PUBLIC;
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', app_role);

  FOR every_table IN
    SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename
  LOOP
    privileges := CASE
      WHEN every_table = ANY (migrations_of_yoyo) THEN 'SELECT'
      -- The state machine is changed by migrations alone.
      WHEN every_table = 'transitions' THEN 'SELECT'
      -- History is written, never rewritten; its order and its times are the database's.
      WHEN every_table = 'events' THEN
        'SELECT, INSERT (workspace_id, entity, entity_id, event, from_status, to_status, actor,'
          ' request_id, payload)'
      -- Clocks move a schedule on; they do not make or remove one.
      WHEN every_table = 'schedules' THEN 'SELECT, UPDATE'
      ELSE 'SELECT, INSERT, UPDATE, DELETE'
    END;
    EXECUTE format('REVOKE ALL ON TABLE %I FROM %I', every_table, app_role);
    EXECUTE format('GRANT %s ON TABLE %I TO %I', privileges, every_table, app_role);
  END LOOP;

  EXECUTE format('GRANT EXECUTE ON FUNCTION prune_events TO %I', app_role);
  EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO %I', app_role);
END
$$;
