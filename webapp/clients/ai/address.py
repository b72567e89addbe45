"""The address and the key of an AI endpoint, checked before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from webapp.clients.ai.contract import Origin


def endpoint_url(url: str, path: str, origin: Origin) -> str:
    """An address with a path such as `/chat/completions` appended to its own, unless it is there. A
    query (`?api-version=`) stays. Raises ValueError, naming the setting."""
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        usable = usable and not any(map(str.isspace, url.strip()))
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(f"{origin.url} must be an address such as https://api.example.com/v1.")
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            f"{origin.url} must not contain a user name or password; put the key in {origin.key}."
        )
    base = parts.path.rstrip("/").removesuffix(path).rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, f"{base}{path}", parts.query, ""))


def checked_key(key: str | None, origin: Origin) -> str:
    """The key without the line end that a secrets file leaves, or an empty string.

    Checked here because the HTTP library would quote a key it cannot send in its error. Raises
    ValueError, naming the setting.
    """
    key = (key or "").strip()
    if not all("!" <= character <= "~" for character in key):
        raise ValueError(
            f"{origin.key} contains a space or a character that cannot be sent in a header."
        )
    return key
