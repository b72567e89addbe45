-- The app role's rights, granted again after every migration. A table that is not named here is
-- open to reading and writing of rows, except for the columns that say what a row is and whose:
-- nothing moves to another workspace or user, whatever the code does. Changes of the schema are
-- never allowed. The role's name comes from the setting coffer.app_role, because GRANT takes no
-- parameters.
DO $$
DECLARE
  app_role CONSTANT text := current_setting('coffer.app_role');
  migrations_of_yoyo CONSTANT text[] := ARRAY['_yoyo_migration', '_yoyo_log', '_yoyo_version', 'yoyo_lock'];
  fixed CONSTANT text[] := ARRAY['id', 'workspace_id', 'user_id', 'created_by', 'created_at', 'personal_of', 'audience'];
  every_table text;
  every_view text;
  every_function regprocedure;
  changeable text;
  privileges text;
BEGIN
  REVOKE CREATE ON SCHEMA public FROM PUBLIC;
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', app_role);

  FOR every_table IN
    SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename
  LOOP
    SELECT string_agg(quote_ident(column_name), ', ')
      INTO changeable
      FROM information_schema.columns
     WHERE table_schema = 'public'
       AND table_name = every_table
       AND column_name <> ALL (fixed);
    privileges := CASE
      WHEN every_table = ANY (migrations_of_yoyo) THEN 'SELECT'
      -- Only migrations change the state machine, what a role may do, and what positions in the
      -- changes mean.
      WHEN every_table IN ('transitions', 'role_permissions', 'changes_feed') THEN 'SELECT'
      -- History is added to, never rewritten; its order and its times come from the database.
      WHEN every_table = 'events' THEN
        'SELECT, INSERT (workspace_id, user_id, entity, entity_id, event, from_status, to_status, actor,'
          ' request_id, payload)'
      WHEN every_table = 'audit_log' THEN
        'SELECT, INSERT (action, actor, user_id, workspace_id, address, user_agent, request_id, details)'
      -- Clocks advance a schedule; they do not create or remove one.
      WHEN every_table = 'schedules' THEN 'SELECT, UPDATE'
      WHEN changeable IS NULL THEN 'SELECT, INSERT, DELETE'
      ELSE format('SELECT, INSERT, UPDATE (%s), DELETE', changeable)
    END;
    EXECUTE format('REVOKE ALL ON TABLE %I FROM %I', every_table, app_role);
    EXECUTE format('GRANT %s ON TABLE %I TO %I', privileges, every_table, app_role);
  END LOOP;

  FOR every_view IN
    SELECT viewname
      FROM pg_views
     WHERE schemaname = 'public'
       AND viewowner = current_user
     ORDER BY viewname
  LOOP
    EXECUTE format('GRANT SELECT ON %I TO %I', every_view, app_role);
  END LOOP;

  -- Functions that run with the owner's rights are for the app to call, and closed to everybody
  -- else.
  FOR every_function IN
    SELECT oid::regprocedure
      FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace
       AND prosecdef
       AND proowner = current_user::regrole
     ORDER BY oid
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', every_function, app_role);
  END LOOP;

  EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO %I', app_role);
END
$$;
