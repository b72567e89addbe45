"""Run a worker for all kinds of work, or some of them, in one process."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from workers.terminal.command import command_for
from workers.terminal.folder import commands

if TYPE_CHECKING:
    from workers.engine.kind import Kind


def _declared(module: str) -> Kind:
    """The kind of work that a worker's module declares under its own name."""
    kind: Kind = getattr(import_module(f"workers.{module}"), module)
    return kind


KINDS = tuple(_declared(each.name) for each in commands().values() if each.is_worker)


def known_kinds() -> dict[str, Kind]:
    """The kinds of work that workers exist for, by name."""
    return {kind.name: kind for kind in KINDS}


def unknown_kind(name: str) -> click.BadParameter:
    """The error for an unknown kind."""
    return click.BadParameter(f"{name!r} is not one of {', '.join(sorted(known_kinds()))}.")


class KindName(click.ParamType[str]):
    """The name of an existing kind; dashes and underscores are equivalent."""

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
