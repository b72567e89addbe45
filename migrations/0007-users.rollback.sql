DROP TABLE sso_callbacks, identities, recovery_codes, totp, known_addresses, password_resets, registrations;
DROP TABLE users;
