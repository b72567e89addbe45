"""Scenes with a horizon: a landscape, the sea, a city."""

from __future__ import annotations

import numpy as np

from webapp.clients.images.drawing.fields import (
    Chance,
    Field,
    covered,
    glow,
    grid,
    line,
    noise,
    over,
    ramp,
    sampled,
)


def landscape(chance: Chance, colours: Field, size: int) -> Field:
    """Ridges behind each other under a sun or moon, with a forest or a lake in front."""
    across, down = grid(size)
    horizon = chance.between(0.50, 0.64)
    picture = _sky(chance, colours, size, horizon)
    sun = (chance.between(0.2, 0.8), horizon * chance.between(0.35, 0.85))
    picture = _with_sun(
        picture, colours, across - sun[0], down - sun[1], chance.between(0.045, 0.09)
    )
    has_lake = chance.between(0, 1) < 0.45
    layers = 5 if has_lake else 7
    shore = chance.between(0.72, 0.8)
    for layer in range(layers):
        near = layer / (layers - 1)
        if has_lake:
            foot = horizon + (shore - horizon - 0.03) * near
        else:
            foot = horizon + (1.02 - horizon) * near**1.15
        top = _ridge(chance, size, foot, near)
        if near > 0.6:
            top = _with_trees(chance, top, near)
        picture = _layer(chance, picture, colours, across, down, top, near, sun[0])
    if has_lake:
        picture = _with_lake(chance, picture, colours, down, shore)
    return picture


def sea(chance: Chance, colours: Field, size: int) -> Field:
    """Waves to the horizon, and the light of a low sun or moon on them."""
    across, down = grid(size)
    horizon = chance.between(0.40, 0.52)
    picture = _sky(chance, colours, size, horizon)
    sun = (chance.between(0.3, 0.7), horizon - chance.between(0.06, 0.22))
    picture = _with_sun(picture, colours, across - sun[0], down - sun[1], chance.between(0.05, 0.1))
    depth = np.clip((down - horizon) / (1 - horizon), 0, 1)
    far = 0.06 / (depth + 0.06)
    # Perspective: the same waves, smaller and flatter the farther they are.
    swell = noise(chance, size, size, 7, 6)
    ripples = noise(chance, size, size, 24, 4)
    x, y = (across - 0.5) * far * 1.6 + 0.5, far
    height = 0.65 * sampled(swell, x, y) + 0.35 * sampled(ripples, x, y)
    crest = np.sin((far * 60 + height * 7) * np.pi)
    tone = 0.12 + 0.5 * (1 - depth) * 0.6 + 0.5 * (height - 0.42) + 0.05 * crest
    water = ramp(np.clip(tone, 0, 1), colours)
    width = 0.03 + 0.22 * depth
    path = np.exp(-(((across - sun[0]) / width) ** 2)) * np.clip(
        height * 2.4 - 0.85 + 0.3 * crest, 0, 1
    )
    water = over(water, np.clip(path * (1.15 - 0.6 * depth), 0, 0.95), colours[4])
    foam = np.clip((height - 0.72) * 6, 0, 1) * depth
    water = over(water, foam * 0.5, colours[4])
    return over(picture, covered(down - horizon, 2 / size), water)


def city(chance: Chance, colours: Field, size: int) -> Field:
    """Towers with lit windows in front of a large striped sun, mirrored in a wet street."""
    across, down = grid(size)
    street = chance.between(0.76, 0.84)
    picture = _sky(chance, colours, size, street)
    middle, radius = chance.between(0.35, 0.65), chance.between(0.17, 0.26)
    level = street - chance.between(0.2, 0.34)
    distance = radius - np.hypot(across - middle, down - level)
    stripes = covered(
        np.sin((down - level) * 95) + 1.25 - 2.4 * (down - level + radius) / radius / 2, 0.3
    )
    halo = np.exp(-((np.hypot(across - middle, down - level) / (radius * 2.2)) ** 2))
    picture = over(picture, halo * 0.5, colours[3])
    face = ramp(np.clip((down - level) / radius * 0.5 + 0.5, 0, 1), colours[[4, 3, 2]])
    picture = over(picture, covered(distance, 3 / size) * stripes, face)
    for layer in range(4):
        near = layer / 3
        picture = _towers(chance, picture, colours, across, down, street, near)
    # The street shows what is above it, shaken and darker.
    ripple = noise(chance, size, size, 40, 3) - 0.5
    depth = np.clip((down - street) / (1 - street), 0, 1)
    mirrored = sampled(
        picture, across + ripple * 0.05 * depth, 2 * street - down + ripple * 0.07 * depth
    )
    wet = mirrored * (0.62 - 0.3 * depth[..., None]) + colours[0] * 0.25
    return over(picture, covered(down - street, 2 / size), wet)


def _sky(chance: Chance, colours: Field, size: int, horizon: float) -> Field:
    """A sky that grows lighter towards the horizon, with clouds."""
    across, down = grid(size)
    height = np.clip(down / horizon, 0, 1)
    shift = noise(chance, size, size, 2, 4)
    clouds = sampled(noise(chance, size, size, 4, 6), across + (shift - 0.5) * 0.25, down * 2.1)
    picture = ramp(0.06 + 0.72 * height**1.35 + 0.16 * (shift - 0.5), colours)
    veil = np.clip((clouds - 0.5) * 3.2, 0, 1) * (0.25 + 0.55 * height) * (1 - height**6)
    lit = ramp(np.clip(0.45 + 0.55 * height + (clouds - 0.5) * 0.6, 0, 1), colours)
    return over(picture, veil * 0.8, lit)


