"""Scenes without a horizon: space, marble, glass, a bloom."""

from __future__ import annotations

import numpy as np

from webapp.clients.images.drawing.fields import (
    Chance,
    Field,
    blurred,
    covered,
    glow,
    grid,
    noise,
    over,
    ramp,
    sampled,
)


def space(chance: Chance, colours: Field, size: int) -> Field:
    """A planet, sometimes with a ring, in front of a nebula and stars."""
    across, down = grid(size)
    first, second = noise(chance, size, size, 2.5, 6), noise(chance, size, size, 3.5, 6)
    cloud = sampled(first, across + (second - 0.5) * 0.55, down + (first - 0.5) * 0.55)
    dust = noise(chance, size, size, 9, 5)
    dark = colours * np.array([0.35, 0.7, 0.95, 1.0, 1.0])[:, None]
    picture = ramp(np.clip((cloud - 0.28) * 1.55, 0, 1) ** 1.7, dark) * (
        0.75 + 0.5 * dust[..., None]
    )
    picture = picture + _stars(chance, size)[..., None] * (0.5 + 0.5 * colours[4])
    place = (chance.between(0.3, 0.7), chance.between(0.34, 0.66))
    radius = chance.between(0.15, 0.25)
    x, y = (across - place[0]) / radius, (down - place[1]) / radius
    ring = _ring(chance, x, y) if chance.between(0, 1) < 0.55 else None
    if ring is not None:
        picture = over(picture, ring * (y < 0), ramp(np.clip(0.4 + ring, 0, 1), colours))
    picture = _planet(chance, picture, colours, x, y)
    if ring is not None:
        picture = over(picture, ring * (y >= 0), ramp(np.clip(0.4 + ring, 0, 1), colours))
    return picture


def marble(chance: Chance, colours: Field, size: int) -> Field:
    """Streams that fold into each other, lit from the side as if they were raised."""
    across, down = grid(size)
    first, second = noise(chance, size, size, 1.8, 4), noise(chance, size, size, 1.8, 4)
    x, y = across + (first - 0.5) * 0.9, down + (second - 0.5) * 0.9
    folded = sampled(noise(chance, size, size, 2.2, 5), np.abs(x), np.abs(y))
    x, y = np.abs(x + (folded - 0.5) * 0.9), np.abs(y - (folded - 0.5) * 0.9)
    height = sampled(noise(chance, size, size, 2.6, 5), x, y)
    veins = 0.5 + 0.5 * np.sin((height * 15 + folded * 7) * np.pi)
    tone = np.clip((height - 0.2) * 1.45 + 0.16 * (folded - 0.5) + 0.10 * (veins - 0.5), 0, 1)
    smooth = blurred(height + 0.05 * veins, size / 420)
    rise, run = np.gradient(smooth)
    light = np.clip(0.5 - (rise + run * 0.8) * size * 0.10, 0, 1.2)
    picture = ramp(tone, colours) * (0.62 + 0.62 * light)[..., None]
    gold = np.clip(1 - np.abs(veins - 0.5) * 9, 0, 1) * np.clip((folded - 0.5) * 4, 0, 1)
    return over(picture, gold * 0.7, colours[4])


def glass(chance: Chance, colours: Field, size: int) -> Field:
    """A stained window: panes between strips of lead, with light behind them."""
    across, down = grid(size)
    warp = noise(chance, size, size, 3, 3) - 0.5
    x, y = across + warp * 0.05, down - warp * 0.05
    nearest = np.full((size, size), 9.0)
    second, pane = nearest.copy(), np.zeros((size, size), int)
    count = int(chance.between(45, 95))
    places = chance.array(count, 2) * 1.16 - 0.08
    for number, (column, row) in enumerate(places):
        distance = np.hypot(x - column, y - row)
        closer = distance < nearest
        second = np.where(closer, nearest, np.minimum(second, distance))
        pane = np.where(closer, number, pane)
        nearest = np.where(closer, distance, nearest)
    edge = second - nearest
    tints = chance.array(count)
    middle = (chance.between(0.3, 0.7), chance.between(0.25, 0.6))
    away = np.hypot(across - middle[0], down - middle[1])
    tone = np.clip(0.78 * tints[pane] + 0.22 * (1 - away) + 0.1 * (warp + 0.1), 0, 1)
    texture = noise(chance, size, size, 50, 3) - 0.5
    picture = ramp(tone, colours[1:])
    picture = picture * (0.66 + 0.42 * np.clip(edge * 9, 0, 1) + 0.25 * texture)[..., None]
    picture = picture * (0.62 + 0.75 * np.exp(-(away**2) * 3.5))[..., None]
    round_ = np.clip(1 - np.abs(edge * size / 9 - 0.35) * 1.6, 0, 1) * 0.16
    lead = colours[0] * 0.45 + round_[..., None]
    return over(picture, 1 - covered(edge - 0.0058, 2.5 / size), lead)


