"""The cells of a row as responses show them."""

from __future__ import annotations

import math
from typing import Any


def with_cells(row: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    """A row of `tables.rows_with_cells` with its cells: what was read and where, what counts, and
    from which file and configuration it is."""
    boxes, confidences = row.pop("boxes"), row.pop("confidences")
    read_texts, read_values = row.pop("all_read_texts"), row.pop("read_values")
    doubts, corrections = row.pop("doubts"), row.pop("corrections")
    origin = {name: table["provenance"][name] for name in ("configuration_version", "sha256")}
    row["cells"] = [
        {
            "column": column["name"],
            "text": row["texts"][at],
            "value": row["values"][at],
            "page": row["page"],
            "box": _box(boxes, at),
            "confidence": confidences[at] if confidences else table["confidence"],
            "is_mistake": at in row["mistakes"],
            "is_doubtful": at in doubts,
            "read_text": read_texts[at],
            "read_value": read_values[at],
            "correction": corrections.get(str(at)),
            **origin,
        }
        for at, column in enumerate(table["columns"])
    ]
    return row


def _box(boxes: list[float] | None, at: int) -> list[float] | None:
    box = boxes and boxes[4 * at : 4 * at + 4]
    return None if not box or math.isnan(box[0]) else box
