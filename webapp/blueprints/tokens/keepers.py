"""Keepers over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sql import queries
from webapp.access.callers import caller
from webapp.http.answers import answer
from webapp.http.db import connection
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.schemas.tokens.keepers import Keeper

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Response

keepers = Blueprint(
    "keepers", __name__, url_prefix="/api", description="Accounts that reveal tokens."
)


@keepers.get("/collections/<uuid:collection_id>/keeper")
@permit("workspace:tokens:read")
@keepers.response(200, Keeper)
def get(collection_id: UUID) -> Response:
    """Show the account that reveals a collection's tokens, and what is wrong with it"""
    with connection() as conn:
        keeper = queries.keepers.get_of_collection(
            conn, collection_id=collection_id, workspace_id=caller().workspace_id
        )
    alarms = _alarms(keeper.pop("low_since"), keeper.pop("used_elsewhere_at"))
    return answer(keeper | {"alarms": alarms})


def _alarms(low_since: Any, used_elsewhere_at: Any) -> list[dict[str, Any]]:
    said = {
        "low_balance": (low_since, "It has too little left for ten full reveals."),
        "used_elsewhere": (
            used_elsewhere_at,
            "Somebody else has used its key: each reveal may lose its nonce to them.",
        ),
    }
    return [
        {"code": code, "since": since, "detail": detail}
        for code, (since, detail) in said.items()
        if since is not None
    ]
