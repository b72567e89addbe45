-- What the nouns build on: ids that sort by time, names that are compared regardless of case, and
-- views that every noun can join.

-- Ids are UUIDv7: they sort by creation time, so new rows go to one end of an index. PostgreSQL has
-- the function from version 18 on. Before that, this one replaces it: a random UUID with the
-- milliseconds in its first 48 bits and its version set to 7.
DO $$
BEGIN
  IF current_setting('server_version_num')::int < 180000 THEN
    CREATE FUNCTION uuidv7()
    RETURNS uuid
    LANGUAGE sql
    VOLATILE
    PARALLEL SAFE
    AS $function$
      SELECT encode(
               set_byte(
                 overlay(
                   uuid_send(gen_random_uuid())
                   PLACING substring(
                     int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3
                   )
                   FROM 1 FOR 6
                 ),
                 6,
                 112 | (get_byte(uuid_send(gen_random_uuid()), 0) & 15)
               ),
               'hex'
             )::uuid
    $function$;
  END IF;
END
$$;

-- A name in lower case, by Unicode's rules: two names that differ only in case have the same one.
-- lower() alone follows the database's locale, and the C locale knows no letters but A to Z. From
-- version 17 on PostgreSQL has its own collation for this; before that, this uses ICU's.
DO $$
BEGIN
  EXECUTE format(
    'CREATE FUNCTION fold(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE'
      ' RETURN lower(name COLLATE %I)',
    CASE
      WHEN current_setting('server_version_num')::int >= 170000 THEN 'pg_c_utf8'
      ELSE 'und-x-icu'
    END
  );
END
$$;

-- Rebuilds a view from all the views that have its name and a noun's: `searchable` is everything in
-- `searchable_items`, `searchable_tasks` and so on. A noun joins with its own view, in its own
-- migration, and a call of this. It leaves with a call that names its view as `leaving`, which then
-- can be dropped. The first migration to create the view gives it its columns, and no rows.
CREATE PROCEDURE unite_views(whole text, leaving text DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
  parts text;
  no_part text;
BEGIN
  SELECT string_agg(format('SELECT * FROM %I', viewname), ' UNION ALL ' ORDER BY viewname)
    INTO parts
    FROM pg_views
   WHERE schemaname = 'public'
     AND starts_with(viewname, whole || '_')
     AND viewname IS DISTINCT FROM leaving;
  SELECT format(
           'SELECT %s WHERE false',
           string_agg(
             format('NULL::%s AS %I', format_type(atttypid, atttypmod), attname), ', ' ORDER BY attnum
           )
         )
    INTO no_part
    FROM pg_attribute
   WHERE attrelid = whole::regclass;
  EXECUTE format(
    'CREATE OR REPLACE VIEW %I WITH (security_invoker = true) AS %s', whole, coalesce(parts, no_part)
  );
END
$$;
