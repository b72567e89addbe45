"""Add, list, pause and resume collections: contracts whose tokens get pictures and are revealed.

A collection belongs to a workspace, and its keeper pays for reveals, so only operators add one.
What is done here is recorded in the audit log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from sql import queries
from workers.terminal import operators, people
from workers.terminal.operators import plain

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.chain.deployment import Deployment

# Deep enough for chains that seldom replace more than a block or two.
_CONFIRMATIONS: Final = 6

_FALLBACK: Final = "A quiet landscape with hills and a wide sky, in soft colours."


@click.group(cls=operators.Commands, help=__doc__)
def command() -> None:
    """The help is the module's."""


@command.command()
@click.option("--workspace", required=True, type=click.UUID, help="The workspace's id.")
@click.option("--contract", required=True, help="The contract's address.")
@click.option(
    "--name", required=True, help="The name of a token; {n} is its number, as in 'Season #{n}'."
)
@click.option("--description", default="", help="What the metadata of each token says.")
@click.option("--prompt", required=True, help="Makes the pictures of authors without a prompt.")
@click.option(
    "--fallback-prompt",
    default=_FALLBACK,
    show_default=True,
    help="Makes the pictures of prompts that are refused.",
)
@click.option("--keeper", help="Reveals its tokens; without one, nobody does yet.")
@click.option(
    "--start-block",
    type=click.IntRange(min=0),
    help="Read the chain from here on; by default from the block in which the contract was made.",
)
@click.option(
    "--mint-confirmations",
    type=click.IntRange(0, 1000),
    default=_CONFIRMATIONS,
    show_default=True,
    help="The blocks above a mint's after which its tokens may be revealed. What the chain takes "
    "back later than that is revealed with the picture of the wrong author, for ever.",
)
@click.option(
    "--reveal-confirmations",
    type=click.IntRange(0, 1000),
    default=_CONFIRMATIONS,
    show_default=True,
    help="The blocks above a reveal's after which it is final.",
)
@click.option("--private", is_flag=True, help="Only members of the workspace see its tokens.")
def add(
    *,
    workspace: UUID,
    contract: str,
    name: str,
    description: str,
    prompt: str,
    fallback_prompt: str,
    keeper: str | None,
    start_block: int | None,
    mint_confirmations: int,
    reveal_confirmations: int,
    private: bool,
) -> None:
    """Check a contract at the node of CHAIN_RPC_URL, and add it; it is read from then on."""
    with operators.connection() as conn:
        _check_texts(name=name, description=description, prompt=prompt, fallback=fallback_prompt)
        contract, keeper = _address(contract), None if keeper is None else _address(keeper)
        found = _ask_node(contract, start_block)
        made = _add(
            conn,
            workspace_id=workspace,
            chain_id=found.chain_id,
            contract=contract,
            name_template=name,
            description=description,
            default_prompt=prompt,
            fallback_prompt=fallback_prompt,
            keeper=keeper,
            is_public=not private,
            start_block=found.start_block,
            first_token_id=found.first_token_id,
            mint_confirmations=mint_confirmations,
            reveal_confirmations=reveal_confirmations,
        )
    where = f"on chain {found.chain_id}, from block {found.start_block} on"
    click.echo(f"added {contract} {where}", err=True)
    click.echo(made)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, for programs.")
def list_all(*, as_json: bool) -> None:
    """All collections, and how far the chain was read."""
    with operators.connection() as conn, operators.reading(conn):
        found = queries.collections.list(conn)
    if as_json:
        operators.print_json({"collections": found})
    elif not found:
        click.echo("there are no collections")
    else:
        rows = [
            [
                str(each["id"]),
                str(each["chain_id"]),
                each["contract"],
                plain(each["name_template"], most=30),
                each["status"],
                str(each["next_block"] - 1),
                "-" if each["head_block"] is None else str(each["head_block"]),
                plain(each["watch_error"] or each["pause_reason"] or "", most=80),
            ]
            for each in found
        ]
        heads = "ID >CHAIN CONTRACT NAME STATUS >READ >HEAD NOTE".split()
        click.echo(operators.table(heads, rows))


