"""The client's address, as used by limits, sessions and the audit log."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Final

import structlog
from flask import request
from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from flask import Flask

    from webapp.settings import Settings

log = structlog.get_logger("webapp.http.client_address")

# The IPv6 range that one device chooses addresses from, and the one that a customer may get.
_IPV6_PREFIX: Final = 64
_IPV6_SITE: Final = 48

_LONGEST_AGENT: Final = 300

_BRACKETED: Final = re.compile(r"\[([^\]]+)\](?::\d+)?")
_WITH_PORT: Final = re.compile(r"([\d.]+):\d+")


def install(app: Flask, settings: Settings) -> None:
    """Trust as many proxies in front of us as the settings say."""
    hops = settings.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
        return
    warned = False

    @app.before_request
    def warn() -> None:
        nonlocal warned
        if not warned and settings.in_production and "X-Forwarded-For" in request.headers:
            warned = True
            log.warning(
                "untrusted_proxy",
                said="X-Forwarded-For is ignored, so limits count every client of the proxy as "
                "one; set TRUSTED_PROXIES to the number of proxies in front of it.",
            )


def address() -> str | None:
    """The client's address; None if there is none, as with a Unix socket."""
    found = _parsed()
    return None if found is None else str(found)


def _parsed() -> IPv4Address | IPv6Address | None:
    """Without what some proxies and systems add: a port, brackets, a link scope."""
    given = (request.remote_addr or "").strip()
    bracketed = _BRACKETED.fullmatch(given) or _WITH_PORT.fullmatch(given)
    try:
        found = ip_address((bracketed[1] if bracketed else given).partition("%")[0])
    except ValueError:
        return None
    return (isinstance(found, IPv6Address) and found.ipv4_mapped) or found


def network() -> str:
    """What counts as one client for limits: an IPv4 address, or an IPv6 /64."""
    found = _parsed()
    if found is None:
        return "0.0.0.0"  # noqa: S104  # the address of nobody
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, _IPV6_PREFIX), strict=False).network_address)
    return str(found)


def site() -> str | None:
    """The client's IPv6 /48, whose holder has 65,536 /64 networks; None for an IPv4 address."""
    found = _parsed()
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, _IPV6_SITE), strict=False))
    return None


def user_agent() -> str | None:
    """The client's user agent, truncated, and without NUL, which the database does not accept."""
    return request.headers.get("User-Agent", "")[:_LONGEST_AGENT].replace("\0", "") or None
