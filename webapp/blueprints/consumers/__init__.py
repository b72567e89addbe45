"""What other programs are told: changes to follow, and webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from webapp.blueprints.consumers import changes, event_names, webhook_deliveries, webhooks

if TYPE_CHECKING:
    from collections.abc import Mapping

BLUEPRINTS: Final = (
    changes.changes,
    *(webhooks.webhooks, webhook_deliveries.webhook_deliveries),
)

INSTALLS: Final = (changes.install, event_names.install)

REFUSALS: Final[Mapping[str, Any]] = {}
