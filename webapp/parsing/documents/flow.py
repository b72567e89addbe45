"""Flowing text: paragraphs and table rows, split into pages at the document's breaks."""

from __future__ import annotations


class Flow:
    """Collects lines. Empty pages are dropped: an explicit break and one left by the last printing
    often occur together."""

    def __init__(self) -> None:
        self.pages: list[str] = []
        self._lines: list[str] = []
        self._notes: list[str] = []

    def line(self, text: str) -> None:
        """A paragraph, or a row of a table."""
        self._lines.append(text.rstrip())

    def note(self, text: str) -> None:
        """Text for the foot of the current page."""
        if text.strip():
            self._notes.append(text.strip())

    def end_page(self) -> None:
        """Start a new page."""
        if any(map(str.strip, self._lines)) or self._notes:
            parts = ["\n".join(self._lines).strip("\n"), "\n".join(self._notes)]
            self.pages.append("\n\n".join(part for part in parts if part))
        self._lines, self._notes = [], []
