"""Make, list, promote, disable and help users.

USER is a mail address, a handle or an id. What is done here is recorded in the audit log.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from sql import queries
from workers.terminal import operators, people
from workers.terminal.operators import plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from sql.connection import Connection

_FROM_STDIN: Final = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input."
)


@click.group(cls=operators.Commands, help=__doc__)
def command() -> None:
    """The help is the module's."""


@command.command()
@click.argument("email")
@click.option("--name", help="The user's name.")
@click.option(
    "--handle", help="A short name of a-z, 0-9, '.', '_', '-'; by default a generated one."
)
@click.option("--admin", is_flag=True, help="May see all users and the audit log.")
@click.option(
    "--unverified",
    is_flag=True,
    help="The address is not verified: single sign-on does not link to it.",
)
@click.option("--no-password", is_flag=True, help="They set one with a reset, or sign in with SSO.")
@_FROM_STDIN
def create(
    *,
    email: str,
    name: str | None,
    handle: str | None,
    admin: bool,
    unverified: bool,
    no_password: bool,
    password_stdin: bool,
) -> None:
    """Make a user, and ask for their password."""
    import re

    from webapp.identity.ids import new_handle
    from webapp.rules.mail_address import address_of

    address = address_of(email)
    if address is None:
        raise click.BadParameter(f"{email!r} is not a mail address.")
    if name is not None and not 1 <= len(name.strip()) <= 100:
        raise click.BadParameter("The name must have 1 to 100 characters.")
    if handle is not None and not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", handle):
        raise click.BadParameter(
            f"{handle!r} is not a handle: a-z, 0-9, '.', '_', '-'; 64 at most."
        )
    with operators.connection() as conn:
        password_hash = (
            None if no_password else _hash(_password(from_stdin=password_stdin), email, name)
        )
        with conn.transaction():
            people.act(conn)
            user = queries.users.create(
                conn,
                handle=handle or new_handle(),
                email=address,
                is_verified=not unverified,
                name=name,
                password_hash=password_hash,
                is_admin=admin,
            )
            if user is None:
                raise click.ClickException(f"there is already a user {address!r}")
            people.record(conn, "user.created", user["id"], is_admin=admin)
    click.echo(f"made {address}: user {user['id']}, workspace {user['workspace_id']}")


@command.command("list")
@click.option("--search", help="In the address, the name or the handle.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, for programs.")
def list_users(*, search: str | None, limit: int, as_json: bool) -> None:
    """The last users, newest first."""
    with operators.connection() as conn:
        found = queries.users.list_all(
            conn, q=search, is_disabled=None, is_admin=None, after=None, limit=limit
        )
    if as_json:
        operators.print_json({"users": found})
    elif not found:
        click.echo("there are no such users")
    else:
        heads = "ID EMAIL HANDLE NAME NOTES".split()
        click.echo(operators.table(heads, [_cells(user) for user in found]))


def _cells(user: dict[str, Any]) -> list[str]:
    marks = {
        "admin": user["is_admin"],
        "disabled": user["disabled_at"] is not None,
        "unverified": user["email"] is not None and not user["is_email_verified"],
        "totp": user["has_totp"],
    }
    return [
        str(user["id"]),
        plain(user["email"] or "-", most=60),
        user["handle"],
        plain(user["name"] or "-", most=40),
        " ".join(mark for mark, is_so in marks.items() if is_so),
    ]


@command.command()
@click.argument("who", metavar="USER")
def promote(*, who: str) -> None:
    """Make a user an admin."""
    _change(who, "user.promoted", "is an admin now", "is already an admin", _admin(is_admin=True))


@command.command()
@click.argument("who", metavar="USER")
def demote(*, who: str) -> None:
    """Make an admin an ordinary user."""
    _change(who, "user.demoted", "is no longer an admin", "is not an admin", _admin(is_admin=False))


