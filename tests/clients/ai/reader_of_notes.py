"""A parser for `webapp.parsing.child` that has the embedded provider read a note."""

from __future__ import annotations

from webapp.clients.ai.extractive import ExtractiveProvider

_provider: ExtractiveProvider | None = None


def load() -> None:
    global _provider  # noqa: PLW0603
    _provider = ExtractiveProvider()


def main(data: bytes) -> bytes:
    assert _provider is not None
    _, _, text = data.partition(b"\n")
    return _provider.enrich(text.decode()).title.encode()
