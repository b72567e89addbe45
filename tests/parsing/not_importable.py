"""A parser whose distribution is not installed."""

from __future__ import annotations

import no_such_distribution


def main(data: bytes) -> bytes:
    return bytes(no_such_distribution.read(data))
