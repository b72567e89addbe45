"""Titles of texts and files."""

from __future__ import annotations

import pytest

from webapp.rules.first_line import first_line_with_a_word, given_title


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("  The oak \n posts ", "The oak posts"),
        ("Microsoft Word - Offer 12.doc", "Offer 12"),
        ("Microsoft PowerPoint - Slide 1", ""),
        ("Slide 1", ""),
        ("Untitled", ""),
        ("PowerPoint Presentation", ""),
        ("Document1", ""),
        ("Document about posts", "Document about posts"),
        ("Blad 1: the fence", "Blad 1: the fence"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_title_that_a_program_gave_is_none(said, title):
    assert given_title(said) == title


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Sheet1\nPosts\t12", "Posts\t12"),
        ("Feuil1\nTabelle2\n12.5\nOrders", "Orders"),
        ("Sheet1\n1\t2", None),
        ("Sheet music\nla", "Sheet music"),
    ],
)
def test_a_sheet_that_nobody_named_is_no_title(text, title):
    assert first_line_with_a_word(text) == title
