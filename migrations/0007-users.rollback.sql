DROP TABLE identities, recovery_codes, totp, known_addresses, password_resets, registrations, users;
