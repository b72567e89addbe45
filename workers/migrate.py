"""Bring the database up to date: apply new migrations and grant the app role its rights.

It is safe to run this on several machines at once: the first one migrates, the others wait.
"""

from __future__ import annotations

import click

from workers.terminal.command import Command


@click.command(cls=Command, help=__doc__)
def command() -> None:
    from sql.migrate import MigrationError, advice_on_vectors, migrate
    from webapp import settings

    loaded = settings.load()
    try:
        applied = migrate(loaded.database_migrate_url, app_url=loaded.database_url)
    except MigrationError as error:
        raise click.ClickException(str(error)) from None
    for name in applied:
        click.echo(f"applied {name}")
    if not applied:
        click.echo("nothing to apply")
    if advice := advice_on_vectors(loaded.database_migrate_url):
        click.echo(advice)


if __name__ == "__main__":
    command()
