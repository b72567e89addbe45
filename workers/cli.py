"""`coffer`: every command by the name of its module."""

from __future__ import annotations

from importlib import import_module

import click

from workers.terminal.folder import commands


class LazyGroup(click.Group):
    """Imports a command when it is run, not when it is listed, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(commands())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        name = cmd_name.replace("-", "_")
        if name not in commands():
            return None
        command: click.Command = import_module(f"workers.{name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(each.name, each.first_line) for each in commands().values()])


@click.command(cls=LazyGroup)
@click.version_option(package_name="coffer")
def main() -> None:
    """Coffer stores what people put into it and processes it in the background.

    Settings come from the environment; .env.example lists them. DATABASE_URL names the database; in
    a checkout where `make dev` runs, it is found without. `coffer COMMAND --help` describes each
    command, and `python -m workers.COMMAND` is the same command.
    """
