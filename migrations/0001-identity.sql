-- Who owns what: users, and the workspaces that everything else belongs to.

-- Ids are UUIDv7: they sort by the time they were made, so that new rows land at one end of an
-- index. PostgreSQL has the function from version 18; before that this one stands in for it: a
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

CREATE TABLE users (
  id         uuid        NOT NULL DEFAULT uuidv7(),
  handle     text        NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT users_pkey PRIMARY KEY (id),
  CONSTRAINT users_handle_is_unique UNIQUE (handle),
  CONSTRAINT users_handle_is_a_short_word CHECK (handle ~ '^[a-z0-9][a-z0-9._-]{0,63}$')
);

CREATE TABLE workspaces (
  id          uuid        NOT NULL DEFAULT uuidv7(),
  owner_id    uuid        NOT NULL,
  name        text        NOT NULL,
  is_personal boolean     NOT NULL DEFAULT false,
  created_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT workspaces_pkey PRIMARY KEY (id),
  CONSTRAINT workspaces_owner_exists FOREIGN KEY (owner_id) REFERENCES users (id),
  CONSTRAINT workspaces_name_is_1_to_100_characters CHECK (length(name) BETWEEN 1 AND 100)
);

CREATE INDEX workspaces_by_owner ON workspaces (owner_id);
CREATE UNIQUE INDEX workspaces_one_personal_for_each_owner ON workspaces (owner_id) WHERE is_personal;
