"""The server itself: health, metrics, and the description of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from webapp.blueprints.server import docs, health, metrics

if TYPE_CHECKING:
    from webapp.http.errors import Problem

BLUEPRINTS: Final = (health.health,)

INSTALLS: Final = (health.install, docs.install, metrics.install)

REFUSALS: Final[dict[str, Problem]] = {}
