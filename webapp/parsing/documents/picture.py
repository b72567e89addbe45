"""Reads pictures: their size, orientation, and the camera's or scanner's metadata."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PIL import Image, ImageOps, UnidentifiedImageError

from webapp.parsing.documents.document import Metadata
from webapp.parsing.documents.errors import DocumentError

if TYPE_CHECKING:
    from webapp.parsing.documents.reading import Reading
    from webapp.parsing.documents.source import Source

_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "AVIF")
MOST_PIXELS = 200_000_000  # of the original picture, before it is made smaller
_DESCRIPTION, _ARTIST, _DATE, _TAKEN, _DETAILS = 0x010E, 0x013B, 0x0132, 0x9003, 0x8769
_ORIENTATION = 0x0112


def open_picture(source: Source) -> Image.Image:
    """The picture, not decoded yet. Raises DocumentError."""
    # Pillow's own guard has other limits, and does not apply when decoding.
    Image.MAX_IMAGE_PIXELS = None
    try:
        picture = Image.open(source.open(), formats=_FORMATS)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise DocumentError("damaged") from error
    check_size(picture)
    return picture


def check_size(picture: Image.Image) -> None:
    """Raises DocumentError if it has more pixels than accepted."""
    if picture.width * picture.height > MOST_PIXELS:
        raise DocumentError("too_complex", "The picture has more pixels than Coffer accepts.")


def upright(picture: Image.Image, side: int) -> Image.Image:
    """The picture the right way up, no side longer than `side`. Raises what Pillow raises for a
    broken one."""
    picture.draft("RGB", (side, side))  # a JPEG is decoded at reduced size
    turned = ImageOps.exif_transpose(picture)
    turned.thumbnail((side, side))
    return turned


def read(source: Source, reading: Reading) -> Metadata:
    """A page for each page of a TIFF, and one for any other picture; none has text yet."""
    picture = open_picture(source)
    count = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
    reading.expect(count)
    for number in range(count):
        try:
            picture.seek(number)
        except (EOFError, OSError, ValueError, SyntaxError):
            break
        check_size(picture)
        width, height = picture.size
        if picture.getexif().get(_ORIENTATION) in {5, 6, 7, 8}:  # it is rotated
            width, height = height, width
        reading.page("", of=count, size=(float(width), float(height)), origin="picture")
    picture.seek(0)
    exif = picture.getexif()
    taken = exif.get_ifd(_DETAILS).get(_TAKEN) or exif.get(_DATE)
    return Metadata.of(exif.get(_DESCRIPTION), exif.get(_ARTIST), created=_moment(str(taken)))


def _moment(text: str) -> datetime | None:
    """A camera's time, in an unknown time zone."""
    try:
        return datetime.strptime(text.strip("\0 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007
    except ValueError:
        return None
