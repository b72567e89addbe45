"""AI providers over HTTP: everybody's, for admins, and a workspace's, for its owners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from uuid import UUID  # noqa: TC003  # flask-smorest reads annotations

from flask import Response

from sql import queries
from webapp.access import audit
from webapp.clients.ai.contract import AIError
from webapp.filing.ai_providers import (
    CHAT,
    EMBEDDED,
    TRIAL_SECONDS,
    AIProviders,
    applying_to_one,
    try_out,
)
from webapp.http import db
from webapp.http.answers import answer
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem, invalid_input
from webapp.http.installed import Installed, settings
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.schemas.people.ai_providers import AIProvider, AIProviderTrial, NewAIProvider
from webapp.signing_in.reauthentication import require_recent_log_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

    Row = Mapping[str, Any]

providers: Final[Installed[AIProviders]] = Installed("ai_providers")

of_everybody = Blueprint(
    "ai_provider_of_everybody",
    __name__,
    url_prefix="/api/admin/ai-provider",
    description="The AI provider of workspaces without one of their own, for admins.",
)
of_workspace = Blueprint(
    "ai_provider_of_workspace",
    __name__,
    url_prefix="/api/workspaces/<uuid:workspace_id>/ai-provider",
    description="The AI provider of a workspace.",
)


def install(app: Flask) -> None:
    """Give the app what asks AI providers."""
    providers.install(app, AIProviders(settings.of(app), db.transaction))


@of_everybody.get("")
@permit("admin:settings:read")
@of_everybody.response(200, AIProvider)
def get_everybodys() -> Response:
    """Show the AI provider that workspaces without one of their own use"""
    return answer(_shown(None))


@of_everybody.put("")
@permit("admin:settings:manage")
@of_everybody.arguments(NewAIProvider)
@of_everybody.response(200, AIProvider)
def assign_everybody(new: dict[str, Any]) -> Response:
    """Assign an AI provider to everybody

    It is tried first: if it does not answer as it should, the response is 422 `ai_provider_failed`,
    which says why, and nothing is changed. Workers use it from then on. This takes a log-in within
    the last ten minutes.
    """
    return _assign(new, None)


@of_everybody.delete("")
@permit("admin:settings:manage")
@of_everybody.response(204)
def remove_everybodys() -> Response:
    """Remove everybody's AI provider; that of the settings applies again"""
    return _remove(None)


@of_everybody.post("/try")
@permit("admin:settings:manage")
@of_everybody.response(200, AIProviderTrial)
@of_everybody.alt_response(502, description="It does not answer, or not as one should.")
def try_everybodys() -> Response:
    """Ask the AI provider about a short text

    The response comes within 30 seconds. 502 `ai_provider_failed` says why it does not work.
    """
    return _try_out(None)


@of_workspace.get("")
@permit("workspace:read")
@of_workspace.response(200, AIProvider)
def get_own(workspace_id: UUID) -> Response:
    """Show the AI provider that this workspace uses"""
    return answer(_shown(workspace_id))


@of_workspace.put("")
@permit("workspace:settings:manage")
@of_workspace.arguments(NewAIProvider)
@of_workspace.response(200, AIProvider)
def assign_own(new: dict[str, Any], workspace_id: UUID) -> Response:
    """Assign an AI provider to a workspace

    It is tried first: if it does not answer as it should, the response is 422 `ai_provider_failed`,
    which says why, and nothing is changed. Workers use it from then on. This takes a log-in within
    the last ten minutes.
    """
    return _assign(new, workspace_id)


@of_workspace.delete("")
@permit("workspace:settings:manage")
@of_workspace.response(204)
def remove_own(workspace_id: UUID) -> Response:
    """Remove a workspace's AI provider; everybody's applies again"""
    return _remove(workspace_id)


