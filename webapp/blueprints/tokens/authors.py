"""Authors over HTTP: who they are, and the prompts that they sign. No account is needed."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from sql import queries
from webapp.blueprints.tokens import signatures
from webapp.blueprints.tokens.minted import list_newest
from webapp.blueprints.tokens.publicity import PROMPTS, READS, public_collection, wallet_in
from webapp.http.answers import answer
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.http.installed import settings
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import PUBLIC, permit
from webapp.rules.tokens.prompt_message import VALID_FOR, PromptMessage, hash_of
from webapp.schemas.tokens.authors import (
    Author,
    Leaderboard,
    NewPrompt,
    OfCollection,
    PromptMessageAnswer,
    PromptMessageArguments,
    PromptSet,
    TokensOfAuthorArguments,
)
from webapp.schemas.tokens.tokens import PublicTokenPage

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Response

_SHOWN: Final = ("has_prompt", "prompt_version", "twitter_handle", "farcaster_handle", "tokens")

authors = Blueprint(
    "authors",
    __name__,
    url_prefix="/api/authors",
    description="Wallets that tokens are minted for, and the prompts of their pictures.",
)


@authors.get("/leaderboard")
@permit(PUBLIC, limit=READS)
@authors.arguments(OfCollection, location="query")
@authors.response(200, Leaderboard)
@authors.alt_response(404, description="There is no such public collection.")
def list_leading(arguments: dict[str, Any]) -> Response:
    """List the fifty authors with the most tokens

    Of those with as many, the lowest addresses come first.
    """
    with connection() as conn:
        collection_id = public_collection(conn, arguments["collection_id"])
        rows = queries.authors.list_leading(conn, collection_id=collection_id)
    response = answer({"items": rows})
    response.headers["Cache-Control"] = "public, max-age=30"
    return response


@authors.get("/<wallet>")
@permit(PUBLIC, limit=READS)
@authors.arguments(OfCollection, location="query")
@authors.response(200, Author)
def get(arguments: dict[str, Any], wallet: str) -> Response:
    """Show what is known of a wallet as an author

    Any wallet may become an author: one that is unknown is answered the same way, with zeros.
    """
    found = _find(wallet, arguments["collection_id"])
    shown = {name: found[name] for name in _SHOWN}
    return answer({"collection_id": found["collection_id"], "wallet": found["wallet"], **shown})


@authors.get("/<wallet>/prompt-message")
@permit(PUBLIC, limit=READS)
@authors.arguments(PromptMessageArguments, location="query")
@authors.response(200, PromptMessageAnswer)
def get_prompt_message(arguments: dict[str, Any], wallet: str) -> Response:
    """Show the text to sign for setting a prompt

    It is for one prompt, once, and for ten minutes: a signature under it is good for nothing else.
    """
    found = _find(wallet, arguments["collection_id"])
    message = _message(found, arguments["prompt_sha256"])
    response = answer(
        {
            "collection_id": found["collection_id"],
            "wallet": message.wallet,
            "version": message.version,
            "prompt_sha256": message.prompt_sha256,
            "message": str(message),
            "expires_at": message.issued_at + VALID_FOR,
        }
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@authors.get("/<wallet>/tokens")
@permit(PUBLIC, limit=READS)
@authors.arguments(TokensOfAuthorArguments, location="query")
@authors.response(200, PublicTokenPage)
def list_tokens(arguments: dict[str, Any], wallet: str) -> Response:
    """List the tokens that were minted for a wallet, those minted last first

    What a token shows is told once it is revealed.
    """
    found = _find(wallet, arguments.pop("collection_id"))
    mine = {"collection_id": found["collection_id"], "author_id": found["id"]}
    return list_newest(arguments, queries.tokens.list_public_of_author, **mine)


@authors.post("/prompt")
@permit(PUBLIC, limit=PROMPTS)
@authors.arguments(NewPrompt)
@authors.response(200, PromptSet)
@authors.alt_response(401, description="It is not the wallet's signature: `invalid_signature`.")
@authors.alt_response(404, description="There is no such public collection.")
@authors.alt_response(409, description="The prompt was changed: `prompt_version_conflict`.")
def set_prompt(new: dict[str, Any]) -> Response:
    """Set the prompt of a wallet, which has signed it

    Sign the text that `GET /api/authors/{wallet}/prompt-message` gives. Wallets that are contracts
    sign by ERC-1271. Pictures that are made from now on are made of the new prompt.

    401 `invalid_signature`; 409 `prompt_version_conflict` if another prompt was set since the
    message was issued; 422 `message_mismatch` if the message is not for this prompt, wallet,
    collection, chain and server, and 422 `message_expired` ten minutes after it was issued.
    """
    found = _find(new["wallet_address"], new["collection_id"], field="wallet_address")
    message = _message(found, hash_of(new["prompt_text"])).as_in(new["message"])
    version = _check(message, found)
    signature = bytes.fromhex(new["signature"][2:])
    signatures.check(new["message"], signature, found["wallet"], found["chain_id"])
    with transaction(actor=f"wallet:{found['wallet']}") as conn:
        row = queries.authors.set_prompt(
            conn,
            collection_id=found["collection_id"],
            wallet=found["wallet"],
            prompt_text=new["prompt_text"],
            version=version,
        )
    if row is None:
        raise _conflict()
    return answer({"success": True, "has_prompt": True, **row})


def _find(wallet: str, collection_id: UUID | None, field: str = "wallet") -> dict[str, Any]:
    """A wallet as an author of a public collection. Raises Problem 404, 422 or 503."""
    with connection() as conn:
        meant = public_collection(conn, collection_id)
        address = wallet_in(wallet, field)
        found: dict[str, Any] = queries.authors.find(conn, collection_id=meant, wallet=address)
    return found | {"wallet": address}


def _message(found: dict[str, Any], prompt_sha256: str) -> PromptMessage:
    """The message that sets the next prompt of an author, issued now."""
    return PromptMessage(
        domain=urlsplit(settings().public_url).netloc,
        chain_id=found["chain_id"],
        contract=found["contract"],
        wallet=found["wallet"],
        version=found["prompt_version"] + 1,
        prompt_sha256=prompt_sha256,
        issued_at=found["asked_at"].astimezone(UTC).replace(microsecond=0),
    )


def _check(message: PromptMessage | None, found: dict[str, Any]) -> int:
    """The version of a message that is good now. Raises Problem 409 or 422."""
    if message is None:
        raise Problem(
            422,
            "message_mismatch",
            "The message is not the one for this prompt: sign what prompt-message gives for it.",
        )
    if message.version != found["prompt_version"] + 1:
        raise _conflict()
    if not message.is_valid_at(found["asked_at"]):
        raise Problem(
            422, "message_expired", "The message was issued too long ago: sign a new one."
        )
    return message.version


def _conflict() -> Problem:
    return Problem(
        409,
        "prompt_version_conflict",
        "Another prompt was set since this message was issued: sign a new one.",
    )
