"""Work on every kind of work there is, or on some, in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from workers.add_imports import add_imports
from workers.enrich_items import enrich_items
from workers.expire_idempotency_keys import expire_idempotency_keys
from workers.expire_imports import expire_imports
from workers.expire_tokens import expire_tokens
from workers.prune_audit_log import prune_audit_log
from workers.prune_events import prune_events
from workers.prune_workers import prune_workers
from workers.purge_items import purge_items
from workers.read_imports import read_imports
from workers.send_mails import send_mails
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from workers.engine.kind import Kind

KINDS = (
    enrich_items,
    send_mails,
    read_imports,
    add_imports,
    expire_idempotency_keys,
    expire_imports,
    expire_tokens,
    prune_audit_log,
    prune_events,
    prune_workers,
    purge_items,
)


def known_kinds() -> dict[str, Kind]:
    """The kinds of work that there are workers for, by name."""
    return {kind.name: kind for kind in KINDS}


def unknown_kind(name: str) -> click.BadParameter:
    """The refusal of a name that no kind has."""
    return click.BadParameter(f"{name!r} is not one of {', '.join(sorted(known_kinds()))}.")


class KindName(click.ParamType[str]):
    """The name of a kind that there are workers for; a dash is as good as an underscore."""

    name = "kind"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,  # noqa: ARG002  # click's signature
        ctx: click.Context | None,  # noqa: ARG002
    ) -> str:
        name = str(value).replace("-", "_")
        if name not in known_kinds():
            raise unknown_kind(name)
        return name


command = command_for(KINDS, __doc__)

if __name__ == "__main__":
    command()
