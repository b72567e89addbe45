"""What has expired is removed, exactly when it expires, and nothing else is."""

from __future__ import annotations

from uuid import uuid4

import pytest

from workers import expire_tokens
from workers.clock import fire_due
from workers.engine import maintenance

WORKSPACE = "00000000-0000-0000-0000-0000000000aa"


@pytest.fixture
def user(make):
    return make.user("olga")


@pytest.fixture
def write(owner, user):
    """Inserts a row into a table, with a time that is that long ago."""
    owner.execute("INSERT INTO workspaces (id, name) VALUES (%s, 'Team')", (WORKSPACE,))

    def row(table, ago):
        names = {"user": user["id"], "own": user["workspace_id"], "team": WORKSPACE, "ago": ago}
        names |= {"id": uuid4(), "hash": uuid4().bytes, "email": f"{uuid4()}@example.com"}
        owner.execute(f"INSERT INTO {table} {ROWS[table]}", names)

    yield row
    owner.execute("DELETE FROM invitations")


AGO = "now() - %(ago)s::interval"
ROWS = {
    "registrations": "(id, email, password_hash, token_hash, expires_at)"
    f" VALUES (%(id)s, %(email)s, '', %(hash)s, {AGO})",
    "password_resets": "(id, email, token_hash, expires_at)"
    f" VALUES (%(id)s, %(email)s, %(hash)s, {AGO})",
    "email_changes": "(id, user_id, new_email, token_hash, undo_hash, confirmed_at, expires_at)"
    f" VALUES (%(id)s, %(user)s, %(email)s, %(hash)s, %(hash)s, now(), {AGO})",
    "invitations": "(id, workspace_id, email, role, token_hash, invited_by, expires_at)"
    f" VALUES (%(id)s, %(team)s, %(email)s, 'member', %(hash)s, %(user)s, {AGO})",
    "sessions": "(id, user_id, workspace_id, status, token_hash, method, has_cookie, expires_at)"
    f" VALUES (%(id)s, %(user)s, %(own)s, 'active', %(hash)s, 'password', false, {AGO})",
    "known_addresses": "(user_id, network, seen_at)"
    f" SELECT %(user)s, '10.0.0.0'::inet + count(*), {AGO} FROM known_addresses",
    "sso_callbacks": f"(state_hash, expires_at) VALUES (%(hash)s, {AGO})",
    "mails": "(template, recipient, about, created_at)"
    f" VALUES ('registration', %(email)s, %(id)s, {AGO})",
    "rate_limits": f"(key, used_until) VALUES (%(email)s, {AGO})",
}

# By table: an age that is removed, and one that is nearly as old but spared.
BOUNDARIES = {
    "registrations": ("1 second", "-1 minute"),
    "password_resets": ("1 second", "-1 minute"),
    "email_changes": ("1 second", "-1 minute"),
    "invitations": ("1 second", "-1 minute"),
    "sessions": ("7 days 1 second", "6 days 23:59"),
    "known_addresses": ("90 days 1 second", "89 days 23:59"),
    "sso_callbacks": ("1 second", "-1 minute"),
    "mails": ("30 days 1 second", "29 days 23:59"),
    "rate_limits": ("1 second", "-1 minute"),
}
TIMES = {
    "known_addresses": "seen_at",
    "mails": "created_at",
    "rate_limits": "used_until",
}


def expire(owner, app_conn, worker):
    owner.execute("UPDATE schedules SET next_run_at = now() WHERE kind = 'expire_tokens'")
    owner.execute("DELETE FROM outbox")
    fire_due(app_conn)
    return worker(expire_tokens.expire_tokens)


def left(owner, table):
    """The ages of a table's rows in whole seconds, oldest first."""
    time = TIMES.get(table, "expires_at")
    rows = owner.execute(
        f"SELECT extract(epoch FROM now() - {time})::int FROM {table} ORDER BY {time}"
    )
    return [age for (age,) in rows]


def seconds(owner, interval):
    return owner.execute("SELECT extract(epoch FROM %s::interval)::int", (interval,)).fetchone()[0]


@pytest.mark.long
@pytest.mark.parametrize("table", ROWS)
def test_what_is_past_goes_and_what_is_nearly_stays(write, owner, app_conn, worker, table):
    past, _ = BOUNDARIES[table]
    for each, boundaries in BOUNDARIES.items():
        write(each, boundaries[1])
        if each == table:
            write(each, past)
            write(each, "1000 days")
            write(each, "-20 days")
    expire(owner, app_conn, worker).round()
    for each, boundaries in BOUNDARIES.items():
        wanted = [seconds(owner, boundaries[1])]
        if each == table:
            wanted.append(-20 * 86_400)
        assert left(owner, each) == pytest.approx(wanted, abs=30)


@pytest.mark.long
def test_nothing_else_is_touched(write, owner, app_conn, worker, make, user):
    item = make.item(user)
    owner.execute("UPDATE items SET created_at = now() - interval '1000 days'")
    owner.execute("UPDATE users SET created_at = now() - interval '1000 days'")
    owner.execute(
        "INSERT INTO api_keys (user_id, workspace_id, name, prefix, secret_hash, scopes,"
        " expires_at) VALUES (%s, %s, 'k', 'cfk_x', '', '{}', now() - interval '1000 days')",
        (user["id"], user["workspace_id"]),
    )
    owner.execute("INSERT INTO audit_log (action, actor) VALUES ('a.b', 'x')")
    write("sessions", "1000 days")
    tables = ("users", "workspaces", "members", "items", "api_keys", "audit_log")
    counts = "SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)
    before = owner.execute(counts).fetchone()
    expire(owner, app_conn, worker).round()
    assert left(owner, "sessions") == []
    assert owner.execute(counts).fetchone() == before
    assert owner.execute("SELECT id FROM items").fetchone() == (item["id"],)


@pytest.mark.long
@pytest.mark.parametrize("status", ["active", "ended"])
def test_a_session_stays_a_week_after_it_could_be_refreshed(write, owner, app_conn, worker, status):
    write("sessions", "6 days")
    write("sessions", "8 days")
    if status == "ended":
        owner.execute("UPDATE sessions SET status = 'ended', ended_at = expires_at")
    expire(owner, app_conn, worker).round()
    assert left(owner, "sessions") == pytest.approx([6 * 86_400], abs=30)


@pytest.mark.long
def test_what_is_held_by_somebody_is_left_for_the_next_time(
    write, owner, app_conn, worker, database
):
    write("registrations", "1 day")
    write("registrations", "2 days")
    with database.connect(role="app") as other, other.transaction():
        other.execute("SELECT FROM registrations ORDER BY expires_at LIMIT 1 FOR UPDATE")
        expire(owner, app_conn, worker).round()
        assert left(owner, "registrations") == pytest.approx([2 * 86_400], abs=30)
    expire(owner, app_conn, worker).round()
    assert left(owner, "registrations") == []


@pytest.mark.long
def test_it_goes_on_batch_by_batch_while_one_table_has_more(
    write, owner, app_conn, worker, monkeypatch
):
    for module in (maintenance, expire_tokens):
        monkeypatch.setattr(module, "BATCH", 2)
    for days in (3, 1, 5, 2, 4):
        write("invitations", f"{days} days")
    write("registrations", "1 day")
    removing = expire(owner, app_conn, worker)
    lengths = []
    while removing.round():
        lengths.append(len(left(owner, "invitations")))
    assert lengths == [3, 1, 0]
    assert left(owner, "registrations") == []
