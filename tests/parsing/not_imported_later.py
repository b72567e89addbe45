"""A parser that imports something that is not installed only when it needs it."""

from __future__ import annotations


def main(data: bytes) -> bytes:
    import no_such_distribution

    return bytes(no_such_distribution.read(data))
