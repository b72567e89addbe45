"""A parser that imports what it parses with only when it is about to, which is not installed."""

from __future__ import annotations


def load() -> None:
    raise ImportError("It has moved.\nInstall no_such_distribution.")


def main(data: bytes) -> bytes:
    return data
