-- What every table builds on: ids that sort by time, and names that are compared without regard to case.

-- Ids are UUIDv7: they sort by the time at which they were made, so new rows go to one end of an
-- index. PostgreSQL has the function from version 18 on. Before that, this one stands in for it: a
-- random UUID with the milliseconds written over its first 48 bits and its version set to 7.
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
-- lower() alone goes by the database's locale, and the C locale knows no letters but A to Z. From
-- version 17 on PostgreSQL has a collation of its own for this; before that, ICU's serves.
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
