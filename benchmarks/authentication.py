"""What it costs to identify the caller: one item by JWT, by API key, and for anybody.

    python -m benchmarks.authentication [rounds] [seconds]

Requests a second through gunicorn with two processes, sent by wrk with 32 connections; the three
take turns within each round. Also the CPU time that the web processes took for a request, which
other loads on the machine disturb less. Limits, request ids and logs are on, as in production; the
limits are counted, but too high to be reached. The aim is 0.8 of the rate without authentication.
"""

from __future__ import annotations

import statistics
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import psycopg

from benchmarks import web
from benchmarks.databases import migrated_server
from benchmarks.transitions import spread
from sql import queries
from webapp.identity.access_tokens import AccessTokens
from webapp.identity.api_keys import new_api_key
from webapp.identity.keyring import Keyring

if TYPE_CHECKING:
    from uuid import UUID

    from benchmarks.web import Asked

AIM: Final = 0.8


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    if not web.has_wrk():
        return 0
    with migrated_server() as url:
        with psycopg.connect(url, autocommit=True) as conn:
            workspace_id, item_id, token, key = fill(conn)
        application = "benchmarks.authentication_app:application"
        with web.gunicorn(url, application, BENCHMARK_WORKSPACE=str(workspace_id)) as served:
            calls = {
                "anybody": (f"/unauthenticated/items/{item_id}",),
                "JWT": (f"/api/items/{item_id}", "-H", f"Authorization: Bearer {token}"),
                "API key": (f"/api/items/{item_id}", "-H", f"X-API-Key: {key}"),
            }
            for call in calls.values():
                served.ask(*call, seconds=1)
            figures: dict[str, list[Asked]] = {name: [] for name in calls}
            for _ in range(rounds):
                for name, call in calls.items():
                    figures[name].append(served.ask(*call, seconds=seconds))
    return report(figures)


def report(figures: dict[str, list[Asked]]) -> int:
    """Print the table; returns 1 if an aim was missed. A ratio is within the same round."""
    missed = 0
    print(f"{'':10}{'requests/s':>24}{'of anybody':>22}{'CPU µs a request':>20}{'of anybody':>22}")
    for name, taken in figures.items():
        pairs = list(zip(taken, figures["anybody"], strict=True))
        of_rate = [mine.rate / limit.rate for mine, limit in pairs]
        of_time = [limit.processor / mine.processor for mine, limit in pairs]
        missed += statistics.median(of_rate) < AIM
        rates = [each.rate for each in taken]
        times = [each.processor for each in taken]
        print(
            f"{name:10}{spread(rates):>24}{shares(of_rate):>22}"
            f"{spread(times):>20}{shares(of_time):>22}"
        )
    return int(missed > 0)


def shares(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def fill(conn: psycopg.Connection) -> tuple[UUID, UUID, str, str]:
    """Make a user with an item, a session and a key: workspace, item, access token, key."""
    queries.users.create_with_handle(conn, handle="ana")
    user_id, workspace_id = conn.execute(
        "SELECT users.id, workspaces.id FROM users JOIN workspaces ON personal_of = users.id"
    ).fetchone() or (None, None)
    item = queries.items.create(
        conn,
        workspace_id=workspace_id,
        created_by=user_id,
        source_type="note",
        source_url=None,
        page_hash=None,
        document_id=None,
        raw_text="The oak posts have to be ordered before Friday. " * 10,
        title="Posts",
        tags=["garden", "fence"],
        status="confirmed",
    )
    session_id = uuid4()
    conn.execute(
        "INSERT INTO sessions (id, user_id, workspace_id, status, token_hash, method, has_cookie,"
        " expires_at) VALUES (%s, %s, %s, 'active', '', 'password', false, now() + '1 day')",
        (session_id, user_id, workspace_id),
    )
    tokens = AccessTokens(Keyring(web.SECRET), issuer=web.URL, seconds=3600)
    made = new_api_key()
    queries.api_keys.create(
        conn,
        user_id=user_id,
        workspace_id=workspace_id,
        name="benchmark",
        prefix=made.prefix,
        secret_hash=made.secret_hash,
        scopes=["workspace:items:read"],
        expires_at=datetime.now(UTC) + timedelta(days=1),
    )
    return workspace_id, item["id"], tokens.issue(user_id, session_id), made.secret


if __name__ == "__main__":
    sys.exit(main())
