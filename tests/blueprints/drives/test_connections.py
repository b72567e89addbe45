"""Connections to drives over HTTP: tried before they are kept, and never shown."""

from __future__ import annotations

import pytest

from sql import queries
from tests.blueprints.examples import Examples, Place
from tests.blueprints.test_bad_input import assert_problem
from tests.webdav_server import PASSWORD, USER
from webapp.access.credentials import keyring
from webapp.identity.ids import new_id


def connection_in(place: Place) -> object:
    """A connection that is broken, so that nobody calls its server."""
    connection_id, conn = new_id(), place.make.conn
    credentials = keyring.of(place.people.app).encrypt(
        f"connection {place.owner.id} {connection_id}", b'{"user": "olga", "password": "x"}'
    )
    queries.connections.create(
        conn,
        id=connection_id,
        workspace_id=place.workspace_id,
        user_id=place.owner.id,
        provider="webdav",
        name="Scans",
        base_url="http://127.0.0.1:9/dav",
        account="olga",
        credentials=credentials,
    )
    queries.connections.break_off(conn, id=connection_id, error="", credentials=credentials)
    return connection_id


EXAMPLES = Examples(
    things={"connection_id": connection_in},
    personal={"connection_id"},
    bodies={"connections.change": {"name": "x"}},
    unlike_their_method={
        f"connections.{name}" for name in ("list_own", "get", "list_events", "list_files")
    },
    # The request has a password, of which not even a hash is kept.
    not_kept={"/api/connections"},
)


@pytest.mark.long
def test_a_connection_is_made_shown_and_removed(ana, connect, cloud):
    made = connect(ana)
    assert made.status_code == 201
    path = made.headers["Location"]
    shown = ana.get(path)
    assert shown.json == made.json
    assert (made.json["status"], made.json["account"]) == ("active", USER)
    assert [each["id"] for each in ana.get("/api/connections").json["items"]] == [made.json["id"]]
    assert PASSWORD not in made.text + shown.text
    assert ana.delete(path).status_code == 204
    assert ana.delete(path).status_code == 404
    assert ana.get(path).status_code == 404
    assert ana.get("/api/connections").json["items"] == []


@pytest.mark.long
def test_credentials_are_stored_encrypted_and_logged_nowhere(ana, connect, owner, logged):
    connect(ana)
    connect(ana, password="wrong")
    ((stored, row),) = owner.execute("SELECT credentials, c::text FROM connections AS c").fetchall()
    assert PASSWORD.encode() not in bytes(stored)
    assert PASSWORD not in row
    assert PASSWORD not in str(logged)
    events = owner.execute("SELECT events::text FROM events").fetchall()
    assert PASSWORD not in str(events)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"password": "wrong"}, "drive_credentials"),
        ({"user": "nobody"}, "drive_credentials"),
        ({"base_url": "http://127.0.0.1:9/dav"}, "drive_unavailable"),
        ({"base_url": "http://cloud.example.com/dav"}, "drive_address"),
        ({"base_url": "https://10.0.0.1/dav"}, "drive_address"),
        ({"base_url": "https://169.254.169.254/dav"}, "drive_address"),
        ({"base_url": "https://[::ffff:10.0.0.1]/dav"}, "drive_address"),
        ({"provider": "nextcloud"}, "drive_not_found"),
    ],
    ids=str,
)
def test_what_does_not_work_is_not_kept_and_told_why(ana, connect, owner, change, code):
    assert_problem(connect(ana, **change), 422, code)
    assert owner.execute("SELECT count(*) FROM connections").fetchone() == (0,)


def test_an_address_that_is_no_folder_is_refused(ana, connect, cloud):
    assert_problem(connect(ana, base_url=f"{cloud.url}/nowhere"), 422, "drive_not_found")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"provider": "onedrive"}, "provider"),
        ({"name": ""}, "name"),
        ({"base_url": "cloud.example.com"}, "base_url"),
        ({"base_url": "https://ana:x@cloud.example.com"}, "base_url"),
        ({"password": ""}, "password"),
        ({"password": "a\0b"}, "password"),
        ({"user": 5}, "user"),
    ],
    ids=str,
)
def test_wrong_input_is_named(ana, connect, change, field):
    assert_problem(connect(ana, **change), 422, "invalid_input", field)


