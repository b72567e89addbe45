"""Quotas over HTTP: how much a user has stored, and may store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sql import queries
from webapp.access.callers import caller
from webapp.http.answers import answer
from webapp.http.db import connection
from webapp.http.installed import settings
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.schemas.documents.quota import Quota

if TYPE_CHECKING:
    from flask import Response

quota = Blueprint("quota", __name__, url_prefix="/api/quota", description="How much may be stored.")


@quota.get("")
@permit("workspace:documents:read")
@quota.response(200, Quota)
def show() -> Response:
    """Show how much you have stored, and may store

    Versions and the trash count. Your uploads count in all workspaces.
    """
    with connection() as conn:
        found = queries.objects.quota(
            conn,
            user_id=caller().user_id,
            default_bytes=settings().quota_bytes,
        )
    return answer(found)
