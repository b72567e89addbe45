"""A public collection of Ana's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.blueprints.tokens import minted


@pytest.fixture
def workspace_id(ana: Any, owner: Any) -> str:
    """The id of Ana's workspace."""
    ana.get("/api/quota")  # creates the user
    return own_workspace(owner, "ana")


@pytest.fixture
def collection_id(app_conn: Any, workspace_id: str) -> str:
    """The id of a public collection of Ana's."""
    return minted.collection(app_conn, workspace_id)


def own_workspace(owner: Any, handle: str) -> str:
    """The id of somebody's personal workspace."""
    (found,) = owner.execute(
        "SELECT workspaces.id FROM workspaces JOIN users ON users.id = personal_of"
        " WHERE handle = %s",
        (handle,),
    ).fetchone()
    return str(found)
