"""Patterns of addresses as people write them in rules, compared in time linear in the address.

`example.com` is this host and every one below it, `example.com/blog` all that begins with this path
there. A `*` stands for any characters, in the host and in the path: `*.example.*`,
`example.com/*/comments`. Case does not matter, nor do `http://`, `https://` and `www.` before it.
There is nothing else to a pattern, so none can make a comparison slow.
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import unquote

from webapp.rules.phrases import folded
from webapp.rules.web_address import parts_of

MOST_CHARACTERS: Final = 200

_MOST_STARS: Final = 5
# Enough to tell something; less is in nearly every address.
_FEWEST_LETTERS: Final = 2
_SCHEMES: Final = ("https://", "http://")
_ENCODED: Final = "xn--"
# Where a path may end so that what follows is below it.
_BELOW: Final = ("/", "?", "#")


class _Pattern(NamedTuple):
    host: list[str]
    path: list[str]


def mistake_in(pattern: str) -> str | None:
    """What is wrong with a pattern, as a sentence."""
    if len(pattern) > MOST_CHARACTERS:
        return f"Longer than {MOST_CHARACTERS} characters."
    if pattern.count("*") > _MOST_STARS:
        return f"More than {_MOST_STARS} stars."
    if any(character.isspace() for character in pattern):
        return "An address has no spaces."
    host = _split(pattern)[0]
    if sum(map(str.isalnum, host)) < _FEWEST_LETTERS:
        return f"Needs a host, with at least {_FEWEST_LETTERS} letters or digits."
    return None


def leads_to(pattern: str, address: str) -> bool:
    """Whether an address is one of those that a pattern without mistakes names."""
    wanted, (host, path) = _compiled(pattern), _parts(address)
    return _is_host(wanted.host, host) and _is_path(wanted.path, path)


def _is_host(pieces: list[str], host: str) -> bool:
    if len(pieces) == 1:
        return host == pieces[0] or host.endswith(f".{pieces[0]}")
    place = _begins(pieces, host)
    return place is not None and host.endswith(pieces[-1]) and len(host) - len(pieces[-1]) >= place


def _is_path(pieces: list[str], path: str) -> bool:
    """The last piece must end where a part of the path does, at any place after the others."""
    place, last = _begins(pieces, path), pieces[-1]
    if len(pieces) == 1:
        return path.startswith(last) and _ends_a_part(path, last, len(last))
    while place is not None and (found := path.find(last, place)) >= 0:
        if _ends_a_part(path, last, found + len(last)):
            return True
        place = found + 1
    return False


def _ends_a_part(path: str, piece: str, end: int) -> bool:
    return not piece or piece.endswith(_BELOW) or end == len(path) or path[end] in _BELOW


def _begins(pieces: list[str], text: str) -> int | None:
    """Where in a text the pieces before the last one end, which follow each other there, the first
    of them at its beginning; None if they do not."""
    if len(pieces) == 1:
        return 0
    if not text.startswith(pieces[0]):
        return None
    place = len(pieces[0])
    for piece in pieces[1:-1]:
        found = text.find(piece, place)
        if found < 0:
            return None
        place = found + len(piece)
    return place


@lru_cache(maxsize=5000)
def _compiled(pattern: str) -> _Pattern:
    host, path = _split(pattern)
    return _Pattern(host.split("*"), path.split("*"))


def _split(pattern: str) -> tuple[str, str]:
    bare = pattern.lower()
    for scheme in _SCHEMES:
        bare = bare.removeprefix(scheme)
    host, slash, path = bare.partition("/")
    return _host(host.strip(".")), folded(unquote(slash + path))


@lru_cache(maxsize=100)
def _parts(address: str) -> tuple[str, str]:
    """An address's host and all that follows it, as people write them."""
    try:
        parts = parts_of(address)
    except ValueError:
        return "", ""
    path = parts["pathname"] + parts["search"] + parts["hash"]
    return _host(parts["hostname"]), folded(unquote(path))


def _host(name: str) -> str:
    return folded(".".join(map(_label, name.removeprefix("www.").split("."))))


def _label(label: str) -> str:
    """A label of a host in its own letters."""
    if label.startswith(_ENCODED):
        with suppress(UnicodeError):
            return label.removeprefix(_ENCODED).encode().decode("punycode")
    return label
