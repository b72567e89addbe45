"""Archives that are written by hand, to say what none of Coffer's would."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any

from webapp.archives import reading

A, B, C = (f"01900000-0000-7000-8000-00000000000{each}" for each in "abc")


def archive_of(
    parts: dict[str, list[Any]],
    *,
    files: dict[str, bytes] | None = None,
    manifest: dict[str, Any] | None = None,
    counts: dict[str, int] | None = None,
) -> bytes:
    """An archive of lines, each an object or bytes."""
    out = io.BytesIO()
    described = {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, lines in parts.items():
            data = b"".join(
                (line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n"
                for line in lines
            )
            made.writestr(f"{name}.jsonl", data)
            count = (counts or {}).get(name, len(lines))
            described[name] = {"count": count, "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in (files or {}).items():
            made.writestr(name, data)
        said = {"format": reading.FORMAT, "version": reading.VERSION, "parts": described}
        made.writestr("manifest.json", json.dumps(said | (manifest or {})))
    return out.getvalue()


def item(**given: Any) -> dict[str, Any]:
    """A line of a note."""
    return {
        "id": A,
        "source_type": "note",
        "raw_text": "x",
        "status": "confirmed",
        "title": "x",
        "page_form": 2,
        "written_fields": [],
        "is_read": False,
        "is_favourite": False,
        "created_at": "2020-01-01T00:00:00Z",
        "updated_at": "2020-01-01T00:00:00Z",
    } | given
