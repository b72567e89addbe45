"""A parser that needs more memory to load than it may have."""

from __future__ import annotations


def load() -> None:
    bytes(1 << 32)


def main(data: bytes) -> bytes:
    return data
