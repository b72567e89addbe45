"""The app with one more route: an item without authentication, for benchmarks.authentication."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from uuid import UUID

from sql import queries
from webapp.app import create_app
from webapp.http.answers import answer
from webapp.http.db import connection
from webapp.routes.permit import PUBLIC, permit

if TYPE_CHECKING:
    from flask import Response

application = create_app()
_WORKSPACE = UUID(os.environ["BENCHMARK_WORKSPACE"])


@application.get("/unauthenticated/items/<uuid:item_id>")
@permit(PUBLIC)
def get(item_id: UUID) -> Response:
    with connection() as conn:
        return answer(queries.items.get(conn, id=item_id, workspace_id=_WORKSPACE))
