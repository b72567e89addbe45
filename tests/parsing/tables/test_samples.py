"""Tables of public documents, with the right answers: see docs/dependencies.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.tables import truth
from tests.parsing.documents.conftest import samples
from tests.parsing.tables.found import tables

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["samples"]

pytestmark = pytest.mark.long

# Of these, not every table is right in every cell yet.
NOT_WHOLE = {
    "us-019",
    "us-032",  # rows in groups, without lines
    "us-033",  # columns closer together than words
    "us-034",  # two tables one below the other, with the same first heading
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
        found = [(each.page, truth.placed(each.texts)) for each in tables(pdf.read_bytes())]
        wrong |= {
            pdf.stem
            for page, texts in answer.items()
            if any((page, truth.placed(each)) not in found for each in texts)
        }
    assert wrong == NOT_WHOLE
