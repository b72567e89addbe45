"""Under which other addresses a page is found: where the one given led to, and what the page calls
its own.

Neither is believed blindly. Sites send strangers to a page for signing in, to their front page, or
to a notice that there is no such page; templates name the front page, or another site, as the
canonical address of every page. Then pages that have nothing in common would be the same.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from webapp.rules.same_page import normalized

_MAX_URL: Final = 2048  # characters

# The front page of a site, or of one of its languages.
_FRONT: Final = re.compile(
    r"/(?:[a-z]{2}(?:[-_][a-z]{2})?/?)?(?:(?:index|default|home|start)(?:\.\w{1,5})?/?)?",
    re.IGNORECASE,
)
# Parts of an address that lead to no page, but to what is shown in its place.
_NO_PAGE: Final = re.compile(
    r"(?:user|account|wp)?[-_]?(?:log|sign)[-_]?(?:in|on|up)|register|registration|auth|authori[sz](?:e|ation)|authenticat(?:e|ion)"
    r"|oauth2?|openid|sso|saml2?|cas|idp|accounts?|sessions?|consent|cookies?|privacy[-_]gate"
    r"|captcha|challenge|paywall|subscribe|40[0134]|410|50[0234]|(?:page[-_]?)?not[-_]?found"
    r"|errors?|unavailable|maintenance|blocked|denied|forbidden|unsupported[-_]?browser|cdn-cgi",
    re.IGNORECASE,
)
# The same site for another kind of device.
_SAME_SITE: Final = re.compile(r"(?:www\d?|m|mobile|amp)\.")


def other_addresses(
    given: str, led_to: str, canonical: str | None, *, asks_to_sign_in: bool = False
) -> dict[str, str]:
    """The addresses of a page besides the one given, in their normalized form, and what each was
    found by: `redirect` or `canonical`.

    `led_to` is where the one given led to; `canonical` is what the page there calls its own.
    """
    start, end = normalized(given), normalized(led_to)
    found: dict[str, str] = {}
    if end != start:
        if not _differ_little(start, end) and (asks_to_sign_in or _stands_in(start, end)):
            return {}
        found[end] = "redirect"
    try:
        own = end if canonical is None else normalized(canonical)
    except ValueError:
        own = end
    if (
        own not in (start, end)
        and _site(own) == _site(end)
        and (_is_front(end) or not _is_front(own))
    ):
        found[own] = "canonical"
    return {url: by for url, by in found.items() if len(url) <= _MAX_URL}


def _differ_little(start: str, end: str) -> bool:
    """Whether both are the same path of the same site, up to a slash at the end."""
    one, other = urlsplit(start), urlsplit(end)
    return (_site(start), one.path.rstrip("/"), one.query) == (
        *(_site(end), other.path.rstrip("/"), other.query),
    )


def _stands_in(start: str, end: str) -> bool:
    """Whether what an address led to is only shown in the place of its page."""
    if _is_front(end):
        return not _is_front(start)
    parts = urlsplit(end)
    names = [*parts.path.split("/"), (parts.hostname or "").split(".")[0]]
    if any(_NO_PAGE.fullmatch(name.rsplit(".", 1)[0] if "." in name else name) for name in names):
        return True
    # It says where to go back to.
    path = urlsplit(start).path
    return len(path) > 1 and path in unquote(unquote(parts.query))


def _is_front(url: str) -> bool:
    parts = urlsplit(url)
    return not parts.query and not parts.fragment and bool(_FRONT.fullmatch(parts.path))


def _site(url: str) -> str:
    return _SAME_SITE.sub("", urlsplit(url).netloc, count=1)
