"""The mails that Coffer sends: their texts, and the tokens in them."""
