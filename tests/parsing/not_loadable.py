"""A parser that only imports its library in `load()`, and the library is not installed."""

from __future__ import annotations


def load() -> None:
    raise ImportError("It has moved.\nInstall no_such_distribution.")


def main(data: bytes) -> bytes:
    return data
