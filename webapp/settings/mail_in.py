"""Mail that becomes documents."""

from __future__ import annotations

import re
from dataclasses import dataclass

from webapp.settings.declaration import at_least, between, setting
from webapp.settings.environment import Environment

_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9-]{1,63}", re.IGNORECASE
)


def _domain(text: str) -> None:
    if not _DOMAIN.fullmatch(text):
        raise ValueError("must be a domain, such as in.example.com")


@dataclass(frozen=True, kw_only=True)
class MailIn(Environment):
    """Mail that becomes documents, received by `coffer mail-in`."""

    mail_in_domain: str | None = setting(
        None,
        check=_domain,
        example="in.example.com",
        about="""
        The domain of users' inboxes (inbox+…@in.example.com). Without it there are none. Mail for
        it has to reach `coffer mail-in`; docs/operations.md says how.
        """,
    )
    mail_in_host: str = setting(
        "127.0.0.1",
        about="Where `coffer mail-in` listens. It speaks plain SMTP: put a mail server before it.",
    )
    mail_in_port: int = setting(
        8025, check=between(1, 65_535), about="The port that `coffer mail-in` listens at."
    )
    mail_in_max_bytes: int = setting(
        25_000_000,
        check=at_least(1_000),
        about="""
        The largest message, in bytes, also from users' mailboxes. Up to twenty are in memory at
        once; files in a message are a third smaller than it.
        """,
    )
