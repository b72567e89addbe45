"""Makes a table of texts of a grid of words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.parsing.tables.headings import heading_rows
from webapp.parsing.tables.layout.confidence import confidence_of
from webapp.parsing.tables.layout.grid import area_of
from webapp.parsing.tables.table import Table, placed

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.parsing.documents.document import Box
    from webapp.parsing.tables.layout.grid import Area, Grid


def table_of(grid: Grid, page: int, shown: Callable[[Area], Box]) -> Table:
    """The table on this page; `shown` says where an area is on the page as shown."""
    texts = grid.texts()
    return Table(
        page=page,
        method=grid.method,
        confidence=confidence_of(grid),
        texts=texts,
        box=shown(grid.area),
        boxes=placed(
            [shown(area_of(words)) if words else None for row in grid.rows for words in row]
        ),
        spans=grid.spans,
        header_rows=heading_rows(texts) if grid.header_rows is None else grid.header_rows,
    )
