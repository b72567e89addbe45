-- Users, and how they authenticate: passwords, second factors, single sign-on.

-- A user of the development header only has a handle. An address is stored in the form in which
-- mail is sent to it, in ASCII: by Unicode's rules two addresses of different owners may be equal.
-- The password's hash is Argon2's, including its parameters; an account for single sign-on has
-- none.
CREATE TABLE users (
  id                  uuid        NOT NULL DEFAULT uuidv7(),
  handle              text        NOT NULL,
  email               text,
  email_verified_at   timestamptz,
  name                text,
  password_hash       text,
  password_changed_at timestamptz,
  is_admin            boolean     NOT NULL DEFAULT false,
  created_at          timestamptz NOT NULL DEFAULT now(),
  disabled_at         timestamptz,
  CONSTRAINT users_pkey PRIMARY KEY (id),
  CONSTRAINT users_handle_is_unique UNIQUE (handle),
  CONSTRAINT users_handle_is_a_short_word CHECK (handle ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
  CONSTRAINT users_email_is_3_to_254_of_ascii CHECK (email ~ '^[!-~]{3,254}$'),
  CONSTRAINT users_name_is_1_to_100_characters CHECK (length(name) BETWEEN 1 AND 100)
);

CREATE UNIQUE INDEX users_email_is_unique ON users (fold(email));

-- Registrations whose address is not confirmed yet. Several may wait for one address: the person
-- who reads its mail and knows the password of one gets the account.
CREATE TABLE registrations (
  id            uuid        NOT NULL,
  email         text        NOT NULL,
  name          text,
  password_hash text        NOT NULL,
  token_hash    bytea       NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  expires_at    timestamptz NOT NULL,
  CONSTRAINT registrations_pkey PRIMARY KEY (id),
  CONSTRAINT registrations_token_is_unique UNIQUE (token_hash),
  CONSTRAINT registrations_email_is_3_to_254_of_ascii CHECK (email ~ '^[!-~]{3,254}$'),
  CONSTRAINT registrations_name_is_1_to_100_characters CHECK (length(name) BETWEEN 1 AND 100)
);

CREATE INDEX registrations_by_expiry ON registrations (expires_at);

-- Requests to reset the password of the account with this address, if there is one. The request
-- does the same work either way; the worker that sends the mail finds out.
CREATE TABLE password_resets (
  id         uuid        NOT NULL,
  email      text        NOT NULL,
  token_hash bytea       NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  CONSTRAINT password_resets_pkey PRIMARY KEY (id),
  CONSTRAINT password_resets_token_is_unique UNIQUE (token_hash),
  CONSTRAINT password_resets_email_is_3_to_254_of_ascii CHECK (email ~ '^[!-~]{3,254}$')
);

CREATE INDEX password_resets_by_expiry ON password_resets (expires_at);
CREATE INDEX password_resets_by_email ON password_resets (fold(email));

-- Addresses from which a user has signed in before: attacks from elsewhere do not lock the user out
-- there.
CREATE TABLE known_addresses (
  user_id uuid        NOT NULL,
  network inet        NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT known_addresses_pkey PRIMARY KEY (user_id, network),
  CONSTRAINT known_addresses_user_exists FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX known_addresses_by_time ON known_addresses (seen_at);

-- The second factor of a user: its secret, encrypted, and the last time step of which a code was
-- used, so that each code works once. It is not required until it has been confirmed, soon after it
-- was enrolled.
CREATE TABLE totp (
  user_id      uuid        NOT NULL,
  secret       bytea       NOT NULL,
  last_step    bigint      NOT NULL DEFAULT 0,
  enrolled_at  timestamptz NOT NULL DEFAULT now(),
  confirmed_at timestamptz,
  CONSTRAINT totp_pkey PRIMARY KEY (user_id),
  CONSTRAINT totp_user_exists FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

-- Recovery codes that replace the second factor. A used one is deleted.
CREATE TABLE recovery_codes (
  user_id   uuid  NOT NULL,
  code_hash bytea NOT NULL,
  CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, code_hash),
  CONSTRAINT recovery_codes_totp_exists FOREIGN KEY (user_id) REFERENCES totp (user_id) ON DELETE CASCADE
);

-- A user's identity at a single sign-on provider.
CREATE TABLE identities (
  provider   text        NOT NULL,
  subject    text        NOT NULL,
  user_id    uuid        NOT NULL,
  email      text,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT identities_pkey PRIMARY KEY (provider, subject),
  CONSTRAINT identities_user_exists FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT identities_one_for_each_user_and_provider UNIQUE (user_id, provider)
);

-- Single sign-on log-ins that came back from their provider. A browser's cookie is valid for one of
-- these; a row outlives the cookie.
CREATE TABLE sso_callbacks (
  state_hash bytea       NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT sso_callbacks_pkey PRIMARY KEY (state_hash)
);

CREATE INDEX sso_callbacks_by_expiry ON sso_callbacks (expires_at);
