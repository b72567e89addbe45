"""The text that an author signs to set the prompt of their tokens.

It says all that the signature is to be good for, so that it is good for nothing else: for one
prompt of one wallet in one collection of one server, once, and for a few minutes. The version makes
it good only once: it is one more than that of the prompt there is.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

# How far from now a message may have been issued: minutes for whoever signs it, and for clocks.
VALID_FOR: Final = timedelta(minutes=10)

_TEXT: Final = """\
{domain} asks you to set the prompt that the pictures of your tokens are made of.

Domain: {domain}
Action: set-prompt
Chain-ID: {chain_id}
Collection: {contract}
Wallet: {wallet}
Version: {version}
Prompt-SHA256: {prompt_sha256}
Issued-At: {issued_at:%Y-%m-%dT%H:%M:%SZ}"""

_VARIABLE: Final = re.compile(
    r"^Version: ([1-9][0-9]{0,8})\n.*^Issued-At: "
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)\Z",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptMessage:
    """A message; `str` gives the exact text to sign. Addresses are in their mixed-case form, the
    time is in UTC."""

    domain: str
    chain_id: int
    contract: str
    wallet: str
    version: int
    prompt_sha256: str
    issued_at: datetime

    def __str__(self) -> str:
        return _TEXT.format(
            domain=self.domain,
            chain_id=self.chain_id,
            contract=self.contract,
            wallet=self.wallet,
            version=self.version,
            prompt_sha256=self.prompt_sha256,
            issued_at=self.issued_at,
        )

    def as_in(self, text: str) -> PromptMessage | None:
        """This message with the version and the time of a text; None if the text says anything else
        than that."""
        found = _VARIABLE.search(text)
        if found is None:
            return None
        try:
            issued_at = datetime.strptime(found[2], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            return None
        told = replace(self, version=int(found[1]), issued_at=issued_at)
        return told if str(told) == text else None

    def is_valid_at(self, moment: datetime) -> bool:
        """Whether it was issued so near to a moment that it is still good."""
        return abs(moment - self.issued_at) <= VALID_FOR


def hash_of(prompt: str) -> str:
    """The SHA-256 of a prompt's UTF-8, in lower-case hexadecimal."""
    return hashlib.sha256(prompt.encode()).hexdigest()
