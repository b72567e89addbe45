"""Make and revoke API keys for users.

USER is a mail address, a handle or an id. What is done here is recorded in the audit log.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from sql import queries
from webapp.identity.api_keys import LONGEST_LIFETIME, USUAL_LIFETIME
from workers.terminal import operators, people
from workers.terminal.operators import plain

if TYPE_CHECKING:
    from uuid import UUID


@click.group(cls=operators.Commands, help=__doc__)
def command() -> None:
    """The help is the module's."""


@command.command()
@click.argument("who", metavar="USER")
@click.option("--name", required=True, help="What the key is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    help="A permission of the key, such as workspace:items:read; repeatable.",
)
@click.option(
    "--workspace", type=click.UUID, help="The key's workspace; by default the user's personal one."
)
@click.option(
    "--days",
    type=click.IntRange(1, LONGEST_LIFETIME.days),
    default=USUAL_LIFETIME.days,
    show_default=True,
    help="The days until it expires.",
)
def create(
    *, who: str, name: str, scopes: tuple[str, ...], workspace: UUID | None, days: int
) -> None:
    """Make a key and print it; it is never shown again."""
    from webapp.identity.api_keys import NEVER, new_api_key

    if not 1 <= len(name.strip()) <= 100:
        raise click.BadParameter("The name must have 1 to 100 characters.")
    with operators.connection() as conn:
        user = people.find(conn, who)
        workspace_id = workspace or user["workspace_id"]
        permissions = queries.callers.list_permissions(
            conn, user_id=user["id"], workspace_id=workspace_id
        )
        allowed = set(permissions) - NEVER
        if wrong := sorted(set(scopes) - allowed):
            raise click.BadParameter(
                f"{', '.join(wrong)}: a key of this user may have {', '.join(sorted(allowed))}."
            )
        if not any(permission.startswith("workspace:") for permission in allowed):
            raise click.ClickException(
                f"{people.called(user)} is not a member of the workspace {workspace_id}"
            )
        made = new_api_key()
        with conn.transaction():
            people.act(conn)
            key = queries.api_keys.create(
                conn,
                user_id=user["id"],
                workspace_id=workspace_id,
                name=name,
                prefix=made.prefix,
                secret_hash=made.secret_hash,
                scopes=sorted(set(scopes)),
                expires_at=datetime.now(UTC) + timedelta(days=days),
            )
            people.record(conn, "api_key.created", user["id"], name=name, prefix=made.prefix)
    click.echo(f"key {key['id']} of {people.called(user)}; it is shown only once:", err=True)
    click.echo(made.secret)


@command.command("list")
@click.argument("who", metavar="USER")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, for programs.")
def list_keys(*, who: str, as_json: bool) -> None:
    """A user's keys, newest first."""
    with operators.connection() as conn:
        user = people.find(conn, who)
        found = queries.api_keys.list_of_user(conn, user_id=user["id"], after=None, limit=1000)
    if as_json:
        operators.print_json({"api_keys": found})
    elif not found:
        click.echo(f"{people.called(user)} has no keys")
    else:
        rows = [
            [
                str(key["id"]),
                f"{key['prefix']}…",
                plain(key["name"], most=40),
                " ".join(key["scopes"]),
                f"{key['last_used_at']:%Y-%m-%d %H:%M}" if key["last_used_at"] else "never",
            ]
            for key in found
        ]
        click.echo(operators.table("ID KEY NAME SCOPES USED".split(), rows))


@command.command()
@click.argument("who", metavar="USER")
@click.argument("key_id", metavar="ID", type=click.UUID)
def revoke(*, who: str, key_id: UUID) -> None:
    """Revoke a key; it is refused from the next request on."""
    from sql import NoRow

    with operators.connection() as conn:
        user = people.find(conn, who)
        with conn.transaction():
            people.act(conn)
            try:
                key = queries.api_keys.revoke(conn, id=key_id, user_id=user["id"])
            except NoRow:
                raise click.ClickException(f"{people.called(user)} has no key {key_id}") from None
            people.record(conn, "api_key.revoked", user["id"], prefix=key["prefix"])
    click.echo(f"revoked {key['prefix']}… of {people.called(user)}")


if __name__ == "__main__":
    command()