def _with_sun(picture: Field, colours: Field, across: Field, down: Field, radius: float) -> Field:
    distance = np.hypot(across, down)
    for reach, strength in ((5.5, 0.35), (2.2, 0.45)):
        picture = over(
            picture, strength * np.exp(-((distance / (radius * reach)) ** 2)), colours[4]
        )
    return over(picture, covered(radius - distance, 2.5 / len(picture)), colours[4] * 0.94 + 0.06)


def _ridge(chance: Chance, size: int, foot: float, near: float) -> Field:
    """How far down the top of a ridge is, for each column: sharp far away, round nearby."""
    course = line(chance, size, chance.between(1.6, 3.2) + near, 7)
    sharp = 1 - np.abs(2 * course - 1)
    shape = (sharp - 0.55) * (1 - near) + (course - 0.5) * (0.35 + near)
    return foot - shape * (0.34 - 0.17 * near)


def _with_trees(chance: Chance, top: Field, near: float) -> Field:
    """The same with a row of firs on it."""
    size = len(top)
    at = (np.arange(size) + 0.5) / size
    ground = top.copy()
    count = int(90 - 50 * near)
    for place, scale in chance.array(count, 2):
        tall = (0.03 + 0.07 * near**2) * (0.55 + 0.75 * scale)
        wide = tall * 0.2
        away = np.abs(at - place) / wide
        branches = 0.12 * ((away * 5) % 1)
        fir = tall * np.clip(1 - away - branches * (away < 0.95), 0, None)
        top = np.minimum(top, ground - fir * (away < 1))
    return top


def _layer(
    chance: Chance,
    picture: Field,
    colours: Field,
    across: Field,
    down: Field,
    top: Field,
    near: float,
    sun: float,
) -> Field:
    """A picture with a ridge in front."""
    size = len(picture)
    first = max(0, int(top.min() * size) - 2)  # above it nothing changes
    depth = down[first:] - top[None, :]
    slope = np.gradient(np.convolve(top, np.ones(31) / 31, "same")) * size
    facing = np.clip(0.5 + 0.35 * slope * np.sign(across[0] - sun), 0, 1)[None, :]
    grain = noise(chance, size - first, size, 22 + 20 * near, 4) - 0.5
    edge = np.exp(-np.clip(depth, 0, 1) * 18)
    tone = 0.60 * (1 - near) ** 1.2 + 0.05
    tone = tone + (0.11 * edge * (facing + 1.5 * grain) + 0.10 * grain) * (1.1 - 0.5 * near)
    haze = np.clip(depth * 3.2, 0, 1) * 0.30 * (1 - near)
    ground = over(ramp(tone, colours), haze, colours[3])
    picture[first:] = over(picture[first:], covered(depth, 1.6 / size), ground)
    return picture


def _with_lake(chance: Chance, picture: Field, colours: Field, down: Field, shore: float) -> Field:
    size = len(picture)
    across, _ = grid(size)
    depth = np.clip((down - shore) / (1 - shore), 0, 1)
    ripple = sampled(noise(chance, size, size, 30, 3), across * 0.5, down) - 0.5
    mirrored = sampled(
        picture, across + ripple * 0.012, 2 * shore - down + ripple * 0.10 * (0.15 + depth)
    )
    water = mirrored * (0.86 - 0.22 * depth[..., None]) + colours[1] * 0.10
    glint = np.clip((ripple - 0.16) * 5, 0, 1) * (0.25 - 0.15 * depth)
    water = over(water, glint, colours[4])
    return over(picture, covered(down - shore, 2 / size), water)


def _towers(
    chance: Chance,
    picture: Field,
    colours: Field,
    across: Field,
    down: Field,
    street: float,
    near: float,
) -> Field:
    """A row of towers, from the left edge to the right one."""
    size = len(picture)
    top = np.full(size, street)
    lights = np.zeros((size, size))
    place = -chance.between(0, 0.05)
    while place < 1:
        wide = chance.between(0.05, 0.10) * (0.7 + 0.6 * near)
        high = chance.between(0.12, 0.5) * (1 - 0.35 * near)
        roof = street - high
        # What is left of the last tower is hidden, and so are its windows.
        tower = slice(max(0, int(place * size)), max(0, int((place + wide) * size)))
        top[tower] = roof
        if chance.between(0, 1) < 0.4:  # a mast
            mast = int((place + wide / 2) * size)
            top[max(0, mast - size // 700) : max(0, mast + size // 700 + 1)] = roof - high * 0.22
        pane = chance.between(0.010, 0.016) * (0.8 + 0.5 * near)
        rows, bars = (down[:, :1] - roof) / (pane * 1.5), (across[:1, tower] - place) / pane
        kept = chance.array(80, 80)
        lit = kept[np.clip(rows.astype(int), 0, 79), np.clip(bars.astype(int), 0, 79)]
        is_pane = (rows % 1 > 0.32) & (bars % 1 > 0.34) & (rows > 0.6)
        lights[:, tower] = np.where(is_pane & (lit > 0.62), lit**2, 0)
        place += wide + chance.between(-0.012, 0.02)
    depth = down - top[None, :]
    wall = ramp(0.40 * (1 - near) + 0.02 + 0.12 * depth, colours)
    warm = np.where((lights > 0.75)[..., None], colours[4], colours[3])
    wall = over(wall, lights * (0.5 + 0.5 * near), warm)
    shine = glow(lights, size / 110)[..., None] * colours[3] * (0.4 + near)
    mask = covered(depth, 1.2 / size)
    lit_up: Field = over(picture, mask, wall) + shine * 0.55 * mask[..., None]
    return lit_up
