"""The ways in: passwords, single sign-on, second factors, and how guessing is slowed down."""
