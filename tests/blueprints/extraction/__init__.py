"""Tests of the extraction system over HTTP."""
