"""Tests of tokens over HTTP."""
