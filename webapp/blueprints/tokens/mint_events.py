"""Mints, as Alchemy's webhooks tell of them.

What they tell is taken at once, so that pictures begin early; but it is a hint. What contradicts
something that is known, and what only hints at a mint, is read from the chain by the worker
`watch_chain`, which has the last word on all of it.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
import structlog
from flask import Response, request
from psycopg.types.json import Jsonb

from sql import queries
from webapp.clients.chain.abi import MINTED
from webapp.filing import mints
from webapp.http import request_body
from webapp.http.answers import answer
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.http.installed import settings
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import PUBLIC, permit
from webapp.rules.tokens import alchemy
from webapp.schemas.tokens.mint_events import Taken

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from webapp.rules.tokens.alchemy import Hint, Message

    Row = dict[str, Any]

log = structlog.get_logger("webapp.tokens")

SIGNATURE: Final = "X-Alchemy-Signature"
# A block of a busy chain fits in.
MOST_BYTES: Final = 10_000_000
# How often consumers are told that there are no more webhooks.
_ALARM_EVERY: Final = timedelta(hours=1)

_MESSAGE: Final = {
    "required": True,
    "description": "A message of Alchemy's: GRAPHQL, CUSTOM, NFT_ACTIVITY, ADDRESS_ACTIVITY or "
    "MINED_TRANSACTION.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
_UNSIGNED: Final = "It is not signed with one of ALCHEMY_WEBHOOK_SECRETS."
_NO_MESSAGE: Final = "The body is not a JSON object."

mint_events = Blueprint(
    "mint_events",
    __name__,
    url_prefix="/webhooks/alchemy",
    description="Where Alchemy tells of mints.",
)


@mint_events.post("")
@permit(PUBLIC)
@mint_events.doc(requestBody=_MESSAGE)
@mint_events.response(200, Taken)
@mint_events.alt_response(400, description=_NO_MESSAGE)
@mint_events.alt_response(401, description=_UNSIGNED)
@mint_events.alt_response(413, description="It is longer than 10 MB.")
@mint_events.alt_response(503, description="The database does not answer: send it again.")
def receive() -> Response:
    """Receive a message of Alchemy's

    Signed in `X-Alchemy-Signature` with one of `ALCHEMY_WEBHOOK_SECRETS`. Messages may come twice,
    at once and in any order: each mint is recorded once. What a block said that is replaced by
    another is undone as soon as the chain has been read, within seconds.
    """
    return _receive(None)


@mint_events.post("/<uuid:collection_id>")
@permit(PUBLIC)
@mint_events.doc(requestBody=_MESSAGE)
@mint_events.response(200, Taken)
@mint_events.alt_response(400, description=_NO_MESSAGE)
@mint_events.alt_response(401, description=_UNSIGNED)
@mint_events.alt_response(413, description="It is longer than 10 MB.")
@mint_events.alt_response(503, description="The database does not answer: send it again.")
def receive_for(collection_id: UUID) -> Response:
    """Receive a message of Alchemy's about one collection

    As at the address without a collection; what it says about others is ignored.
    """
    return _receive(collection_id)


def _receive(only: UUID | None) -> Response:
    request.max_content_length = MOST_BYTES
    body = request_body.read()
    _check_signature(body)
    message = alchemy.read(_read_json(body), MINTED)
    if message.error is not None:
        _alarm(message.error)
        return _answer("error", ignored=message.ignored)
    return _take(message, only)


def _check_signature(body: bytes) -> None:
    """Raises Problem 401. Every secret is tried, so that the time tells nothing."""
    given = request.headers.get(SIGNATURE, "").strip().lower().encode()
    matches = [
        hmac.compare_digest(
            hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode(), given
        )
        for secret in settings().alchemy_webhook_secrets
    ]
    if not any(matches):
        raise Problem(401, "invalid_signature", f"The message is refused. {_UNSIGNED}")


def _read_json(body: bytes) -> Row:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise Problem(400, "invalid_payload", _NO_MESSAGE)
    return said


def _take(message: Message, only: UUID | None) -> Response:
    """Record the mints of our collections, and note what is to be looked at."""
    ignored = message.ignored
    contracts = list(message.contracts)
    if not contracts:
        return _answer("ignored", ignored=ignored)
    taken: Row = {"mints": 0, "tokens": 0, "doubted": None}
    with transaction("alchemy") as conn:
        found = queries.collections.of_contracts(conn, contracts=contracts, id=only)
        ours = {row["contract"]: row for row in found if _is_its_chain(row, message)}
        told = [each for each in message.mints if _is_ours(each, each.mint.block_number, ours)]
        rows = [mints.row_of(each.mint, ours[each.contract]["id"], "webhook") for each in told]
        if rows:
            mints_told = Jsonb(rows)
            queries.mint_events.meet_authors(conn, mints=mints_told)
            taken = queries.mint_events.take(conn, mints=mints_told)
    hints = [each for each in message.hints if _is_ours(each, each.block_number, ours)]
    _doubt(hints, ours, taken["doubted"] or {})
    ignored += len(message.mints) - len(told) + len(message.hints) - len(hints)
    status = "taken" if taken["mints"] else "known" if rows else "noted" if hints else "ignored"
    return _answer(
        status,
        mints=taken["mints"],
        tokens=taken["tokens"],
        duplicates=len(rows) - taken["mints"],
        ignored=ignored,
    )


def _is_its_chain(row: Row, message: Message) -> bool:
    """The same address may be another's contract on another chain."""
    return message.chain_id in (None, row["chain_id"])


def _is_ours(told: alchemy.Told | Hint, block_number: int, ours: dict[str, Row]) -> bool:
    row = ours.get(told.contract)
    return row is not None and block_number >= row["start_block"]


def _doubt(hints: Iterable[Hint], ours: dict[str, Row], doubted: dict[str, int]) -> None:
    """Have the chain read again where it may say something else; after the mints are recorded, so
    that nobody who reads the chain is waited for meanwhile."""
    doubts = [
        {"collection_id": collection_id, "block_number": number}
        for collection_id, number in doubted.items()
    ] + [
        {
            "collection_id": str(ours[each.contract]["id"]),
            "block_number": each.block_number,
            "tx_hash": each.tx_hash,
            "token_id": each.token_id,
        }
        for each in hints
    ]
    if doubts:
        with connection() as conn:
            queries.collections.look_again(conn, doubts=Jsonb(doubts))


def _alarm(said: str) -> None:
    """Alchemy has stopped, because an allowance is used up. It says so again and again."""
    log.error("alchemy_stopped", error=said)
    with transaction("alchemy") as conn:
        if queries.system_state.note(
            conn,
            key="alchemy_stopped",
            value=Jsonb({"error": said.replace("\0", "")}),
            every=_ALARM_EVERY,
        ):
            queries.collections.alarm(
                conn,
                ids=None,
                what="webhooks_stopped",
                payload=Jsonb({"error": said.replace("\0", "")}),
            )


def _answer(status: str, **counts: int) -> Response:
    empty = dict.fromkeys(("mints", "tokens", "duplicates", "ignored"), 0)
    return answer({"status": status, **empty, **counts})
