"""What a new noun needs: a migration that joins the state machine and the search; nothing else has
to change anywhere."""

from __future__ import annotations

import psycopg
import pytest

from sql import queries
from webapp.search.query import STATUSES, TYPES

# As in a migration.
PARCELS = """
CREATE TABLE parcels (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL,
  status       text        NOT NULL DEFAULT 'packed',
  label        text        NOT NULL,
  weight       integer     NOT NULL DEFAULT 1,
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT parcels_pkey PRIMARY KEY (id),
  CONSTRAINT parcels_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id)
);

INSERT INTO transitions
  (entity,   from_status, to_status,   event,            action,    work)
VALUES
  ('parcel', NULL,        'packed',    'parcel.packed',  NULL,      'send_parcels'),
  ('parcel', 'packed',    'discarded', 'parcel.dropped', 'discard', NULL);

CALL follow_transitions('parcels', 'parcel');

CREATE TABLE parcel_tags (
  parcel_id  uuid        NOT NULL,
  tag_id     uuid        NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT parcel_tags_pkey PRIMARY KEY (parcel_id, tag_id),
  CONSTRAINT parcel_tags_parcel_exists FOREIGN KEY (parcel_id)
    REFERENCES parcels (id) ON DELETE CASCADE,
  CONSTRAINT parcel_tags_tag_exists FOREIGN KEY (tag_id) REFERENCES tags (id) ON DELETE CASCADE
);

CREATE VIEW tag_uses_parcels
WITH (security_invoker = true)
AS
SELECT parcel_tags.tag_id,
       'parcel' AS type,
       parcel.workspace_id AS audience,
       true AS counts,
       parcel_tags.created_at AS used_at
  FROM parcel_tags
  JOIN parcels AS parcel
    ON parcel.id = parcel_tags.parcel_id;

CALL unite_views('tag_uses');

CREATE VIEW searchable_parcels
WITH (security_invoker = true)
AS
SELECT parcel.id,
       'parcel' AS type,
       parcel.workspace_id,
       parcel.workspace_id AS audience,
       'parcel' AS kind,
       parcel.status,
       'simple' AS config,
       parcel.label AS title,
       NULL AS summary,
       NULL AS origin,
       NULL AS body,
       NULL AS source_url,
       ARRAY(SELECT tag_id FROM parcel_tags WHERE parcel_tags.parcel_id = parcel.id) AS tag_ids,
       parcel.created_at,
       NULL::text[] AS facets,
       NULL::tsvector AS words
  FROM parcels AS parcel;

CALL make_searchable('parcels', tagged_by => 'parcel_tags');
"""


@pytest.fixture
def workspace_id(make):
    return make.user()["workspace_id"]


@pytest.fixture
def conn(workspace_id, owner):
    """The owner's connection, with parcels until the test ends. No other connection can access the
    tables that it has altered."""
    with owner.transaction(force_rollback=True):
        owner.execute(PARCELS)
        yield owner


@pytest.fixture
def parcel(conn, workspace_id):
    """The id of a parcel."""
    row = conn.execute(
        "INSERT INTO parcels (workspace_id, label) VALUES (%s, 'Oak posts') RETURNING id",
        (workspace_id,),
    ).fetchone()
    return row[0]


def lexemes(conn, parcel):
    row = conn.execute(
        "SELECT tsvector_to_array(vector) FROM search_entries WHERE id = %s", (parcel,)
    ).fetchone()
    return set(row[0]) if row else None


def test_its_moves_are_recorded_and_its_work_is_queued(conn, parcel):
    conn.execute("UPDATE parcels SET status = 'discarded'")
    events = conn.execute("SELECT event FROM events WHERE entity_id = %s ORDER BY id", (parcel,))
    assert events.fetchall() == [("parcel.packed",), ("parcel.dropped",)]
    queued = conn.execute("SELECT kind, subject_id FROM outbox").fetchall()
    assert queued == [("send_parcels", parcel)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE parcels SET status = 'lost'",
        "INSERT INTO parcels (workspace_id, label, status)"
        " SELECT workspace_id, label, 'discarded' FROM parcels",
    ],
)
def test_moves_that_are_not_listed_are_refused(conn, parcel, statement):
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        conn.execute(statement)
    assert refused.value.diag.constraint_name == "transitions"


def test_it_is_found_from_its_birth_to_its_end(conn, parcel):
    assert {"oak", "posts", " y:parcel", " s:packed"} <= lexemes(conn, parcel)
    conn.execute("UPDATE parcels SET label = 'Beech posts'")
    assert "beech" in lexemes(conn, parcel)
    assert "oak" not in lexemes(conn, parcel)
    conn.execute("UPDATE parcels SET status = 'discarded'")
    assert " s:discarded" in lexemes(conn, parcel)
    conn.execute("DELETE FROM parcels")
    assert lexemes(conn, parcel) is None


