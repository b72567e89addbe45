"""The limit of the database: pgbench running the statements of each request, taken from
`sql/queries`, with nothing between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks import pgbench
from benchmarks.http.rows import TASK_ID, TASKS
from benchmarks.web import CONNECTIONS
from sql import queries

if TYPE_CHECKING:
    from benchmarks.http.rows import Rows

_TASK: Final = f"('{TASK_ID[:24]}' || lpad(:task::text, 12, '0'))::uuid"


def rate(url: str, rows: Rows, measure: str, seconds: int) -> float:
    """How many requests' statements run in a second, with as many clients as the web has."""
    script = SCRIPTS[measure](rows)
    return pgbench.transactions_a_second(url, script, f"--time={seconds}", clients=CONNECTIONS)


def _get(rows: Rows) -> str:
    return _said(queries.items.get, id=_text(rows.item_id), **_mine(rows))


def _list(rows: Rows) -> str:
    nothing = dict.fromkeys(("tag", "q"), "NULL")
    nothing |= dict.fromkeys(("is_read", "is_favourite"), "NULL::boolean")
    return _said(queries.library.list, **_mine(rows), after="NULL::uuid", **nothing, limit="51")


def _post(rows: Rows) -> str:
    key = {"user_id": _text(rows.user_id), **_mine(rows), "key": "'pgbench ' || :key"}
    return "".join(
        [
            "\\set one random(0, 199)\n\\set other (:one + 100) % 200\n",
            f"\\set key random(1, {2**62})\n",
            _caller(rows, "workspace:items:write"),
            "BEGIN;\n",
            _identify(rows),
            _said(queries.idempotency_keys.claim, **key, request_hash="'\\x00'::bytea"),
            _said(
                queries.items.create,
                **_mine(rows),
                created_by=_text(rows.user_id),
                source_type="'note'",
                source_url="NULL",
                page_hash="NULL",
                document_id="NULL::uuid",
                raw_text="'The oak posts have to be ordered before Friday.'",
                status="'enriching'",
                title="NULL",
                tags="ARRAY['tag ' || :one, 'tag ' || :other]",
            ),
            _said(
                queries.idempotency_keys.keep,
                **key,
                status="201",
                location="'/api/items'",
                body="'{}'::bytea",
            ),
            "COMMIT;\n",
        ]
    )


def _toggle(rows: Rows) -> str:
    mine = {"id": _TASK, "user_id": _text(rows.user_id), **_mine(rows)}
    return "".join(
        [
            f"\\set task random(1, {TASKS})\n",
            _caller(rows, "workspace:tasks:write"),
            "BEGIN;\n",
            _identify(rows),
            _said(queries.tasks.toggle, **mine),
            _said(queries.tasks.get, **mine),
            "COMMIT;\n",
        ]
    )


SCRIPTS: Final = {"get": _get, "list": _list, "post": _post, "toggle": _toggle}


def _caller(rows: Rows, permission: str) -> str:
    return _said(
        queries.callers.of_api_key,
        secret_hash=f"'\\x{rows.secret_hash.hex()}'::bytea",
        permission=_text(permission),
        workspace_id="NULL::uuid",
    )


def _identify(rows: Rows) -> str:
    return _said(
        queries.requests.identify,
        actor=_text(f"user:{rows.user_id}"),
        request_id="'pgbench'",
        traceparent="''",
    )


def _mine(rows: Rows) -> dict[str, str]:
    return {"workspace_id": _text(rows.workspace_id)}


def _text(value: object) -> str:
    """A value as an SQL constant; for pgbench a colon begins a variable, even in quotes."""
    return "('" + str(value).replace(":", "' || chr(58) || '") + "')"


def _said(query: object, **values: str) -> str:
    return pgbench.filled(query, values) + ";\n"
