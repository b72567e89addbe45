"""The audit log over HTTP, for admins."""

from __future__ import annotations

from typing import Any

from flask import Response  # noqa: TC002  # flask-smorest reads annotations

from sql import queries
from webapp.http.answers import list_page, read_bigint
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.schemas.people.audit_log import AuditArguments, AuditPage

audit_log = Blueprint(
    "audit_log", __name__, url_prefix="/api/admin/audit", description="The audit log, for admins."
)


@audit_log.get("")
@permit("admin:audit:read")
@audit_log.arguments(AuditArguments, location="query")
@audit_log.response(200, AuditPage)
def list_all(arguments: dict[str, Any]) -> Response:
    """Read the audit log, newest first"""
    if arguments["user_id"] is not None:
        return list_page(arguments, read_bigint, queries.audit_log.list_of_user)
    del arguments["user_id"]
    if arguments["action"] is not None:
        return list_page(arguments, read_bigint, queries.audit_log.list_of_action)
    del arguments["action"]
    return list_page(arguments, read_bigint, queries.audit_log.list_all)
