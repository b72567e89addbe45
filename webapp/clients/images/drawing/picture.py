"""A picture for a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from webapp.clients.images.drawing import abstract, outdoors
from webapp.clients.images.drawing.fields import Chance, Field, glow, grid
from webapp.clients.images.drawing.words import PALETTES, asked_for

if TYPE_CHECKING:
    from collections.abc import Callable

_SCENES: Final[dict[str, Callable[[Chance, Field, int], Field]]] = {
    "landscape": outdoors.landscape,
    "sea": outdoors.sea,
    "city": outdoors.city,
    "space": abstract.space,
    "marble": abstract.marble,
    "glass": abstract.glass,
    "bloom": abstract.bloom,
}


def drawn(prompt: str, seed: int, size: int) -> Image.Image:
    """The picture of a prompt, square, with so many pixels a side. Another seed gives another one
    of the same prompt."""
    chance = Chance(prompt.strip(), seed)
    asked = asked_for(prompt, chance)
    colours = _colours(asked.palette)
    colours[3:] = 0.7 * colours[3:] + 0.3 * _colours(asked.light)[3:]
    colours = _turned(colours, chance.between(-0.05, 0.05))
    return _finished(_SCENES[asked.scene](chance, colours, size))


def _colours(palette: str) -> Field:
    rows = [[int(text[at : at + 2], 16) / 255 for at in (0, 2, 4)] for text in PALETTES[palette]]
    return np.array(rows)


def _turned(colours: Field, amount: float) -> Field:
    """The same colours, a little warmer or colder."""
    return np.clip(colours + amount * np.array([1.0, 0.1, -1.0]), 0, 1)


def _finished(picture: Field) -> Image.Image:
    """As a camera shows it: darker corners, a glow around what is bright, and soft highlights."""
    size = len(picture)
    across, down = grid(size)
    corners = np.clip(np.hypot(across - 0.5, down - 0.5) * 1.35, 0, 1) ** 2.4
    picture = np.clip(picture, 0, 1.6) * (1 - 0.38 * corners)[..., None]
    shine = glow(np.clip(picture - 0.62, 0, 1), size / 70)
    picture = 1 - (1 - np.clip(picture, 0, 1)) * (1 - 0.6 * np.clip(shine, 0, 1))
    picture = picture + 0.10 * (picture - 0.5) * picture * (1 - picture) * 4
    return Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))
