"""Compare the store of documents with the database, and repair what differs.

The worker `reconcile_objects` compares them every night, and logs what differs. After the database
was restored from a backup, `repair` removes the files of documents that were uploaded since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from workers.terminal import operators
from workers.terminal.command import SOME_FAILED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sql.connection import Connection
    from webapp.clients.storage.contract import Store
    from workers.reconcile_objects import Found

# Keys of each difference that are printed.
_MOST_KEYS: Final = 20


@click.group(cls=operators.Commands, help=__doc__)
def command() -> None:
    """The help is the module's."""


@command.command()
def check() -> None:
    """List what differs, and change nothing. Exits with 3 if anything does."""
    from workers.reconcile_objects import wrong_quotas

    store = _store()
    with operators.connection() as conn:
        found = _compare(conn, store)
        wrong = wrong_quotas(conn)
    _report(found)
    _say("user's quota differs", "users' quotas differ", [str(each["user_id"]) for each in wrong])
    if found.differs or wrong:
        raise click.exceptions.Exit(SOME_FAILED)


@command.command()
def repair() -> None:
    """Remove objects that no document knows of, and recount quotas.

    Bytes that are missing cannot be made again: restore them into the store from a backup, or
    upload the documents again. Exits with 3 if any are missing.
    """
    from workers.reconcile_objects import SETTLED, recount

    store = _store()
    with operators.connection() as conn:
        found = _compare(conn, store)
        store.delete(found.unknown)
        store.tidy(SETTLED)
        wrong = recount(conn)
    _report(found, removed=", removed")
    _say("quota recounted", "quotas recounted", [str(each["user_id"]) for each in wrong])
    if found.missing or found.altered:
        raise click.exceptions.Exit(SOME_FAILED)


def _store() -> Store:
    from webapp import settings
    from webapp.clients.storage.choice import store_from

    return store_from(settings.load().storage_url)


def _compare(conn: Connection, store: Store) -> Found:
    from webapp.clients.storage.contract import StorageError
    from workers.reconcile_objects import Found, compare, step_after

    found, after = Found(), ""
    try:
        while True:
            step = step_after(conn, after)
            found.add(compare(store, step))
            if step.upto is None:
                return found
            after = step.upto
            click.echo(f"{found.objects:,} objects compared", err=True)
    except StorageError as error:
        raise click.ClickException(str(error)) from None


def _report(found: Found, removed: str = "") -> None:
    click.echo(f"{found.objects:,} {'object' if found.objects == 1 else 'objects'} in the store")
    _say("object is missing", "objects are missing", found.missing)
    _say("object has another length", "objects have another length", found.altered)
    _say(f"object is unknown{removed}", f"objects are unknown{removed}", found.unknown)


def _say(one: str, several: str, keys: Sequence[str]) -> None:
    if keys:
        click.echo(f"{len(keys):,} {one if len(keys) == 1 else several}:")
        for key in keys[:_MOST_KEYS]:
            click.echo(f"  {key}")
        if len(keys) > _MOST_KEYS:
            click.echo(f"  … and {len(keys) - _MOST_KEYS:,} more")


if __name__ == "__main__":
    command()