def test_what_its_view_does_not_read_leaves_the_search_alone(conn, parcel):
    entry = "SELECT xmin, ctid FROM search_entries"
    before = conn.execute(entry).fetchall()
    conn.execute("UPDATE parcels SET weight = 2")
    assert conn.execute(entry).fetchall() == before


def test_its_tags_are_found(conn, workspace_id, parcel):
    queries.tags.make(conn, workspace_id=workspace_id, names=["garden"])
    (tag,) = conn.execute("SELECT id FROM tags").fetchone()
    conn.execute("INSERT INTO parcel_tags (parcel_id, tag_id) VALUES (%s, %s)", (parcel, tag))
    assert f" t:{tag}" in lexemes(conn, parcel)
    conn.execute("DELETE FROM parcel_tags")
    assert f" t:{tag}" not in lexemes(conn, parcel)


@pytest.mark.long
def test_its_tags_count_and_merge(conn, workspace_id, parcel):
    mine = {"workspace_id": workspace_id, "audiences": [workspace_id]}
    queries.tags.make(conn, workspace_id=workspace_id, names=["garden", "yard"])
    tags = dict(conn.execute("SELECT name, id FROM tags").fetchall())
    conn.execute(
        "INSERT INTO parcel_tags (parcel_id, tag_id) VALUES (%s, %s)", (parcel, tags["yard"])
    )
    assert queries.tags.get(conn, id=tags["yard"], **mine)["usage"] == 1
    queries.tags.merge(conn, id=tags["yard"], into=tags["garden"])
    queries.tags.remove(conn, id=tags["yard"], **mine)
    assert queries.tags.get(conn, id=tags["garden"], **mine)["usage"] == 1


def test_what_is_there_when_it_joins_is_found_too(conn, parcel):
    conn.execute("DELETE FROM search_entries")
    for trigger in ("enter_search", "refresh_search", "move_in_search", "leave_search"):
        conn.execute(f"DROP TRIGGER parcels_{trigger} ON parcels")
    conn.execute("CALL make_searchable('parcels')")
    assert "oak" in lexemes(conn, parcel)


def test_it_leaves_as_it_came(conn):
    before = conn.execute("SELECT pg_get_viewdef('searchable'::regclass)").fetchone()
    conn.execute("CALL unite_views('searchable', leaving => 'searchable_parcels')")
    conn.execute("CALL unite_views('tag_uses', leaving => 'tag_uses_parcels')")
    conn.execute("DROP VIEW searchable_parcels, tag_uses_parcels; DROP TABLE parcel_tags, parcels")
    after = conn.execute("SELECT pg_get_viewdef('searchable'::regclass)").fetchone()
    assert "parcels" in before[0]
    assert "parcels" not in after[0]


def test_every_entity_of_the_table_of_transitions_has_a_table_that_follows_it(owner):
    """With both triggers, enabled, whatever the table is called."""
    rows = owner.execute(
        "SELECT tgargs, tgrelid::regclass::text, array_agg(tgtype::int)"
        "  FROM pg_trigger"
        " WHERE tgfoid IN ('record_transition'::regproc, 'record_transitions'::regproc)"
        "   AND tgenabled = 'O'"
        " GROUP BY tgargs, tgrelid"
    ).fetchall()
    after_insert, after_update, each_row = 4, 16, 1  # as pg_trigger's tgtype has them
    followed = {
        bytes(entity).rstrip(b"\0").decode(): sorted(kind & ~each_row for kind in kinds)
        for entity, _, kinds in rows
    }
    (entities,) = owner.execute("SELECT array_agg(DISTINCT entity) FROM transitions").fetchone()
    assert followed == {each: [after_insert, after_update] for each in entities}


def test_a_search_can_be_narrowed_to_every_noun_and_status(owner):
    """What may follow `type:` and `is:` is in the code, so that a query is checked without the
    database; this compares it with what exists."""
    found = owner.execute(
        "SELECT entity, array_agg(DISTINCT to_status)"
        "  FROM transitions"
        "  JOIN pg_views ON viewname = 'searchable_' || entity || 's'"
        " GROUP BY entity"
    ).fetchall()
    assert {"item", "task"} <= {entity for entity, _ in found}
    assert {entity for entity, _ in found} <= set(TYPES)
    # Tokens are found once they are at rest.
    on_the_way = {"detected", "generating", "uploading", "orphaned"}
    assert {status for _, statuses in found for status in statuses} - on_the_way == {
        status for statuses in STATUSES.values() for status in statuses
    }