@pytest.mark.long
def test_the_drive_is_browsed(ana, connect, cloud):
    (cloud.path / "inner").mkdir()
    cloud.put("inner/Größe.txt", b"abc")
    path = connect(ana).headers["Location"]
    (folder,) = ana.get(f"{path}/files").json["items"]
    assert (folder["name"], folder["is_folder"], folder["bytes"]) == ("inner", True, None)
    inner = ana.get(f"{path}/files", query_string={"path": folder["path"]}).json
    (file,) = inner["items"]
    assert (file["path"], file["name"], file["bytes"]) == ("inner/Größe.txt", "Größe.txt", 3)
    assert file["modified_at"].endswith("Z")
    assert inner["next_cursor"] is None


def test_the_drive_is_browsed_in_pages(ana, connect, cloud):
    for name in "cab":
        cloud.put(f"{name}.txt", b"x")
    path = connect(ana).headers["Location"]
    first = ana.get(f"{path}/files?limit=2").json
    assert [each["name"] for each in first["items"]] == ["a.txt", "b.txt"]
    rest = ana.get(f"{path}/files?limit=2&cursor={first['next_cursor']}").json
    assert [each["name"] for each in rest["items"]] == ["c.txt"]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ("../x", 422, "drive_invalid_path"),
        ("a//b", 422, "drive_invalid_path"),
        ("nowhere", 404, "drive_not_found"),
    ],
)
def test_an_invalid_path_is_refused(ana, connect, asked, status, code):
    path = connect(ana).headers["Location"]
    answer = ana.get(f"{path}/files", query_string={"path": asked})
    assert_problem(answer, status, code)


@pytest.mark.long
def test_a_password_that_is_no_longer_accepted_breaks_the_connection_until_there_is_a_new_one(
    ana, connect, cloud
):
    path = connect(ana).headers["Location"]
    with cloud.server.locked():
        assert_problem(ana.get(f"{path}/files"), 409, "drive_credentials")
        broken = ana.get(path).json
        assert broken["status"] == "broken"
        assert broken["last_error"]
        assert_problem(ana.patch(path, json={"password": PASSWORD}), 422, "drive_credentials")
        mended = ana.patch(path, json={"password": "another", "name": "Mended"}).json
        assert (mended["status"], mended["last_error"]) == ("active", None)
        assert mended["name"] == "Mended"
        assert ana.get(f"{path}/files").status_code == 200
    events = [each["event"] for each in ana.get(f"{path}/events").json["items"]]
    assert events == ["connection.created", "connection.broken", "connection.mended"]


def test_a_broken_connection_does_not_ask_the_drive_again(ana, connect, owner, cloud):
    path = connect(ana).headers["Location"]
    owner.execute("UPDATE connections SET status = 'broken'")
    assert_problem(ana.get(f"{path}/files"), 409, "drive_credentials")


@pytest.mark.parametrize("change", [{}, {"user": "ana"}, {"base_url": "https://x.example"}])
def test_a_change_of_nothing_or_of_too_much_is_refused(ana, connect, change):
    path = connect(ana).headers["Location"]
    assert ana.patch(path, json=change).status_code == 422


@pytest.mark.long
def test_credentials_of_a_former_key_are_read_and_encrypted_again(ana, connect, make_app, owner):
    path = connect(ana).headers["Location"]
    secret = "a secret for tests only, of 32 characters or more"
    newer = make_app(
        secret_key="another secret, also of 32 characters!", secret_keys_former=(secret,)
    )
    client = newer.test_client()
    client.environ_base["HTTP_X_DEV_USER_ID"] = "ana"
    assert client.get(f"{path}/files").status_code == 200
    newest = make_app(secret_key="another secret, also of 32 characters!").test_client()
    newest.environ_base["HTTP_X_DEV_USER_ID"] = "ana"
    assert newest.get(f"{path}/files").status_code == 200


@pytest.mark.long
def test_credentials_of_a_key_that_is_gone_have_to_be_entered_again(ana, connect, make_app):
    path = connect(ana).headers["Location"]
    client = make_app(secret_key="another secret, also of 32 characters!").test_client()
    client.environ_base["HTTP_X_DEV_USER_ID"] = "ana"
    assert_problem(client.get(f"{path}/files"), 409, "drive_credentials")


def test_a_connection_is_removed_with_the_membership(people, connect, owner):
    olga, max_ = people.person("olga"), people.person("max")
    workspace_id = people.workspace(olga, member=max_)
    max_.client.environ_base["HTTP_X_WORKSPACE_ID"] = str(workspace_id)
    assert connect(max_.client).status_code == 201
    olga.client.environ_base["HTTP_X_WORKSPACE_ID"] = str(workspace_id)
    assert olga.client.get("/api/connections").json["items"] == []
    olga.client.delete(f"/api/workspaces/{workspace_id}/members/{max_.id}")
    assert owner.execute("SELECT count(*) FROM connections").fetchone() == (0,)
