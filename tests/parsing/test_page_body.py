"""The element that a page marks as its article's text."""

from __future__ import annotations

import lxml.html
import pytest

from webapp.parsing.page_body import marked_text

TEXT = " ".join(f"The pickers of row {n} worked until dusk." for n in range(8))
OTHER = " ".join(f"Reader number {n} says that apples are dear." for n in range(20))


def marked(body: str, found: str) -> str | None:
    return marked_text(lxml.html.document_fromstring(f"<html><body>{body}</body></html>"), found)


@pytest.mark.parametrize(
    "mark",
    ['class="postentry"', 'class="wide entry-content"', 'itemprop="articleBody"'],
)
def test_what_is_marked_comes_in_the_place_of_what_is_something_else(mark):
    page = f"<div {mark}><p>{TEXT}</p><p>=)</p></div><div><p>{OTHER}</p></div>"
    assert marked(page, OTHER) == f"{TEXT}\n\n=)"


@pytest.mark.parametrize(
    ("page", "found"),
    [
        # It was found, if not all of it.
        (f'<div class="entry-content"><p>{TEXT}</p><p>{TEXT[:30]} again.</p></div>', TEXT),
        # A caption.
        ('<div class="entry-content">A photograph of the harvest.</div>', OTHER),
        # A list of articles.
        (f'<div class="entry-content">{TEXT}</div><div class="entry-content">{TEXT}</div>', OTHER),
        # Another name that only begins so.
        (f'<div class="entry-content-wide">{TEXT}</div>', OTHER),
        (f"<div>{TEXT}</div>", OTHER),
    ],
)
def test_otherwise_what_was_found_stays(page, found):
    assert marked(page, found) is None


def test_one_mark_within_another_is_one():
    page = f'<article itemprop="articleBody"><div class="entry-content">{TEXT}</div></article>'
    assert marked(page, OTHER) == TEXT