@of_workspace.post("/try")
@permit("workspace:settings:manage")
@of_workspace.response(200, AIProviderTrial)
@of_workspace.alt_response(502, description="It does not answer, or not as one should.")
def try_own(workspace_id: UUID) -> Response:
    """Ask the AI provider that this workspace uses about a short text

    The response comes within 30 seconds. 502 `ai_provider_failed` says why it does not work.
    """
    return _try_out(workspace_id)


def _assign(new: Row, workspace_id: UUID | None) -> Response:
    # Whoever answers at the address gets all texts from now on, so a stolen token is not enough.
    require_recent_log_in("Assigning an AI provider takes a recent log-in")
    named = {
        "workspace_id": workspace_id,
        "kind": new["kind"],
        "url": new["url"],
        "model": new["model"],
        "may_be_internal": False,
    }
    try:
        key = _key(new, workspace_id)
        if new["kind"] == CHAT:
            try_out(providers().open_with(named, key, timeout=TRIAL_SECONDS))
    except AIError as error:
        raise Problem(422, "ai_provider_failed", str(error)) from None
    with transaction() as conn:
        queries.ai_providers.assign(conn, **named, key=providers().seal(workspace_id, key))
        audit.record(
            conn,
            "ai_provider.assigned",
            workspace_id=workspace_id,
            kind=new["kind"],
            host=urlsplit(new["url"] or "").hostname,
            model=new["model"],
            has_api_key=key is not None,
        )
    return answer(_shown(workspace_id))


def _key(new: Row, workspace_id: UUID | None) -> str | None:
    """The key to use. A stored one is only sent where it was sent before, so nobody can have it
    sent to a server of theirs. Raises Problem 422, and AIError if the stored one is unreadable."""
    if "api_key" in new or new["kind"] == EMBEDDED:
        return new.get("api_key")
    with connection() as conn:
        before = applying_to_one(conn, workspace_id)
    if before is None or before["workspace_id"] != workspace_id or before["key"] is None:
        return None
    if before["url"] != new["url"]:
        raise invalid_input(("api_key", "The stored key is for another url: give one, or null."))
    return providers().unseal(before)


def _remove(workspace_id: UUID | None) -> Response:
    with transaction() as conn:
        if queries.ai_providers.remove(conn, workspace_id=workspace_id):
            audit.record(conn, "ai_provider.removed", workspace_id=workspace_id)
    return Response(status=204)


def _try_out(workspace_id: UUID | None) -> Response:
    with connection() as conn:
        row = applying_to_one(conn, workspace_id)
    shown = _answer(row, workspace_id)
    seconds = None
    if shown["kind"] == CHAT:
        try:
            seconds = round(try_out(providers().open(row, timeout=TRIAL_SECONDS)), 3)
        except AIError as error:
            raise Problem(502, "ai_provider_failed", str(error)) from None
    tried = {name: shown[name] for name in ("origin", "kind", "model")}
    return answer(tried | {"seconds": seconds})


def _shown(workspace_id: UUID | None) -> dict[str, Any]:
    with connection() as conn:
        return _answer(applying_to_one(conn, workspace_id), workspace_id)


def _answer(row: Row | None, workspace_id: UUID | None) -> dict[str, Any]:
    """The provider that is used, as responses show it. The address of one that is assigned or named
    elsewhere, perhaps inside the operator's network, is not theirs to see."""
    if row is None:
        of_settings = settings()
        is_set = of_settings.ai_url is not None
        return {
            "origin": "settings" if is_set else "nowhere",
            "kind": CHAT if is_set else EMBEDDED,
            "url": None,
            "model": of_settings.ai_model if is_set else None,
            "has_api_key": is_set and of_settings.ai_key is not None,
            "updated_at": None,
        }
    is_here = row["workspace_id"] == workspace_id
    return {
        "origin": "everybody" if row["workspace_id"] is None else "workspace",
        "kind": row["kind"],
        "url": row["url"] if is_here else None,
        "model": row["model"],
        "has_api_key": row["key"] is not None,
        "updated_at": row["updated_at"],
    }
