"""Whether the components that Coffer depends on answer."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from webapp.http import db
from webapp.http.answers import answer
from webapp.http.installed import Installed
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import PUBLIC, permit
from webapp.schemas.server.health import Health

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask, Response

# Seconds a component may take; less than the 2 s within which the response is guaranteed.
_PATIENCE: Final = 1.5

_checks: Final[Installed[dict[str, Check]]] = Installed("health")
_warnings: Final[Installed[list[str]]] = Installed("health_warnings")

health = Blueprint("health", __name__, description="Whether the server works.")


@health.get("/health")
@permit(PUBLIC)
@health.response(200, Health)
@health.alt_response(503, schema=Health, description="A component does not answer.")
def show() -> Response:
    """Check whether the server and its database work

    A 503 names the component that does not. `warnings` are about what works, but will not last.
    """
    parts = {name: check.answers() for name, check in _checks().items()}
    well = all(parts.values())
    body = {"status": well} | parts
    said: dict[str, object] = {part: "ok" if good else "failing" for part, good in body.items()}
    response = answer(said | {"warnings": _warnings()}, 200 if well else 503)
    response.headers["Cache-Control"] = "no-store"
    return response


def install(app: Flask) -> None:
    """Give the app its checks, by component."""
    _warnings.install(app, [])
    _checks.install(app, {"postgres": Check(db.pool.of(app).probe)})


def watch(app: Flask, name: str, ask: Callable[[], None]) -> None:
    """Let `/health` ask another part, which does not answer where `ask` raises."""
    _checks.of(app)[name] = Check(ask)


def warn(app: Flask, code: str) -> None:
    """Let `/health` warn of something, as long as the app runs."""
    _warnings.of(app).append(code)


class Check:
    """Asks a component in a thread of its own, so that a hanging one cannot block the request.

    One question at a time: while it is unanswered, further requests wait for the same answer, so a
    component that hangs occupies one thread, not one per request.
    """

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._asked: Future[None] | None = None
        self._thread: ThreadPoolExecutor | None = None

    def answers(self) -> bool:
        """Whether the component answered in time."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._thread = self._thread or ThreadPoolExecutor(1, "health")
                self._asked = self._thread.submit(self._ask)
            asked = self._asked
        try:
            asked.result(timeout=_PATIENCE)
        except Exception:  # noqa: BLE001  # whatever it is, the part does not answer
            return False
        return True
