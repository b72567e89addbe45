-- Objects: the bytes of documents in the store, and how much each user may store.
--
-- A row exists before the first byte of its object and until after the last one, so the store never
-- has an object without a row.

-- How much a user has stored. `limit_bytes` overrides QUOTA_BYTES for this user; `default_bytes` is the
-- latest value of QUOTA_BYTES.
CREATE TABLE quotas (
  user_id       uuid   NOT NULL,
  limit_bytes   bigint,
  default_bytes bigint NOT NULL,
  used_bytes    bigint NOT NULL DEFAULT 0,
  CONSTRAINT quotas_pkey PRIMARY KEY (user_id),
  CONSTRAINT quotas_user_exists FOREIGN KEY (user_id) REFERENCES users (id),
  CONSTRAINT quotas_limit_is_not_negative CHECK (limit_bytes >= 0),
  CONSTRAINT quotas_used_is_not_negative CHECK (used_bytes >= 0)
);

-- Keys are ordered by their bytes, as stores list them. `user_id` is charged for the object. `bytes` is
-- the announced size while the object is `writing`, and its real size once it is `stored`. An object
-- that is still `writing` at `expires_at` belongs to an upload that died.
CREATE TABLE objects (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL,
  user_id      uuid        NOT NULL,
  key          text        COLLATE "C" NOT NULL,
  status       text        NOT NULL DEFAULT 'writing',
  bytes        bigint      NOT NULL,
  sha256       bytea,
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL,
  CONSTRAINT objects_pkey PRIMARY KEY (id),
  CONSTRAINT objects_key_is_unique UNIQUE (key),
  CONSTRAINT objects_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT objects_user_exists FOREIGN KEY (user_id) REFERENCES users (id),
  CONSTRAINT objects_bytes_are_not_negative CHECK (bytes >= 0),
  CONSTRAINT objects_sha256_is_one CHECK (length(sha256) = 32),
  CONSTRAINT objects_that_are_stored_have_a_hash CHECK (status <> 'stored' OR sha256 IS NOT NULL)
);

INSERT INTO transitions
  (entity,   from_status, to_status, event,             action, work,             payload)
VALUES
  ('object', NULL,        'writing', 'object.reserved', NULL,   NULL,             '{bytes}'),
  ('object', 'writing',   'stored',  'object.stored',   NULL,   NULL,             '{bytes}'),
  ('object', 'writing',   'doomed',  'object.doomed',   NULL,   'delete_objects', '{}'),
  ('object', 'stored',    'doomed',  'object.doomed',   NULL,   'delete_objects', '{bytes}');

CALL follow_transitions('objects', 'object');

CREATE INDEX objects_given_up ON objects (expires_at) WHERE status = 'writing';
CREATE INDEX objects_by_user ON objects (user_id) WHERE status <> 'doomed';

-- The key of a new object: its user, its document, and a random name with the extension of the
-- detected type.
CREATE FUNCTION object_key(user_id uuid, document_id uuid, ending text)
RETURNS text
LANGUAGE sql
VOLATILE
RETURN concat(coalesce(user_id::text, 'null'), '/', document_id, '/', gen_random_uuid(), ending);

-- Charges and refunds the quota. An object counts from its reservation until it is doomed.
CREATE FUNCTION charge_quota()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  charged bigint := 0;
  of_user uuid;
  standing quotas;
BEGIN
  IF TG_OP <> 'INSERT' THEN
    of_user := OLD.user_id;
    charged := charged - CASE OLD.status WHEN 'doomed' THEN 0 ELSE OLD.bytes END;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    of_user := NEW.user_id;
    charged := charged + CASE NEW.status WHEN 'doomed' THEN 0 ELSE NEW.bytes END;
  END IF;
  IF charged = 0 THEN
    RETURN NULL;
  END IF;

  UPDATE quotas
     SET used_bytes = used_bytes + charged
   WHERE user_id = of_user
     AND (charged < 0 OR used_bytes + charged <= coalesce(limit_bytes, default_bytes));
  IF NOT FOUND THEN
    SELECT *
      INTO standing
      FROM quotas
     WHERE user_id = of_user;
    RAISE EXCEPTION 'the quota is used up'
      USING ERRCODE = 'check_violation',
            CONSTRAINT = 'quotas_are_kept',
            DETAIL = jsonb_build_object(
              'used_bytes', standing.used_bytes,
              'limit_bytes', coalesce(standing.limit_bytes, standing.default_bytes),
              'needed_bytes', charged
            );
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER objects_are_charged
  AFTER INSERT OR UPDATE OF bytes, status OR DELETE ON objects
  FOR EACH ROW
  EXECUTE FUNCTION charge_quota();

INSERT INTO schedules (kind, cron)
VALUES
  ('expire_objects', '*/10 * * * *'),
  ('reconcile_objects', '30 3 * * *');
