"""Every noun is in archives, or its migration says why not."""

from __future__ import annotations

from webapp.archives.order import PARTS

NOT_ARCHIVED = "Not in archives: "


def test_every_table_of_a_workspace_is_archived_or_says_why_not(owner):
    rows = owner.execute(
        "SELECT relname, coalesce(obj_description(relation.oid, 'pg_class'), '')"
        "  FROM pg_class AS relation JOIN pg_attribute ON attrelid = relation.oid"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        "   AND attname IN ('workspace_id', 'user_id', 'document_id', 'item_id', 'table_id')"
        "   AND NOT attisdropped"
    ).fetchall()
    archived = {table for part in PARTS for table in part.tables}
    said = {table for table, comment in rows if NOT_ARCHIVED in comment}
    assert " ".join(sorted({table for table, _ in rows} - archived - said)) == ""
    assert archived & said == set()


def test_every_reference_of_an_archived_table_is_replaced(owner):
    """A column that refers to a row must be named by its part, or be the workspace's or the user's
    own, which every part replaces; otherwise an archive could name a row of somebody else."""
    for part in PARTS:
        if part.add is None:
            continue
        named = {name.rpartition(".")[2] for name in part.references}
        query = part.add.statement.decode()
        for table in part.tables:
            columns = owner.execute(
                "SELECT DISTINCT attname FROM pg_constraint"
                "  JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)"
                "   AND atttypid = 'uuid'::regtype"
                " WHERE conrelid = %s::regclass AND contype = 'f'",
                (table,),
            ).fetchall()
            left = {column for (column,) in columns} - named - {"id"}
            written = {column for column in left if f"'{column}'" in query or JOINED in query}
            assert left - written == set(), (part.name, table)


# How tags are given to things: by the ids of the line and of the tag.
JOINED = "_tags ("
