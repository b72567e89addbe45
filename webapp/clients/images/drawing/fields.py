"""What scenes are drawn with: chance, noise, ramps of colours and soft edges.

A field is an array of numbers, one for each pixel, with rows from top to bottom; a picture has
three in its last dimension: red, green and blue from 0 to 1.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Field: TypeAlias = NDArray[np.float64]
Choice = TypeVar("Choice")

# Between the first and the last colour of a ramp: more than can be told apart.
_SHADES: Final = 4096


class Chance:
    """Numbers that follow from texts, the same on every machine."""

    def __init__(self, *of: object) -> None:
        self._key = hashlib.sha256("\0".join(map(str, of)).encode()).hexdigest()
        self._drawn = 0

    def _next(self) -> bytes:
        self._drawn += 1
        return hashlib.sha256(f"{self._key}{self._drawn}".encode()).digest()

    def between(self, low: float, high: float) -> float:
        """A number from `low` up to `high`."""
        return low + (high - low) * int.from_bytes(self._next()[:6]) / (1 << 48)

    def one_of(self, choices: Sequence[Choice]) -> Choice:
        """One of some things."""
        return choices[int(self.between(0, len(choices)))]

    def array(self, *shape: int) -> Field:
        """Numbers from 0 to 1."""
        # Only the bits are drawn by numpy, which promises that they stay the same.
        bits = np.random.PCG64(int.from_bytes(self._next()[:16])).random_raw(math.prod(shape))
        drawn: Field = (bits >> np.uint64(11)).reshape(shape) / float(1 << 53)
        return drawn


def grid(size: int) -> tuple[Field, Field]:
    """The place of each pixel, from 0 to 1: across and down."""
    place = (np.arange(size) + 0.5) / size
    across, down = np.meshgrid(place, place)
    return across, down


def noise(chance: Chance, height: int, width: int, cells: float, octaves: int = 5) -> Field:
    """Clouds, from about 0 to 1, with `cells` of the largest lumps along each side."""
    total = np.zeros((height, width))
    weight = 1.0
    for octave in range(octaves):
        count = max(2, round(cells * 2**octave))
        lumps = chance.array(count + 3, count + 3) - 0.5
        # Splines flatten what they smooth.
        total += 2.1 * weight * (_splines(height, count) @ lumps @ _splines(width, count).T)
        weight /= 2
    found: Field = 0.5 + total / (2 - 2 * weight)
    return found


def line(chance: Chance, width: int, cells: float, octaves: int = 6) -> Field:
    """The same along one line."""
    found: Field = noise(chance, 1, width, cells, octaves)[0]
    return found


def _splines(pixels: int, cells: int) -> Field:
    """The weight of each of `cells` + 3 knots for each pixel, by cubic B-splines."""
    at = np.arange(pixels) / pixels * cells
    knot = at.astype(int)
    part = at - knot
    weights = np.zeros((pixels, cells + 3))
    rows = np.arange(pixels)
    weights[rows, knot] = (1 - part) ** 3 / 6
    weights[rows, knot + 1] = (3 * part**3 - 6 * part**2 + 4) / 6
    weights[rows, knot + 2] = (-3 * part**3 + 3 * part**2 + 3 * part + 1) / 6
    weights[rows, knot + 3] = part**3 / 6
    return weights


def ramp(field: Field, colours: Field) -> Field:
    """A picture of a field: its numbers from 0 to 1 along a row of colours."""
    at, steps = np.linspace(0, 1, len(colours)), np.linspace(0, 1, _SHADES + 1)
    shades = np.stack([np.interp(steps, at, colours[:, band]) for band in range(3)], axis=-1)
    picture: Field = shades[(np.clip(field, 0, 1) * _SHADES).astype(int)]
    return picture


def sampled(field: Field, across: Field, down: Field) -> Field:
    """A field at other places, from 0 to 1; beyond its edges it is mirrored."""
    height, width = field.shape[:2]
    row = np.abs((down * height).astype(int))
    column = np.abs((across * width).astype(int))
    row = np.where(row >= height, 2 * height - 1 - row, row)
    column = np.where(column >= width, 2 * width - 1 - column, column)
    found: Field = field[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
    return found


def blurred(field: Field, radius: float) -> Field:
    """A field or picture through a soft lens: three box blurs are nearly Gaussian."""
    half = max(1, round(radius))
    for axis in (0, 1):
        length = field.shape[axis]
        padding = [(half + 1, half) if each == axis else (0, 0) for each in range(field.ndim)]
        for _ in range(3):
            sums = np.cumsum(np.pad(field, padding, mode="edge"), axis=axis)
            first, last = np.arange(length), np.arange(length) + 2 * half + 1
            field = (sums.take(last, axis) - sums.take(first, axis)) / (2 * half + 1)
    return field


def glow(field: Field, radius: float) -> Field:
    """The same through a very soft lens, for which a quarter of the pixels are enough."""
    size = len(field)
    count = size // 4
    coarse = field[: 4 * count, : 4 * count].reshape(count, 4, count, 4, -1).mean(axis=(1, 3))
    soft = blurred(coarse, radius / 4)
    weights = _splines(size, count)[:, 1 : count + 1]
    weights /= weights.sum(axis=1, keepdims=True)
    wide = np.tensordot(weights, soft, axes=(1, 1)).transpose(1, 0, 2)
    full: Field = np.tensordot(weights, wide, axes=(1, 0)).reshape(field.shape)
    return full


def covered(distance: Field, softness: float) -> Field:
    """How much of each pixel is inside, from 0 to 1, by its distance from the edge: positive
    inside."""
    return np.clip(distance / softness + 0.5, 0, 1)


def over(picture: Field, mask: Field, colour: Field) -> Field:
    """A picture with a colour, or another picture, laid over it where the mask is 1."""
    part = mask[..., None]
    return picture * (1 - part) + colour * part