def bloom(chance: Chance, colours: Field, size: int) -> Field:
    """A flower of many layers of petals, each with its shadow on the one below."""
    across, down = grid(size)
    x, y = across - 0.5, down - 0.5
    away, angle = np.hypot(x, y) * 2, np.arctan2(y, x)
    haze = noise(chance, size, size, 3, 5)
    picture = ramp(np.clip(0.62 - away * 0.42 + (haze - 0.5) * 0.4, 0, 1), colours) * 0.85
    petals = int(chance.between(5, 11))
    turn = chance.between(0, 6.28)
    layers = 8
    for layer in range(layers):
        part = layer / (layers - 1)
        reach = 0.98 - 0.80 * part
        count = petals + 2 * (layer % 3)
        turn += chance.between(0.3, 1.4)
        bend = angle + turn + 0.35 * (away - reach) * (1 if layer % 2 else -1)
        wave = np.abs(np.cos(count * 0.5 * bend)) ** chance.between(0.45, 1.2)
        shape = reach * (0.60 + 0.34 * wave + 0.04 * np.cos(count * 3 * bend))
        inside = covered(shape - away, 3 / size)
        along = np.clip(away / np.maximum(shape, 1e-3), 0, 1)
        veins = (0.5 + 0.5 * np.sin(count * 7 * bend)) * along * 0.12
        tone = np.clip(0.16 + 0.84 * np.abs(((part * 1.7 + along * 0.62) % 2) - 1), 0, 1)
        petal = ramp(tone, colours) * (0.70 + 0.42 * (1 - along**3) - veins)[..., None]
        shadow = np.exp(-np.clip(away - shape, 0, 1) * 22) * (1 - inside) * 0.45
        picture = over(picture * (1 - shadow)[..., None], inside, petal)
    seeds = covered(0.075 - away + 0.004 * np.cos(angle * 24), 3 / size)
    grain = noise(chance, size, size, 90, 2)
    return over(picture, seeds, ramp(np.clip(grain * 1.2, 0, 1), colours[[1, 3, 4]]))


def _stars(chance: Chance, size: int) -> Field:
    """Points of light, the brightest with a glow and a cross."""
    points = np.zeros((size, size))
    for column, row, bright in chance.array(1100, 3):
        at = int(row * (size - 1)), int(column * (size - 1))
        points[at] = max(points[at], bright**7 * 1.6 + 0.10)
    bright_ones = np.where(points > 1.0, points, 0)
    halo = blurred(points, size / 620) * 4 + glow(bright_ones, size / 150) * 55
    cross = np.zeros((size, size))
    for row, column in np.argwhere(points > 1.35):
        reach = size // 42
        fade = 0.7 * (1 - np.abs(np.arange(-reach, reach + 1)) / reach) ** 2
        for offset, strength in zip(range(-reach, reach + 1), fade, strict=True):
            if 0 <= row + offset < size:
                cross[row + offset, column] += strength
            if 0 <= column + offset < size:
                cross[row, column + offset] += strength
    stars: Field = np.clip(points + halo + blurred(cross, 1) * 0.9, 0, 1.3)
    return stars


def _planet(chance: Chance, picture: Field, colours: Field, x: Field, y: Field) -> Field:
    size = len(picture)
    away = np.hypot(x, y)
    depth = np.sqrt(np.clip(1 - away**2, 0, 1))
    light = np.clip(-0.60 * x - 0.42 * y + 0.68 * depth, 0, 1)
    surface = noise(chance, size, size, 4, 6)
    turn = chance.between(-0.5, 0.5)
    belts = np.sin((y + x * turn) * chance.between(4, 10) + (surface - 0.5) * 6) * 0.5 + 0.5
    tone = np.clip(0.18 + 0.5 * belts + 0.55 * (surface - 0.5), 0, 1)
    ball = ramp(tone, colours) * (0.03 + 1.12 * light)[..., None]
    radius = size * 0.2
    picture = over(picture, covered(1 - away, 2 / radius), ball)
    rim = np.exp(-(((away - 1) / 0.07) ** 2)) * np.clip(0.25 - 0.60 * x - 0.42 * y, 0, 1)
    lit: Field = picture + rim[..., None] * 0.6 * colours[3]
    return lit


def _ring(chance: Chance, x: Field, y: Field) -> Field:
    """How much of each pixel a ring covers, seen from the side."""
    tilt = chance.between(-0.5, 0.5)
    flat = chance.between(0.16, 0.34)
    across = x * np.cos(tilt) + y * np.sin(tilt)
    up = (y * np.cos(tilt) - x * np.sin(tilt)) / flat
    away = np.hypot(across, up)
    bands = 0.55 + 0.45 * np.sin(away * 34) * np.sin(away * 13 + 1)
    inside = covered(away - 1.35, 0.03) * covered(2.25 - away, 0.03)
    ring: Field = inside * bands * 0.85
    return ring
