"""What the words of a prompt ask for: colours and a scene."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webapp.clients.images.drawing.fields import Chance

# From the darkest to the lightest.
PALETTES: Final[dict[str, tuple[str, ...]]] = {
    "neon": ("0b0221", "3a0ca3", "a21caf", "f72585", "7be0ff"),
    "ocean": ("03142f", "0a4c86", "1390b8", "7fd3e0", "fdf3da"),
    "sunset": ("1a1033", "5b1647", "b3313c", "f58b3c", "ffe6a6"),
    "forest": ("08170f", "1b4332", "3f8a63", "a3d9a5", "f6f4dc"),
    "desert": ("33190f", "8c3f1d", "d07a3d", "efbd78", "fff1d0"),
    "ice": ("0a1530", "1f4a80", "5d97b5", "b3dcec", "fbfeff"),
    "candy": ("2b1a45", "8d4a8f", "f0719a", "ffb9c9", "fff3df"),
    "ink": ("0c0c0f", "2f3036", "6d6e75", "bcbcbf", "f7f6f2"),
    "gold": ("110d08", "44300f", "94701f", "dcb650", "fff5d2"),
    "dream": ("15113b", "4237b5", "8f82e8", "fab4e4", "fff1f2"),
    "autumn": ("1c0f0a", "5e2812", "b0571d", "e6a13c", "fbe9b7"),
    "dawn": ("1b2347", "51548f", "b47a9c", "f5b291", "fff0cf"),
}

_COLOURS: Final[dict[str, str]] = {
    "neon": "neon cyber cyberpunk synthwave electric laser futuristic robot vibrant glitch arcade",
    "ocean": "ocean sea water wave waves whale fish blue coral beach rain river lake azure aqua",
    "sunset": "sunset dusk fire flame sun lava dragon warm red evening volcano phoenix",
    "forest": "forest tree trees green jungle garden leaf moss nature plant spring meadow",
    "desert": "desert sand dune dunes canyon mars clay camel",
    "ice": "ice snow winter frozen arctic crystal glacier cold penguin silver",
    "candy": "candy cute kitten kittens cat cats pink flower flowers sweet rabbit love",
    "ink": "noir ink black white monochrome charcoal minimal grey gray skull shadow",
    "gold": "gold golden king queen royal luxury ornate baroque temple crown",
    "dream": "dream dreams dreaming surreal magic moon violet purple lavender unicorn fairy",
    "autumn": "autumn fall fox october harvest wood pumpkin brown",
    "dawn": "dawn morning sunrise mist fog calm peaceful quiet pastel",
}
_SCENES: Final[dict[str, str]] = {
    "landscape": "landscape landscapes hill hills mountain mountains valley horizon forest tree "
    "desert dune dunes snow sunset dawn morning meadow peaceful lake canyon volcano autumn jungle",
    "sea": "sea ocean wave waves water beach coast whale fish boat ship island rain storm",
    "space": "space star stars galaxy planet planets moon nebula cosmic universe astronaut mars "
    "alien comet orbit",
    "city": "city cities street skyline tower architecture building buildings cyberpunk synthwave "
    "futuristic robot neon night arcade traffic",
    "marble": "abstract flow wind hair ink dream smoke motion painting liquid marble surreal fluid "
    "dragon fire silk",
    "glass": "geometric pattern patterns glass mosaic crystal cubist window minimal polygon prism",
    "bloom": "flower flowers mandala ornament kaleidoscope symmetry cat cats kitten kittens cute "
    "gold golden royal garden rose lotus crown",
}


class Asked(NamedTuple):
    """The name of a scene, and the names of two palettes: the second one lends its light."""

    scene: str
    palette: str
    light: str


def asked_for(prompt: str, chance: Chance) -> Asked:
    """What a prompt's words ask for. What none of them says, chance does."""
    words = re.findall(r"[a-z]+", prompt.lower())
    scene = _best(words, _SCENES, chance)
    palette = _best(words, _COLOURS, chance)
    light = _best(
        [word for word in words if word not in _COLOURS[palette].split()], _COLOURS, chance
    )
    return Asked(scene, palette, light)


def _best(words: list[str], table: Mapping[str, str], chance: Chance) -> str:
    score = {name: sum(word in known.split() for word in words) for name, known in table.items()}
    most = max(score.values())
    return chance.one_of(sorted(name for name in table if score[name] == most))
