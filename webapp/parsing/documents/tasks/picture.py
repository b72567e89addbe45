"""A picture of a page: a rendered PDF page, a picture itself, or a document's own preview."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from PIL import Image

from webapp.parsing.documents.archive import Archive
from webapp.parsing.documents.detection import detect
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.pdf.render import render
from webapp.parsing.documents.picture import open_picture, upright
from webapp.parsing.documents.reading import Reading
from webapp.parsing.documents.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

# Where office files and books store a picture of their first page.
_CARRIED = r"docprops/thumbnail\.(jpe?g|png)|thumbnails/thumbnail\.png|(.*/)?cover\.(jpe?g|png)"
_OPTIONS: dict[str, dict[str, Any]] = {
    "webp": {"quality": 80, "method": 2},
    "jpeg": {"quality": 85},
    "png": {},
}


def main(file: int, arguments: dict[str, Any], report: Callable[..., None]) -> bytes:
    source = Source(file)
    if source.size == 0:
        raise DocumentError("empty")
    page, width, height = arguments["page"], arguments["width"], arguments["height"]
    picture = _picture(source, arguments["name"], page, (width, height), arguments["password"])
    report(page=page)
    out = io.BytesIO()
    form = arguments["format"]
    if form == "jpeg" or picture.mode not in {"RGB", "RGBA", "L"}:
        picture = _on_white(picture)
    picture.save(out, form, **_OPTIONS[form])
    return out.getvalue()


def _picture(
    source: Source, name: str, page: int, size: tuple[int, int], password: str | None
) -> Image.Image:
    media = detect(source.open(), name)
    if media.type == "application/pdf":
        return render(source, page, size, password)
    if media.kind == "image" and media.type not in {"image/svg+xml", "image/heic"}:
        return _shrunk(open_picture(source), page, size)
    if page == 1 and source.read(2) == b"PK":
        archive = Archive(source, Reading())
        for part in archive.like(_CARRIED):
            return _shrunk(open_picture(Source(archive.read(part) or b"")), 1, size)
    raise DocumentError("unsupported", "There is no picture of this page.")


def _shrunk(picture: Image.Image, page: int, size: tuple[int, int]) -> Image.Image:
    """The picture the right way up, and no larger than `size`."""
    try:
        if page > 1 or picture.format == "TIFF":
            picture.seek(page - 1)
        shown = upright(picture, max(size))
        shown.thumbnail(size)
    except EOFError as error:
        raise DocumentError("no_such_page") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise DocumentError("damaged") from error
    return shown


def _on_white(picture: Image.Image) -> Image.Image:
    """Without transparency, and in colours that every format has."""
    if picture.mode in {"I;16", "I", "F"}:
        # Of more than 256 shades, the highest eight bits.
        picture = picture.point(lambda value: value / 256 if picture.mode == "I;16" else value)
    if picture.mode in {"L", "RGB"}:
        return picture
    clear = picture.convert("RGBA")
    white = Image.new("RGBA", clear.size, "white")
    white.alpha_composite(clear)
    return white.convert("RGB")