@command.command()
@click.argument("who", metavar="USER")
def disable(*, who: str) -> None:
    """Shut a user out: end their sessions and refuse their keys."""

    def shut_out(conn: Connection, user_id: UUID) -> int:
        # The user first: a concurrent log-in then sees the change, or its session is seen.
        changed = queries.users.set_disabled(conn, id=user_id, is_disabled=True)
        queries.sessions.end_all(conn, user_id=user_id, but=None, reason="user_disabled")
        return int(changed)

    _change(who, "user.disabled", "is disabled", "is already disabled", shut_out)


@command.command()
@click.argument("who", metavar="USER")
def enable(*, who: str) -> None:
    """Let a user in again."""

    def let_in(conn: Connection, user_id: UUID) -> int:
        return int(queries.users.set_disabled(conn, id=user_id, is_disabled=False))

    _change(who, "user.enabled", "may sign in again", "is not disabled", let_in)


@command.command("reset-password")
@click.argument("who", metavar="USER")
@_FROM_STDIN
@click.option("--totp", "without_totp", is_flag=True, help="Switch the second factor off as well.")
@click.option("--keep-api-keys", is_flag=True, help="Do not revoke them.")
def reset_password(
    *, who: str, password_stdin: bool, without_totp: bool, keep_api_keys: bool
) -> None:
    """Ask for a new password and set it; all sessions and API keys end."""
    with operators.connection() as conn:
        user = people.find(conn, who)
        password_hash = _hash(_password(from_stdin=password_stdin), user["email"], user["handle"])
        with conn.transaction():
            people.act(conn)
            if not queries.users.set_password(
                conn, id=user["id"], old_hash=user["password_hash"], password_hash=password_hash
            ):
                raise click.ClickException("the password was changed in the meantime; try again")
            queries.sessions.end_all(conn, user_id=user["id"], but=None, reason="password_reset")
            queries.invitations.withdraw_all(conn, invited_by=user["id"])
            queries.totp.forget_enrolment(conn, user_id=user["id"])
            keys = 0 if keep_api_keys else queries.api_keys.revoke_all(conn, user_id=user["id"])
            if user["email"] is not None:
                queries.password_resets.clear(conn, email=user["email"])
            people.record(conn, "password.reset", user["id"])
            if keys:
                people.record(conn, "api_key.all_revoked", user["id"], revoked=keys)
            if without_totp and queries.totp.remove(conn, user_id=user["id"]):
                people.record(conn, "totp.disabled", user["id"])
    ended = "all sessions have ended" if keep_api_keys else "all sessions and API keys have ended"
    click.echo(f"{people.called(user)} has a new password; {ended}")


def _change(
    who: str,
    action: str,
    done: str,
    already: str,
    change: Callable[[Connection, UUID], int],
) -> None:
    with operators.connection() as conn:
        user = people.find(conn, who)
        with conn.transaction():
            people.act(conn)
            changed = change(conn, user["id"])
            if changed:
                people.record(conn, action, user["id"])
    click.echo(f"{people.called(user)} {done if changed else already}")


def _admin(*, is_admin: bool) -> Callable[[Connection, UUID], int]:
    def change(conn: Connection, user_id: UUID) -> int:
        return int(queries.users.set_admin(conn, id=user_id, is_admin=is_admin))

    return change


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        try:
            return sys.stdin.buffer.readline().decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise click.ClickException("the password is not UTF-8 text") from None
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask for it; use --password-stdin.")
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


def _hash(password: str, *about: str | None) -> str:
    """The hash of a password with the settings' parameters. Raises ClickException for a weak
    one."""
    from webapp import settings
    from webapp.identity.passwords import LONGEST, SHORTEST, Passwords, weakness

    if not SHORTEST <= len(password) <= LONGEST:
        raise click.ClickException(f"the password must have {SHORTEST} to {LONGEST} characters")
    said = weakness(password, about)
    if said is not None:
        raise click.ClickException(f"the password is weak: {said}")
    loaded = settings.load()
    return Passwords(
        memory_kib=loaded.argon2_memory_kib,
        time_cost=loaded.argon2_time_cost,
        parallelism=loaded.argon2_parallelism,
    ).hash(password)


if __name__ == "__main__":
    command()
