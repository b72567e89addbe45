"""How the web serves, and what it accepts from whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.settings.declaration import at_least, between, setting, web_address
from webapp.settings.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.settings.declaration import Mistake


@dataclass(frozen=True, kw_only=True)
class Web(Environment):
    """The web server."""

    port: int = setting(
        8080,
        check=between(1, 65_535),
        about="Where the web listens: on 127.0.0.1 in development, on every address otherwise.",
    )
    public_url: str = setting(
        "http://localhost:8080",
        derived=lambda found: (
            "" if found.environment == "production" else f"http://localhost:{found.port}"
        ),
        check=web_address,
        read=lambda text, _: text.rstrip("/"),
        example="https://coffer.example.com",
        about="""
        Where clients reach this server, for mails and single sign-on. In development the default is
        http://localhost:PORT.
        """,
    )
    app_url: str | None = setting(
        None,
        check=web_address,
        read=lambda text, _: text.rstrip("/"),
        about="""
        The front end that mails lead to, if you have one: APP_URL/confirm, /reset-password and
        /invitation, each with #token=... Without it, mails show the token and the call to make.
        """,
    )
    trusted_proxies: int = setting(
        0,
        check=at_least(0),
        about="""
        How many proxies in front of this server set X-Forwarded-For. If it is too low, limits count
        all clients of a proxy as one; if it is too high, clients can claim any address.
        """,
    )
    web_processes: int = setting(
        2,
        check=at_least(1),
        variable="WEB_CONCURRENCY",
        about="""
        How many web processes to run. Each handles as many requests at once as it has threads.
        """,
    )
    web_threads: int = setting(
        8,
        check=at_least(1),
        about="""
        Threads in each web process. More threads than a processor can serve make answers slower.
        """,
    )
    max_body_bytes: int = setting(
        1_000_000,
        check=at_least(1),
        about="The largest request body, in bytes; larger ones get 413.",
    )
    cors_origins: tuple[str, ...] = setting(
        (),
        about="""
        Origins whose pages may call the API from a browser, separated by commas:
        https://app.example.com
        """,
    )
    docs_enabled: bool = setting(
        True,
        derived=lambda found: found.environment != "production",
        about="The documentation page at /docs. On by default, but off in production.",
    )
    rate_limit_reads: int = setting(
        3000,
        check=at_least(0),
        about="Read requests a minute for each user; 0 for no limit.",
    )
    rate_limit_writes: int = setting(
        600,
        check=at_least(0),
        about="Write requests a minute for each user; 0 for no limit.",
    )

    def mistakes(self) -> Iterator[Mistake]:
        if "*" in self.cors_origins:
            yield (
                "CORS_ORIGINS",
                "name each origin; * would let every page on the web send the cookie",
            )
