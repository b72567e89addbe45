"""Draws a picture for a prompt."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from webapp.clients.images.drawing.picture import drawn

if TYPE_CHECKING:
    from collections.abc import Callable


def main(file: int, arguments: dict[str, Any], report: Callable[..., None]) -> bytes:  # noqa: ARG001
    out = io.BytesIO()
    drawn(arguments["prompt"], arguments["seed"], arguments["size"]).save(out, "png")
    return out.getvalue()
