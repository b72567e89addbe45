"""Assign an AI provider to everybody or to one workspace.

Unlike those that users assign, its address may lead into your own network. Running workers use it
from then on. What is done here is recorded in the audit log.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click

from sql import queries
from workers.terminal import operators, people
from workers.terminal.operators import plain

if TYPE_CHECKING:
    from uuid import UUID

_WORKSPACE: Final = click.option(
    "--workspace", type=click.UUID, help="A workspace's id; without it, everybody is meant."
)


@click.group(cls=operators.Commands, help=__doc__)
def command() -> None:
    """The help is the module's."""


@command.command()
@_WORKSPACE
def show(*, workspace: UUID | None) -> None:
    """Show the provider that is used."""
    from webapp.filing.ai_providers import applying_to_one

    with operators.connection() as conn:
        row = applying_to_one(conn, workspace)
    if row is None:
        click.echo("none is assigned: the one in the settings is used, or else the embedded one")
        return
    what = row["kind"]
    if row["url"] is not None:
        key = "with a key" if row["key"] is not None else "without a key"
        what = f"{plain(row['model'], most=200)} at {plain(row['url'], most=2048)}, {key}"
    click.echo(f"assigned to {_called(row['workspace_id'])}: {what}")


@command.command("set")
@click.option("--url", help="An OpenAI-compatible endpoint, such as http://10.0.0.5:11434/v1.")
@click.option("--model", help="The endpoint's name for the model.")
@click.option("--key-stdin", is_flag=True, help="Read the endpoint's key from standard input.")
@click.option("--embedded", is_flag=True, help="No AI: the provider that calls nobody.")
@_WORKSPACE
def assign(
    *,
    url: str | None,
    model: str | None,
    key_stdin: bool,
    embedded: bool,
    workspace: UUID | None,
) -> None:
    """Try a provider, and assign it if it works."""
    import psycopg

    from webapp import settings
    from webapp.filing.ai_providers import CHAT, EMBEDDED, TRIAL_SECONDS, AIProviders, try_out

    with operators.connection() as conn:
        if any((url, model, key_stdin)) if embedded else not (url and model):
            raise click.UsageError("Give --url and --model, or --embedded.")
        key = _key() if key_stdin else None
        named: dict[str, Any] = {
            "workspace_id": workspace,
            "kind": EMBEDDED if embedded else CHAT,
            "url": url,
            "model": model,
            "may_be_internal": not embedded,
        }
        providers = AIProviders(settings.load(), operators.connection)
        if not embedded:
            seconds = try_out(providers.open_with(named, key, timeout=TRIAL_SECONDS))
            click.echo(f"it answered within {seconds:.1f} s", err=True)
        with conn.transaction():
            people.act(conn)
            try:
                queries.ai_providers.assign(conn, **named, key=providers.seal(workspace, key))
            except psycopg.errors.ForeignKeyViolation:
                raise click.ClickException(f"there is no workspace {workspace}") from None
            people.record(
                conn,
                "ai_provider.assigned",
                workspace_id=workspace,
                kind=named["kind"],
                host=urlsplit(url or "").hostname,
                model=model,
                has_api_key=key is not None,
            )
    click.echo(f"assigned to {_called(workspace)}")


@command.command()
@_WORKSPACE
def remove(*, workspace: UUID | None) -> None:
    """Remove an assignment; everybody's provider, or that of the settings, is used again."""
    with operators.connection() as conn, conn.transaction():
        people.act(conn)
        removed = queries.ai_providers.remove(conn, workspace_id=workspace)
        if removed:
            people.record(conn, "ai_provider.removed", workspace_id=workspace)
    click.echo(f"{'removed from' if removed else 'none was assigned to'} {_called(workspace)}")


def _key() -> str:
    try:
        key = sys.stdin.buffer.readline().decode("ascii").strip()
    except UnicodeDecodeError:
        key = ""
    if not key:
        raise click.ClickException("there is no key of ASCII characters on standard input")
    return key


def _called(workspace: UUID | None) -> str:
    return "everybody" if workspace is None else f"workspace {workspace}"


if __name__ == "__main__":
    command()
