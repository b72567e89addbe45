"""How much more time a parser takes for more of the same.

A parser itself, for `webapp.parsing.child`: its input is JSON, the name of a module with a `main`,
and what goes before, between and after so many repetitions of what; its output are seconds of the
CPU.
"""

from __future__ import annotations

import importlib
import json
import time
from typing import Any

from webapp.parsing import child

# Linear effort grows by as much as the input, quadratic effort by its square. What lies between is
# for what a garbage collector does meanwhile.
GROWTH = 16
_MOST_GROWTH = 4 * GROWTH
_LEAST = 0.005  # seconds; below it the clock says little


def assert_linear(
    module: str,
    head: str,
    shapes: dict[str, tuple[str, str, str]],
    size: int,
    *,
    in_child: bool = True,
) -> None:
    """Read `size` characters and `GROWTH` times as many of each shape: what comes first, what is
    repeated, and what comes last. The smaller one is read three times, for the quickest."""
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
