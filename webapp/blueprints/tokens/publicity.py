"""What strangers may ask: about public collections, and not too often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sql import queries
from webapp.access.limits import Limit
from webapp.clients.chain.abi import checksum, is_address
from webapp.http.errors import Problem, invalid_input, not_found

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection

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
    otherwise, which happens if somebody mistypes it."""
    if not is_address(text):
        raise invalid_input((field, "Not an address: 0x and 40 hexadecimal digits."))
    found = checksum(text)
    if text[2:] not in (found[2:], found[2:].lower(), found[2:].upper()):
        raise invalid_input((field, "The mixture of capitals and small letters is not right."))
    return found
