"""What holds for all feeds."""

from __future__ import annotations

from typing import Final

# Feeds of a workspace: each is asked for again and again.
MOST_FEEDS: Final = 500
