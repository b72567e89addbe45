"""The audit log over HTTP, for admins (A7)."""

from __future__ import annotations

from typing import Any

from flask import Response  # noqa: TC002  # flask-smorest reads annotations

from sql import queries
from webapp.answers import page, read_bigint, read_cursor
from webapp.auth import permit
from webapp.db import connection
from webapp.openapi import Blueprint
from webapp.schemas.audit_log import AuditArguments, AuditPage

audit_log = Blueprint(
    "audit_log", __name__, url_prefix="/api/admin/audit", description="What touched access."
)


@audit_log.get("")
@permit("admin:audit:read")
@audit_log.arguments(AuditArguments, location="query")
@audit_log.response(200, AuditPage)
def list_all(arguments: dict[str, Any]) -> Response:
    """Read the audit log, newest first"""
    before = read_cursor(arguments.pop("cursor"), read_bigint)
    limit = arguments.pop("limit")
    user_id, action = arguments.pop("user_id"), arguments.pop("action")
    wanted = {"before": before, "limit": limit + 1, **arguments}
    with connection() as conn:
        if user_id is not None:
            rows = queries.audit_log.list_of_user(conn, user_id=user_id, action=action, **wanted)
        elif action is not None:
            rows = queries.audit_log.list_of_action(conn, action=action, **wanted)
        else:
            rows = queries.audit_log.list_all(conn, **wanted)
    return page(rows, limit)
