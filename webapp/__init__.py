"""The JSON API. Empty on purpose: workers import below it without importing Flask."""
