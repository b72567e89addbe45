"""Decodes what came as a picture, and gives it back as a PNG of nothing but its pixels."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, UnidentifiedImageError

from webapp.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

_FORMATS: Final = ("PNG", "JPEG", "WEBP")
# Up to this value of any colour, a picture counts as black.
_BLACK: Final = 8


class NoPicture(Failure):
    """What came is not an acceptable picture; `code` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message, permanent=True)
        self.code = code


def main(file: int, arguments: dict[str, Any], report: Callable[..., None]) -> bytes:  # noqa: ARG001
    # Pillow's own guard only warns; this one is checked before anything is decoded.
    Image.MAX_IMAGE_PIXELS = None
    data = os.pread(file, os.fstat(file).st_size, 0)
    try:
        picture = Image.open(io.BytesIO(data), formats=_FORMATS)
        if max(picture.size) > arguments["most_pixels"]:
            raise NoPicture(
                "too_large", f"The picture has {picture.width} × {picture.height} pixels."
            )
        colours = _on_white(picture)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise NoPicture("no_picture", "What came is not a picture, or not all of one.") from None
    if max(colours.tobytes(), default=0) <= _BLACK:
        raise NoPicture("black", "The picture is black.")
    out = io.BytesIO()
    # A new one, without whatever else the file said.
    Image.frombytes("RGB", colours.size, colours.tobytes()).save(out, "png")
    return out.getvalue()


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    clear = picture.convert("RGBA")
    white = Image.new("RGBA", clear.size, "white")
    white.alpha_composite(clear)
    return white.convert("RGB")
