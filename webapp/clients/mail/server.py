"""Mail servers as named by SMTP_URL.

Every process reads the settings, and so imports this for `check_url`.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from webapp.rules.mail_address import LABEL, MAX_DOMAIN

_PORTS: Final = {"smtp": 587, "smtps": 465}
_HOST: Final = re.compile(rf"{LABEL}(?:\.{LABEL})*\.?")
# Characters that some program treats as a line end, a terminal obeys, or UTF-8 refuses.
UNFIT: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server, as a URL names it."""

    host: str
    port: int
    tls_from_the_start: bool
    starttls: bool  # required; without it the connection stays plain
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def secure(self) -> bool:
        """Whether the connection is encrypted."""
        return self.tls_from_the_start or self.starttls


def check_url(url: str) -> None:
    """Raise ValueError, with a sentence that does not quote `url`, unless it names a mail server.

    smtp://user:password@host:587 takes STARTTLS, and without it nothing is sent; on loopback it
    is not used unless the URL ends with ?starttls=always. ?starttls=never sends in the clear, and
    takes no password except on loopback. smtps://user:password@host:465 speaks TLS from the start.
    User, password and port may be left out; in the first two, whatever is not a letter or digit is
    percent-encoded.
    """
    server_of(url)


def server_of(url: str) -> Server:
    """The server that `url` names. Raises ValueError as `check_url` does."""
    # urlsplit drops line ends and tabs without a word, and its own errors quote the URL.
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(
            "must be ASCII without spaces; percent-encode other characters in user and "
            "password, and write the host as xn--..."
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        options = parse_qsl(parts.query, strict_parsing=True) if parts.query else []
    except ValueError:
        raise ValueError(
            "is not a URL such as smtp://user:password@host:587; percent-encode everything but "
            "letters and digits in user and password"
        ) from None
    if parts.scheme not in _PORTS or not url.lower().startswith(f"{parts.scheme}://"):
        raise ValueError("must begin with smtp:// or smtps://")
    if parts.path not in ("", "/") or parts.fragment or "#" in url:
        raise ValueError(
            "must end after host and port; percent-encode '/', '?' and '#' in user and password"
        )
    if not host or not _is_host(host):
        raise ValueError("must name a host, such as smtp://smtp.example.com:587")
    if port == 0:
        raise ValueError("the port must be from 1 to 65535")
    user, password = _credentials(parts.username, parts.password)
    starttls = _starttls(options, parts.scheme, host)
    if user is not None and parts.scheme == "smtp" and not starttls and not is_loopback(host):
        raise ValueError(
            "starttls=never would send the password in the clear; remove one of the two"
        )
    return Server(
        host=host,
        port=port or _PORTS[parts.scheme],
        tls_from_the_start=parts.scheme == "smtps",
        starttls=starttls,
        user=user,
        password=password,
    )


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine, with no network in between."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return bool(_HOST.fullmatch(host)) and len(host) <= MAX_DOMAIN
    return True


def _credentials(user: str | None, password: str | None) -> tuple[str | None, str | None]:
    if not user and not password:
        return None, None
    if not user or not password:
        raise ValueError("must have both a user and a password, or neither")
    found = []
    for given in (user, password):
        plain = _decoded(given)
        # NUL separates the user from the password when they are sent; the others are never typed.
        if plain is None or UNFIT.search(plain):
            raise ValueError(
                "percent-encode '%' as %25 in user and password, and other characters as UTF-8"
            )
        found.append(plain)
    return found[0], found[1]


def _decoded(given: str) -> str | None:
    if re.search("%(?![0-9A-Fa-f]{2})", given):
        return None
    try:
        return unquote(given, errors="strict")
    except UnicodeDecodeError:
        return None


def _starttls(options: list[tuple[str, str]], scheme: str, host: str) -> bool:
    if scheme == "smtps":
        if options:
            raise ValueError("smtps:// takes no options; it uses TLS from the start")
        return False
    if not options:
        return not is_loopback(host)
    if options not in ([("starttls", "always")], [("starttls", "never")]):
        raise ValueError("takes one option only: ?starttls=always or ?starttls=never")
    return options[0][1] == "always"
