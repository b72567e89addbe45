"""A parser that imports something only when it needs it, which is not installed."""

from __future__ import annotations


def main(data: bytes) -> bytes:
    import no_such_distribution

    return bytes(no_such_distribution.read(data))
