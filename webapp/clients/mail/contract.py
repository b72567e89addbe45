"""A mail, and what sends it.

A failed mail may be sent again: it keeps its Message-ID, by which a mailbox can recognise a
duplicate. No error text contains a password, an address or any part of the mail.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from webapp.failure import Failure


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail. Its text and its recipient are not in its repr, and so not in logs.

    `text` is plain, with any line ends. `id` is 1 to 200 of A-Z, a-z, 0-9, '.', '_' and '-': the
    same at each attempt, different for each mail.
    """

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    id: str


class MailError(Failure):
    """The mail was not sent, or it is unknown whether it was.

    Only errors about this mail are permanent: its recipient or content is refused. Errors of the
    server or the settings, such as a wrong password, are not: an operator fixes them, and the
    waiting mails can then be sent.
    """


class Sender(Protocol):
    """What both senders guarantee. Thread-safe."""

    def send(self, mail: Mail) -> None:
        """Hand over `mail`. Raises MailError."""
        ...

    def close(self) -> None:
        """Release resources. Calling it again does nothing."""
        ...
