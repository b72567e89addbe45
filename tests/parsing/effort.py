"""How a parser's time grows with more input of the same kind.

This is a parser itself, for `webapp.parsing.child`: its input is JSON with the name of a module
that has a `main`, and by name what comes first, is repeated and comes last; its output is the
seconds of CPU time.
"""

from __future__ import annotations

import importlib
import json
import time
from typing import Any

from webapp.parsing import child

# Linear effort grows like the input, quadratic effort like its square. The margin between them is
# for garbage collection.
GROWTH = 16
_MOST_GROWTH = 4 * GROWTH
_LEAST = 0.005  # seconds; below this, the clock says little


def assert_linear(
    module: str,
    head: str,
    shapes: dict[str, tuple[str, str, str]],
    size: int,
    *,
    in_child: bool = True,
) -> None:
    """Read `size` characters of each shape (what comes first, what is repeated, what comes last)
    and `GROWTH` times as many. The smaller text is read three times, and the fastest counts."""
    asked = json.dumps({"module": module, "head": head, "shapes": shapes, "size": size}).encode()
    told = child.run(__name__, asked, seconds=3600, megabytes=2000) if in_child else main(asked)
    grown = {
        name: (small, large)
        for name, (small, large) in json.loads(told).items()
        if large > _MOST_GROWTH * max(small, _LEAST)
    }
    assert grown == {}


def main(data: bytes) -> bytes:
    asked: dict[str, Any] = json.loads(data)
    parser = importlib.import_module(asked["module"])
    if hasattr(parser, "load"):
        parser.load()

    def seconds(shape: tuple[str, str, str], size: int) -> float:
        first, repeated, last = shape
        text = first + repeated * (size // len(repeated)) + last
        body = (asked["head"] + "\n" + text).encode()
        began = time.process_time()
        parser.main(body)
        return time.process_time() - began

    found = {}
    for name, shape in asked["shapes"].items():
        small = min(seconds(shape, asked["size"]) for _ in range(3))
        found[name] = (small, seconds(shape, GROWTH * asked["size"]))
    return json.dumps(found).encode()
