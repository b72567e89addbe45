"""The JSON API. Empty on purpose: workers import modules below it without importing Flask."""
