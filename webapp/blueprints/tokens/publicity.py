"""What strangers may ask: about public collections, and not too often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from sql import queries
from webapp.access.limits import Limit
from webapp.clients.chain.abi import checksum, is_address
from webapp.http.errors import Problem, invalid_input, not_found

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection

log = structlog.get_logger("webapp.tokens")

# For one client. A page may show the tokens of an author with all their metadata.
READS: Final = Limit("tokens_reads", 300, 60)
# A signature may have to be shown to the chain's node.
PROMPTS: Final = Limit("prompts", 20, 600)


def public_collection(conn: Connection, collection_id: UUID | None) -> UUID:
    """The id of the public collection that is meant: the only one, if none is named. Raises Problem
    404, and 422 `collection_required`."""
    found: list[dict[str, UUID]] = queries.collections.list_public(conn, id=collection_id)
    if not found:
        raise not_found()
    if len(found) > 1:
        raise Problem(
            422,
            "collection_required",
            "There are several collections: name the one you mean by collection_id.",
        )
    return found[0]["id"]


def wallet_in(text: str, field: str = "wallet") -> str:
    """An address in its mixed-case form. Raises Problem 422 if it is none, or if its case is mixed
    otherwise, which happens if somebody mistypes it; and 503 if this server was installed without
    the extra `tokens`, which only servers with collections need."""
    if not is_address(text):
        raise invalid_input((field, "Not an address: 0x and 40 hexadecimal digits."))
    try:
        found = checksum(text)
    except ModuleNotFoundError as error:
        log.exception("extra_missing", extra="tokens")
        raise Problem(
            503, "tokens_not_installed", "This server is not installed for tokens."
        ) from error
    if text[2:] not in (found[2:], found[2:].lower(), found[2:].upper()):
        raise invalid_input((field, "The mixture of capitals and small letters is not right."))
    return found
