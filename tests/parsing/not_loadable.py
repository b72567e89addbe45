"""A parser that imports its library only in `load()`, while the library is not installed."""

from __future__ import annotations


def load() -> None:
    raise ImportError("It has moved.\nInstall no_such_distribution.")


def main(data: bytes) -> bytes:
    return data
