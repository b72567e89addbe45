"""tesseract, if it is installed: a program that reads the languages it has files for."""

from __future__ import annotations

import csv
import io
import subprocess
from typing import TYPE_CHECKING

from webapp.parsing.documents.ocr.lines import Line

if TYPE_CHECKING:
    from PIL.Image import Image

_SECONDS = 20.0
_OUTPUT = 8 << 20  # bytes; a page of words takes some hundred thousand
# Other models detect orientation and formulas, and read no text.
_NO_LANGUAGES = {"osd", "equ"}


class Tesseract:
    def __init__(self) -> None:
        listed = _run(["--list-langs"], b"").decode("utf-8", "replace").split("\n")[1:]
        languages = {line.strip() for line in listed if line.strip()} - _NO_LANGUAGES
        # The first one reads what they have in common.
        self._languages = "+".join(sorted(languages, key=lambda name: (name != "eng", name)))

    def lines(self, picture: Image) -> list[Line]:
        """The lines on a picture, as tesseract parts them."""
        data = io.BytesIO()
        picture.convert("L").save(data, "png", compress_level=1)
        options = ["stdin", "stdout", "-l", self._languages or "eng", "tsv"]
        try:
            said = _run(options, data.getvalue()).decode("utf-8", "replace")
        except subprocess.SubprocessError:
            return []
        lines: dict[tuple[str, ...], list[Line]] = {}
        rows = csv.DictReader(io.StringIO(said), delimiter="\t", quoting=csv.QUOTE_NONE)
        for row in rows:
            if row.get("level") == "5" and (row.get("text") or "").strip():
                left, top, width, height = (
                    float(row[side]) for side in ("left", "top", "width", "height")
                )
                where = tuple(row[part] for part in ("block_num", "par_num", "line_num"))
                word = Line(row["text"], left, top, left + width, top + height)
                lines.setdefault(where, []).append(word)
        return [_joined(words) for words in lines.values()]


def _joined(words: list[Line]) -> Line:
    return Line(
        " ".join(word.text for word in words),
        min(word.left for word in words),
        min(word.top for word in words),
        max(word.right for word in words),
        max(word.bottom for word in words),
    )


def _run(options: list[str], data: bytes) -> bytes:
    done = subprocess.run(
        ["tesseract", *options], input=data, capture_output=True, timeout=_SECONDS, check=True
    )
    return done.stdout[:_OUTPUT]
