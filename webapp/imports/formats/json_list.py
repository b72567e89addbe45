"""A list of items and tasks, each as in lines of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from webapp.imports.document import list_with
from webapp.imports.format import Contents, Format
from webapp.imports.portable import Export

if TYPE_CHECKING:
    from webapp.imports.document import Document


def _read(document: Document) -> Contents | None:
    lists = (list_with(document.value, name) for name in ("source_url", "raw_text", "type"))
    entries = next((each for each in lists if each is not None), None)
    if entries is None:
        return None
    export = Export()
    return Contents(
        (
            entry
            for number, each in enumerate(entries, start=1)
            for entry in export.take(number, each, "The entry")
        ),
        lambda: export.counted(len(entries)),
        lambda: export.lacking(len(entries)),
    )


FORMAT: Final = Format("json", "json", _read)
