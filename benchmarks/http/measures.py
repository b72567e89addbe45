"""The requests that are measured, and the check that all servers answer them alike."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from benchmarks.http.contenders import BARE, PEER
from benchmarks.http.rows import TASK_ID, TASKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.http.rows import Rows
    from benchmarks.web import Asked, Served

_SCRIPTS: Final = Path(__file__).parent / "scripts"


@dataclass(frozen=True, slots=True)
class Measure:
    """One kind of request. `aims` says how many times as many requests Coffer should answer."""

    title: str
    method: str
    path: str  # with `{item}` for the item's id
    script: str | None
    aims: Mapping[str, float]

    def ask(self, served: Served, rows: Rows, seconds: int, *options: str) -> Asked:
        """Send the requests to one server, with wrk."""
        more = {"post": [uuid4().hex], "toggle": [str(TASKS)]}.get(self.script or "", [])
        script = ["-s", str(_SCRIPTS / f"{self.script}.lua")] if self.script else []
        header = ["-H", f"X-API-Key: {rows.key}"]
        path = self.path.format(item=rows.item_id)
        return served.ask(path, *header, *script, *options, seconds=seconds, more=more)


MEASURES: Final = {
    "get": Measure("GET of one item", "GET", "/api/items/{item}", None, {PEER: 3, BARE: 0.6}),
    "list": Measure("GET of a list of 50", "GET", "/api/library?limit=50", None, {PEER: 3}),
    "post": Measure("POST of an item", "POST", "/api/items", "post", {PEER: 3}),
    "toggle": Measure("PATCH that toggles a task", "PATCH", "/api/me/tasks", "toggle", {PEER: 3}),
}


def check_same(served: Mapping[str, Served], rows: Rows) -> None:
    """Raise an error if two servers that do the same work give different answers."""
    said = [_answers(each, rows) for each in served.values()]
    for answers in zip(*said, strict=True):
        if any(other != answers[0] for other in answers):
            raise RuntimeError(f"the answers differ: {json.dumps(answers)[:2000]}")


def _answers(served: Served, rows: Rows) -> list[Any]:
    """One answer to each kind of request, without the parts that differ every time."""
    key = uuid4().hex
    new = {"source_type": "note", "raw_text": "Oak.", "tags": ["tag 7", "tag 3"]}
    task = f"/api/me/tasks/{TASK_ID.format(1)}/complete"
    answers = [
        _call(served, rows, "GET", f"/api/items/{rows.item_id}"),
        _call(served, rows, "GET", "/api/library?limit=50"),
        *(_call(served, rows, "POST", "/api/items", new, key) for _ in range(2)),
        # Twice, so that the next server finds the task as this one did.
        *(_call(served, rows, "PATCH", task) for _ in range(2)),
        _call(served, rows, "GET", "/api/items/01970000-0000-7000-8000-000000000000"),
        _call(served, rows, "POST", "/api/items", {"source_type": "song"}, uuid4().hex)[:1],
    ]
    made = answers[2]
    if answers[3] != made:
        raise RuntimeError(f"a repeated request was answered in another way: {answers[2:4]}")
    for _, body in answers[2:6]:
        for name in ("id", "created_at", "updated_at", "completed_at"):
            body[name] = body.get(name) is not None
    answers[6][1].pop("requestId")
    answers[6][1].pop("detail")
    return answers


def _call(
    served: Served, rows: Rows, method: str, path: str, body: Any = None, key: str | None = None
) -> tuple[int, Any]:
    headers = {"X-API-Key": rows.key, "Content-Type": "application/json"}
    if key is not None:
        headers["Idempotency-Key"] = key
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(served.address + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
