"""What other programs are told: changes to follow, and webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from webapp.blueprints.consumers import changes

if TYPE_CHECKING:
    from collections.abc import Mapping

BLUEPRINTS: Final = (changes.changes,)

INSTALLS: Final = ()

REFUSALS: Final[Mapping[str, Any]] = {}