@command.command()
@click.argument("collection_id", metavar="ID", type=click.UUID)
@click.option("--reason", required=True, help="Members of the workspace see it.")
def pause(*, collection_id: UUID, reason: str) -> None:
    """Stop reading a collection's mints and revealing its tokens; what was signed is still sent."""
    if not 1 <= len(reason.strip()) <= 500:
        raise click.BadParameter("The reason must have 1 to 500 characters.")
    with operators.connection() as conn, conn.transaction():
        people.act(conn)
        paused = queries.collections.pause(conn, id=collection_id, reason=reason.strip())
        _record(conn, "collection.paused", collection_id, paused, reason=reason.strip())
    click.echo(f"paused {collection_id}")


@command.command("keeper")
@click.argument("collection_id", metavar="ID", type=click.UUID)
@click.argument("address")
def change_keeper(*, collection_id: UUID, address: str) -> None:
    """Name the account that reveals a collection's tokens; its key goes to the workers."""
    with operators.connection() as conn, conn.transaction():
        keeper = _address(address)
        people.act(conn)
        changed = queries.collections.change_keeper(conn, id=collection_id, keeper=keeper)
        if changed is not None and changed["under_way"]:
            raise click.ClickException(
                f"{changed['under_way']} reveals by the keeper that it has are under way: cancel"
                " those that are only planned, and wait for the others"
            )
        _record(conn, "collection.keeper_changed", collection_id, changed, keeper=keeper)
    click.echo(f"{keeper} reveals {collection_id}")


@command.command()
@click.argument("collection_id", metavar="ID", type=click.UUID)
def resume(*, collection_id: UUID) -> None:
    """Go on with a collection, from the block that it stopped at."""
    with operators.connection() as conn, conn.transaction():
        people.act(conn)
        resumed = queries.collections.resume(conn, id=collection_id)
        _record(conn, "collection.resumed", collection_id, resumed)
    click.echo(f"resumed {collection_id}")


def _add(conn: Connection, **columns: Any) -> UUID:
    """Register a collection; its id. Raises ClickException."""
    import psycopg

    with conn.transaction():
        people.act(conn)
        try:
            made: UUID = queries.collections.add(conn, **columns)["id"]
        except psycopg.errors.ForeignKeyViolation:
            raise click.ClickException(f"there is no workspace {columns['workspace_id']}") from None
        except psycopg.errors.UniqueViolation:
            raise click.ClickException(f"{columns['contract']} is a collection already") from None
        people.record(
            conn,
            "collection.added",
            workspace_id=columns["workspace_id"],
            collection_id=str(made),
            chain_id=columns["chain_id"],
            contract=columns["contract"],
        )
    return made


def _record(
    conn: Connection, action: str, collection_id: UUID, row: dict[str, Any] | None, **details: Any
) -> None:
    if row is None:
        raise click.ClickException(f"there is no collection {collection_id}")
    people.record(
        conn,
        action,
        workspace_id=row["workspace_id"],
        collection_id=str(collection_id),
        contract=row["contract"],
        **details,
    )


def _check_texts(*, name: str, description: str, prompt: str, fallback: str) -> None:
    """Raises BadParameter."""
    if not 1 <= len(name) <= 200 or "{n}" not in name:
        raise click.BadParameter("The name must contain {n}, and have at most 200 characters.")
    if len(description) > 2000:
        raise click.BadParameter("The description must have at most 2000 characters.")
    if not (1 <= len(prompt) <= 1000 and 1 <= len(fallback) <= 1000):
        raise click.BadParameter("Prompts must have 1 to 1000 characters.")


def _address(text: str) -> str:
    """An address in its mixed-case form. Raises BadParameter."""
    from webapp.clients.chain import abi

    if not abi.is_address(text):
        raise click.BadParameter(f"{text!r} is not 0x and 40 hexadecimal digits.")
    found = abi.checksum(text)
    if text not in (found, found.lower()):
        raise click.BadParameter(f"{text!r} is misspelt: its checksum is wrong.")
    return found


def _ask_node(contract: str, start_block: int | None) -> Deployment:
    """What the node knows of a contract. Raises ClickException and NodeError."""
    from webapp import settings
    from webapp.clients.chain.deployment import Deployment
    from webapp.clients.chain.node import Node

    url = settings.load().chain_rpc_url
    if url is None:
        raise click.ClickException("set CHAIN_RPC_URL to the address of a node of the chain")
    node = Node(url)
    try:
        return Deployment.find(node, contract, start_block)
    finally:
        node.close()


if __name__ == "__main__":
    command()
