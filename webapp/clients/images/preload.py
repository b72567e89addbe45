"""The imports of the fork server, so that its children need not open any more files."""

from __future__ import annotations

import contextlib
import io

from PIL import Image

from webapp.clients.images.drawing.picture import drawn
from webapp.clients.images.tasks import draw, verify  # noqa: F401

Image.init()
# Pillow and numpy import some things only when they are first used.
for _form in ("png", "jpeg", "webp"):
    _out = io.BytesIO()
    drawn("preload", 0, 64).save(_out, _form)
    with contextlib.suppress(OSError):
        Image.open(_out).convert("RGBA")
