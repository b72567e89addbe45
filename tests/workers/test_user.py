"""`coffer user`: operators create, find and help users, recorded in the audit log."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from uuid import uuid4

import psycopg
import pytest

from sql import connection
from tests.blueprints.people.test_members import WAITING
from tests.people import PASSWORD
from tests.workers.test_cli import coffer

INES = "ines@example.com"
# An address that is valid for mail, but changes a terminal's title.
STEERING = '"\x1b]0;x\x07"@example.com'
NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def asked(database):
    """Runs one of the commands."""

    def run(*arguments, typed=None):
        answer = coffer(
            "user",
            *map(str, arguments),
            typed=typed,
            DATABASE_URL=database.url,
            ARGON2_MEMORY_KIB="64",
            ARGON2_TIME_COST="1",
        )
        assert answer.exception is None or isinstance(answer.exception, SystemExit)
        assert "Traceback" not in answer.output
        return answer

    return run


@pytest.fixture
def create(asked):
    def run(*arguments, password=PASSWORD):
        return asked("create", *arguments, "--password-stdin", typed=f"{password}\n")

    return run


def log_in(app, email=INES, password=PASSWORD):
    given = {"email": email, "password": password}
    return app.test_client().post("/api/auth/login", json=given).status_code


def log(owner):
    return owner.execute(
        "SELECT action, actor, user_id, request_id FROM audit_log ORDER BY id"
    ).fetchall()


def the_user(owner, columns="id"):
    return owner.execute(f"SELECT {columns} FROM users").fetchone()


def is_told(answer, said, code=1):
    """Check for an error of one line and an exit code; for code 2, click adds the usage."""
    assert answer.exit_code == code
    assert answer.stdout == ""
    line = answer.stderr.splitlines()[-1]
    assert line.startswith("Error: ")
    assert said in line
    assert code == 2 or answer.stderr.count("\n") == 1
    return True


# Making


@pytest.mark.long
def test_a_user_is_made_with_a_password_that_nobody_sees(create, app, owner):
    answer = create(INES, "--name", "Ines", "--handle", "ines")
    user_id, verified, is_admin = the_user(owner, "id, email_verified_at IS NOT NULL, is_admin")
    (workspace_id,) = owner.execute("SELECT id FROM workspaces").fetchone()
    assert answer.exit_code == 0
    assert answer.stdout == f"made {INES}: user {user_id}, workspace {workspace_id}\n"
    assert PASSWORD not in answer.output
    assert (verified, is_admin) == (True, False)
    assert log_in(app) == 200
    assert log(owner)[0] == ("user.created", "operator", user_id, None)
    entries = owner.execute("SELECT audit_log::text FROM audit_log").fetchall()
    assert not any(PASSWORD in entry for (entry,) in entries)


@pytest.mark.parametrize(
    ("option", "wanted"),
    [
        ("--admin", (True, True, True)),
        ("--unverified", (False, False, True)),
        ("--no-password", (False, True, False)),
    ],
)
def test_options_say_what_a_user_is(create, owner, option, wanted):
    assert create(INES, option).exit_code == 0
    columns = "is_admin, email_verified_at IS NOT NULL, password_hash IS NOT NULL"
    assert the_user(owner, columns) == wanted


@pytest.mark.long
@pytest.mark.parametrize("end", ["\n", "\r\n", ""], ids=["LF", "CRLF", "none"])
def test_a_password_ends_with_its_line(asked, app, end):
    typed = f"{PASSWORD}{end}"
    assert asked("create", INES, "--password-stdin", typed=typed).exit_code == 0
    assert log_in(app) == 200


@pytest.mark.parametrize(
    "email",
    [
        *("", "ines", "@", "@example.com", "ines@", "a b@example.com", "a@b@example.com"),
        *("ines@example.com\n", "x" * 243 + "@example.com", " ines@example.com"),
    ],
)
def test_an_invalid_address_is_refused(create, owner, email):
    assert is_told(create(email), "is not a mail address", code=2)
    assert the_user(owner) is None


@pytest.mark.long
@pytest.mark.parametrize("email", ["ines@intranet", "ines,@example.com", "a..b@example.com"])
def test_whoever_is_made_can_log_in(create, app, email):
    assert create(email).exit_code == 2 or log_in(app, email) == 200


@pytest.mark.parametrize("handle", ["", "Ines", "a b", "-a", "x" * 65, "ä", "a\n"])
def test_an_invalid_handle_is_refused(create, owner, handle):
    assert is_told(create(INES, "--handle", handle), "is not a handle", code=2)
    assert the_user(owner) is None


@pytest.mark.long
@pytest.mark.parametrize("email", [INES, INES.upper()])
def test_an_address_has_one_user(create, owner, email):
    create(INES)
    assert is_told(create(email), "there is already a user")
    assert owner.execute("SELECT count(*) FROM users").fetchone() == (1,)
    assert len(log(owner)) == 1


def test_a_handle_that_is_taken_is_reported(create, people):
    people.person("ines")
    answer = create("other@example.com", "--handle", "ines")
    assert answer.exit_code != 0 or "ines-" in answer.output


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "10 to 200 characters"),
        ("short", "10 to 200 characters"),
        ("x" * 201, "10 to 200 characters"),
        ("password123", "weak"),
        ("ines@example.com", "weak"),
    ],
    ids=["none", "short", "long", "common", "the address"],
)
@pytest.mark.parametrize("command", ["create", "reset-password"])
def test_a_weak_password_is_refused_and_not_repeated(asked, people, owner, command, password, said):
    if command == "reset-password":
        people.person("ines")
    before = the_user(owner, "password_hash")
    answer = asked(command, INES, "--password-stdin", typed=f"{password}\n")
    assert is_told(answer, said)
    assert password == INES or not password or password not in answer.output
    assert the_user(owner, "password_hash") == before
    assert log(owner) == []


@pytest.mark.parametrize("command", ["create", "reset-password"])
def test_without_a_terminal_the_password_has_to_come_from_the_standard_input(
    asked, people, owner, command
):
    if command == "reset-password":
        people.person("ines")
    answer = asked(command, INES, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert is_told(answer, "--password-stdin", code=2)
    assert log(owner) == []


def test_a_password_that_is_no_text_is_one_line(asked):
    answer = asked("create", INES, "--password-stdin", typed=b"\xff\xfe fence of oak\n")
    assert answer.exit_code in (1, 2)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, id=how) for name, how in (("", "empty"), ("x" * 101, "long"))],
)
def test_an_invalid_name_shows_no_hash(create, owner, name):
    answer = create(INES, "--name", name)
    assert answer.exit_code in (1, 2)
    assert "argon2" not in answer.output


# Finding


@pytest.mark.long
def test_users_are_listed_newest_first(asked, people, owner):
    assert asked("list").stdout == "there are no such users\n"
    for name in ("ada", "olga", "max"):
        people.person(name, admin=name == "ada", verified=name != "max")
    owner.execute("UPDATE users SET disabled_at = now() WHERE handle = 'olga'")
    head, *rows = asked("list").stdout.splitlines()
    assert head.split() == ["ID", "EMAIL", "HANDLE", "NAME", "NOTES"]
    assert [row.split()[2:] for row in rows] == [
        ["max", "Max", "unverified"],
        ["olga", "Olga", "disabled"],
        ["ada", "Ada", "admin"],
    ]
    found = json.loads(asked("list", "--json", "--limit", 2).stdout)["users"]
    assert [user["handle"] for user in found] == ["max", "olga"]
    assert "argon2" not in asked("list", "--json").stdout
    assert asked("list", "--search", "OLG").stdout.count("@") == 1
    assert asked("list", "--search", "%").stdout == "there are no such users\n"


@pytest.mark.parametrize("limit", ["0", "10001", "x"])
def test_an_invalid_limit_is_refused(asked, limit):
    assert is_told(asked("list", "--limit", limit), "--limit", code=2)


def test_a_name_cannot_steer_the_terminal_in_a_list(asked, people, owner):
    people.person("olga")
    owner.execute("UPDATE users SET name = %s", ("a\x1b]0;x\x07\rb",))
    assert not {"\x1b", "\x07", "\r"} & set(asked("list").stdout)


@pytest.mark.parametrize("address", [STEERING, "mimi@g\u0130thub.com", "a b@example.com"])
def test_an_address_that_could_deceive_cannot_be_kept(people, owner, address):
    people.person("olga")
    with pytest.raises(psycopg.errors.CheckViolation):
        owner.execute("UPDATE users SET email = %s", (address,))


@pytest.mark.parametrize("who", ["address", "ADDRESS", "handle", "id"])
def test_a_user_is_named_by_address_handle_or_id(asked, people, owner, who):
    ines = people.person("ines")
    people.person("olga")
    named = {"address": INES, "ADDRESS": INES.upper(), "handle": "ines", "id": ines.id}
    assert asked("promote", named[who]).stdout == f"{INES} is an admin now\n"
    assert owner.execute("SELECT handle FROM users WHERE is_admin").fetchall() == [("ines",)]


COMMANDS = (
    *(["promote"], ["demote"], ["disable"], ["enable"]),
    ["reset-password", "--password-stdin"],
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize("who", ["nobody", NOBODY, "%", "", "ines@"])
def test_an_unknown_user_is_one_plain_line(asked, people, owner, command, who):
    people.person("ines")
    answer = asked(*command, who, typed=f"{PASSWORD}\n")
    assert is_told(answer, f"there is no user {who!r}")
    assert log(owner) == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_handle_that_looks_like_anothers_id_takes_no_commands_for_it(
    asked, people, owner, command
):
    ines = people.person("ines")
    people.person(str(ines.id))
    asked(*command, ines.id, typed=f"{PASSWORD}\n")
    concerned = owner.execute("SELECT DISTINCT user_id FROM audit_log").fetchall()
    assert concerned in ([], [(ines.id,)])


# Changing


@pytest.mark.long
@pytest.mark.parametrize(
    ("before", "command", "done", "already", "action"),
    [
        ("", "promote", "is an admin now", "is already an admin", "user.promoted"),
        ("is_admin = true", "demote", "is no longer an admin", "is not an admin", "user.demoted"),
        ("", "disable", "is disabled", "is already disabled", "user.disabled"),
        (
            *("disabled_at = now()", "enable", "may sign in again", "is not disabled"),
            "user.enabled",
        ),
    ],
    ids=["promote", "demote", "disable", "enable"],
)
def test_a_change_is_said_and_on_record_once(
    asked, people, owner, before, command, done, already, action
):
    ines = people.person("ines")
    if before:
        owner.execute(f"UPDATE users SET {before}")
    answers = [asked(command, "ines") for _ in range(2)]
    assert [answer.stdout for answer in answers] == [f"{INES} {done}\n", f"{INES} {already}\n"]
    assert [answer.exit_code for answer in answers] == [0, 0]
    assert log(owner) == [(action, "operator", ines.id, None)]
    (account,) = owner.execute("SELECT details ->> 'account' FROM audit_log").fetchone()
    assert account


@pytest.mark.long
def test_who_is_disabled_is_shut_out_and_comes_back_without_their_sessions(asked, people, owner):
    ines = people.person("ines")
    _, key = people.key(ines, ["account:read"])
    by_key = people.client(X_API_Key=key)
    asked("disable", "ines")
    assert ines.client.get("/api/auth/me").status_code == 401
    assert by_key.get("/api/auth/me").status_code == 401
    asked("enable", "ines")
    assert ines.client.get("/api/auth/me").status_code == 401
    assert by_key.get("/api/auth/me").status_code == 200
    event = "SELECT actor FROM events WHERE event = 'session.ended'"
    assert owner.execute(event).fetchall() == [("operator",)]


@pytest.mark.long
def test_a_log_in_that_is_under_way_does_not_outlive_the_disabling(asked, people, database, owner):
    ines = people.person("ines")
    begun = Event()

    def sign_in():
        with database.connect(role="app") as conn, conn.transaction():
            conn.execute("SELECT FROM users WHERE id = %s FOR SHARE", (ines.id,))
            conn.execute(
                "INSERT INTO sessions (id, user_id, workspace_id, status, token_hash, method,"
                " has_cookie, expires_at) VALUES (%s, %s, %s, 'active', '', 'password', false,"
                " now() + interval '1 day')",
                (uuid4(), ines.id, ines.workspace_id),
            )
            begun.set()
            while not owner.execute(WAITING).fetchall():
                pass

    with ThreadPoolExecutor(1) as thread:
        signing_in = thread.submit(sign_in)
        assert begun.wait(60)
        assert asked("disable", "ines").exit_code == 0
        signing_in.result()
    alive = owner.execute("SELECT count(*) FROM sessions WHERE status <> 'ended'")
    assert alive.fetchone() == (0,)


# Helping


@pytest.mark.long
def test_another_password_ends_every_session(asked, people, app, owner):
    ines = people.person("ines")
    new = "another fence of oak"
    answer = asked("reset-password", INES, "--password-stdin", typed=f"{new}\n")
    assert answer.stdout == f"{INES} has a new password; all sessions and API keys have ended\n"
    assert new not in answer.output
    assert ines.client.get("/api/auth/me").status_code == 401
    assert (log_in(app), log_in(app, password=new)) == (401, 200)
    assert log(owner)[0] == ("password.reset", "operator", ines.id, None)


@pytest.mark.long
@pytest.mark.parametrize(("options", "status"), [((), 401), (("--keep-api-keys",), 200)])
def test_another_password_revokes_every_key_unless_they_are_to_stay(
    asked, people, owner, options, status
):
    ines = people.person("ines")
    _, key = people.key(ines, ["account:read"])
    people.invitation(people.workspace(ines), ines, "guest@example.com")
    asked("reset-password", INES, "--password-stdin", *options, typed="another fence of oak\n")
    assert people.client(X_API_Key=key).get("/api/auth/me").status_code == status
    assert owner.execute("SELECT count(*) FROM invitations").fetchone() == (0,)
    revoked = [action for action, *_ in log(owner) if action == "api_key.all_revoked"]
    assert len(revoked) == (status == 401)


@pytest.mark.long
def test_a_second_factor_is_switched_off_where_asked(asked, people, owner):
    ines = people.person("ines")
    owner.execute(
        "INSERT INTO totp (user_id, secret, confirmed_at) VALUES (%s, 'x', now())", (ines.id,)
    )
    reset = ("reset-password", INES, "--password-stdin")
    asked(*reset, typed=f"{PASSWORD} 1\n")
    assert owner.execute("SELECT count(*) FROM totp").fetchone() == (1,)
    for number in (2, 3):
        asked(*reset, "--totp", typed=f"{PASSWORD} {number}\n")
    assert owner.execute("SELECT count(*) FROM totp").fetchone() == (0,)
    actions = [action for action, *_ in log(owner)]
    assert actions == [*["password.reset"] * 2, "totp.disabled", "password.reset"]


@pytest.mark.long
def test_an_account_of_single_sign_on_gets_a_password(asked, people, app, owner):
    people.person("ines", password=False)
    answer = asked("reset-password", "ines", "--password-stdin", typed=f"{PASSWORD}\n")
    assert answer.exit_code == 0
    assert log_in(app) == 200


@pytest.mark.long
def test_a_database_that_is_away_is_one_plain_line(monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE", 0.1)
    answer = coffer("user", "list", DATABASE_URL="postgresql://127.0.0.1:1/x", SECRET_KEY="x" * 32)
    assert is_told(answer, "the database does not answer")
