"""Hostile notes take time that is linear in their size, as far as they are read."""

from __future__ import annotations

import pytest

from tests.parsing.effort import GROWTH, assert_linear
from webapp.clients.ai.extractive import READ_WHOLE

# What comes first, what is repeated, and what comes last.
NOTES = {
    "letters": ("", "x", ""),
    "words": ("", "x ", ""),
    "different words": ("", "".join(f"word{n} " for n in range(300)), ""),
    "lines": ("", "x\n", ""),
    "paragraphs": ("", "x\n\n", ""),
    "sentences": ("", "Oak. ", ""),
    "full stops": ("", ".", ""),
    "abbreviations": ("", "e.g. ", ""),
    "quotes": ("", "“", ""),
    "spaces": ("x", " ", "x"),
    "empty lines": ("x", "\n", "x"),
    "marks on one letter": ("a", "\u0301\u0327", ""),
    "letters with marks": ("", "a\u0301\u0327 ", ""),
    "joiners": ("a", "\u200d", ""),
    "flags": ("", "\U0001f1e9\U0001f1ea", ""),
    "headings": ("", "# x\n", ""),
    "hashes": ("", "#", ""),
    "hashtags": ("", "#oak ", ""),
    "items": ("", "- x\n", ""),
    "nested items": ("", "- ", ""),
    "quoted": ("", "> ", ""),
    "fences": ("", "```\n", ""),
    "backticks": ("", "`", ""),
    "code": ("", "`x", ""),
    "stars": ("", "*", ""),
    "bold": ("", "**x", ""),
    "underscores": ("", "_x", ""),
    "struck": ("", "~~x", ""),
    "brackets": ("", "[", ""),
    "links that never end": ("", "[a](b", ""),
    "pictures that never end": ("", "![a](b", ""),
    "wiki links": ("", "[[a", ""),
    "references": ("", "[a][b", ""),
    "addresses": ("", "http://a.example/ ", ""),
    "one address": ("http://a.example/", "a/", ""),
    "tags": ("", "<p", ""),
    "attributes": ("<p ", "a=b ", ""),
    "tables": ("", "|", ""),
    "rules": ("", "---\n", ""),
    "front matter": ("---\n", "a: b\n", ""),
    "braces": ("", "{", ""),
    "JSON": ("", '{"a":', ""),
    "digits": ("", "1", ""),
    "numbers": ("", "1. ", ""),
    "Chinese": ("", "花园", ""),
    "capitals": ("", "Oak Fence ", ""),
    "mail": ("", "a@", ""),
    "colons": ("", "a: ", ""),
}


@pytest.mark.long
def test_no_note_takes_more_than_linear_time() -> None:
    assert_linear(
        "tests.clients.ai.reader_of_notes", "", NOTES, READ_WHOLE // GROWTH - 10, in_child=False
    )
