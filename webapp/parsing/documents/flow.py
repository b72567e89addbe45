"""Text that flows: paragraphs and rows of tables, parted into pages where the document says so."""

from __future__ import annotations


class Flow:
    """Collects lines. A page that would be empty is none: a break that is asked for and one that
    was left by the last printing stand side by side."""

    def __init__(self) -> None:
        self.pages: list[str] = []
        self._lines: list[str] = []
        self._notes: list[str] = []

    def line(self, text: str) -> None:
        """A paragraph, or a row of a table."""
        self._lines.append(text.rstrip())

    def note(self, text: str) -> None:
        """What stands at the foot of the present page."""
        if text.strip():
            self._notes.append(text.strip())

    def end_page(self) -> None:
        """What follows stands on another page."""
        if any(map(str.strip, self._lines)) or self._notes:
            parts = ["\n".join(self._lines).strip("\n"), "\n".join(self._notes)]
            self.pages.append("\n\n".join(part for part in parts if part))
        self._lines, self._notes = [], []
