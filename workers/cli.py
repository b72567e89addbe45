"""`coffer`: every command by the name of its module."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from typing import Final

import click

COMMANDS: Final = (
    "migrate",
    "work",
    "clock",
    "queue",
    "dead",
    "user",
    "api_key",
    "enrich_items",
    "send_mails",
    "read_imports",
    "add_imports",
    "expire_idempotency_keys",
    "expire_imports",
    "expire_tokens",
    "prune_audit_log",
    "prune_events",
    "prune_workers",
    "purge_items",
)


class LazyGroup(click.Group):
    """Imports a command when it is run, not when it is listed, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        name = cmd_name.replace("-", "_")
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"workers.{name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, _first_line(name)) for name in COMMANDS])


def _first_line(name: str) -> str:
    """The first line of a module's docstring, read without importing the module."""
    source = Path(__file__).with_name(f"{name}.py").read_text()
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


@click.command(cls=LazyGroup)
@click.version_option(package_name="coffer")
def main() -> None:
    """Coffer keeps what people put into it and works on it in the background.

    Settings come from the environment; .env.example lists them. `coffer COMMAND --help` tells more
    of each command, and `python -m workers.COMMAND` is the same command.
    """
