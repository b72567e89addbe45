"""A mail, and what sends it.

A mail that failed may be sent again: it keeps its Message-ID, by which a mailbox that got it twice
can tell. No error text holds a password, an address or any of the mail.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from webapp.failure import Failure


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail. Its text and its recipient stay out of its repr, and so out of logs.

    `text` is plain, with any line ends. `id` is 1 to 200 of A-Z, a-z, 0-9, '.', '_' and '-': the
    same at each attempt, another for each mail.
    """

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    id: str


class MailError(Failure):
    """The mail was not sent, or nobody can tell whether it was.

    Permanent is only what is about this mail: its recipient or content is refused. What is about
    the server or the settings, a wrong password among them, is not: an operator mends that, and
    the mails that waited can then be sent.
    """


class Sender(Protocol):
    """What both senders promise. Safe to share between threads."""

    def send(self, mail: Mail) -> None:
        """Hand over `mail`. Raises MailError."""
        ...

    def close(self) -> None:
        """Give back what is held. Calling it again does nothing."""
        ...
