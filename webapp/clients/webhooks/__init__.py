"""Telling other programs what happened, at addresses that users give."""
