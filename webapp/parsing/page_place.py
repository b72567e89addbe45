"""What a web page says about where it is, and where it sends its readers."""

from __future__ import annotations

import re
from typing import Any, Final

# A page that is left after longer than this is one to be read; many of those load themselves again.
_SOON: Final = 10  # seconds
_REFRESH: Final = re.compile(
    r"""\s*(\d{1,6})(?:\.\d*)?\s*[;,\s]\s*(?:url\s*=\s*)?["']?\s*(.*?)\s*["']?\s*""",
    re.IGNORECASE | re.DOTALL,
)
_MAX_URL: Final = 2048  # characters
# Characters of text beyond which a page with a field for a password is not only for signing in.
_LITTLE: Final = 2_000


def place(tree: Any) -> dict[str, Any]:
    """`base`, `canonical` and `refresh` (where it sends its readers at once), as they are written
    in the page, or None; and whether it `asks_to_sign_in` and says little else."""
    password = "//input[translate(@type, 'PASWORD', 'pasword') = 'password']"
    return {
        "base": _first(tree, "//base/@href"),
        "canonical": _first(
            tree,
            "//link[contains(concat(' ', normalize-space(translate(@rel,"
            " 'CANOIL', 'canoil')), ' '), ' canonical ')]/@href",
        ),
        "refresh": _refresh(tree),
        "asks_to_sign_in": bool(tree.xpath(password)) and len(tree.text_content()) < _LITTLE,
    }


def _first(tree: Any, path: str) -> str | None:
    written = next((str(each).strip() for each in tree.xpath(path)[:5]), "")
    return written if 0 < len(written) <= _MAX_URL else None


def _refresh(tree: Any) -> str | None:
    """The address of a `meta refresh`, which is not for browsers without scripts only."""
    path = (
        "//meta[translate(@http-equiv, 'REFSH', 'refsh') = 'refresh']"
        "[not(ancestor::noscript)]/@content"
    )
    for content in tree.xpath(path)[:5]:
        match = _REFRESH.fullmatch(str(content)[: _MAX_URL + 100])
        if match and int(match[1]) <= _SOON and 0 < len(match[2]) <= _MAX_URL:
            return match[2]
    return None
