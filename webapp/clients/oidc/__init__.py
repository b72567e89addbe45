"""Log-in with OpenID Connect providers."""
