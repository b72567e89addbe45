"""Tables of public documents, with the right answers: see docs/dependencies.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.tables import truth
from tests.parsing.documents.conftest import samples
from tests.parsing.tables.found import find
from webapp.parsing.extraction.applying import apply

if TYPE_CHECKING:
    from pathlib import Path

    from webapp.parsing.tables.table import DocumentTables

__all__ = ["samples"]

pytestmark = pytest.mark.long

# Of these, not every table can be right in every cell: their answers are at odds with others.
NOT_WHOLE = {
    "us-019",  # the answer for one of four leaves its headings out
}


def test_tables_of_public_documents_are_found_whole(samples: Path) -> None:
    kept = sorted((samples / "tables").glob("*.pdf"))
    expected = {
        pdf: answers
        for pdf, answers in truth.files().items()
        if samples / "tables" / pdf.name in kept
    }
    assert len(expected) == len(kept)
    wrong = set()
    for pdf, (answer, *_) in expected.items():
        every = find(pdf.read_bytes())
        taken_as_they_are(every)
        found = [(each.page, truth.placed(each.texts)) for each in every.tables]
        wrong |= {
            pdf.stem
            for page, texts in answer.items()
            if any((page, truth.placed(each)) not in found for each in texts)
        }
    assert wrong == NOT_WHOLE


def taken_as_they_are(every: DocumentTables) -> None:
    """An empty configuration takes each row of each table, and makes no mistake."""
    extracted = apply({}, every).tables
    texts = [row for table in every.tables for row in table.texts[table.header_rows :]]
    assert sorted(row.texts for table in extracted for row in table.rows) == sorted(texts)
    assert not any(row.mistakes for table in extracted for row in table.rows)
