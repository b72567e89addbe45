"""Public links: whoever has the address gets the file, as often and as long as its maker said."""

from __future__ import annotations

import base64
import secrets
import threading
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from sql import queries
from tests.blueprints.documents.conftest import pdf
from tests.blueprints.examples import Examples, Place
from tests.blueprints.test_bad_input import assert_problem
from tests.people import use_up

CONTENT = pdf("0123456789" * 10)
LINKS = "/api/links/<token>"


def link_in(place: Place, thing: str) -> object:
    return queries.links.create(
        place.make.conn,
        workspace_id=place.workspace_id,
        **{"document_id": None, "folder_id": None, thing: place.thing(thing)},
        token_hash=secrets.token_bytes(32),
        password_hash=None,
        most_downloads=None,
        created_by=place.owner.id,
        expires_at=None,
    )["id"]


EXAMPLES = Examples(
    things={
        "link_id": lambda place: link_in(place, "document_id"),
        "folder_link_id": lambda place: link_in(place, "folder_id"),
    },
    words={"token": "no-link"},
    ways_in={LINKS, *(f"{LINKS}/{name}" for name in ("download", "preview", "items", "feed"))},
    not_kept={
        "/api/documents/<uuid:document_id>/links",
        "/api/folders/<uuid:folder_id>/links",
    },
    shared=dict.fromkeys(
        (
            f"links.{what}_of_{thing}"
            for what in ("create", "list", "end")
            for thing in ("document", "folder")
        ),
        "own",
    ),
)


@pytest.fixture
def document(ana, upload):
    """The address of one of Ana's documents."""
    return f"/api/documents/{upload(ana, CONTENT).json['id']}"


@pytest.fixture
def link(ana, document):
    """Makes a link; gives its path."""

    def make(**new):
        answer = ana.post(f"{document}/links", json=new)
        assert answer.status_code == 201, answer.json
        assert answer.headers["Cache-Control"] == "no-store"
        return urlsplit(answer.json["url"]).path

    return make


def with_password(password):
    return {"Authorization": f"Basic {b64encode(f'x:{password}'.encode()).decode()}"}


def get(client, path, **more):
    return client.get(path, buffered=True, **more)


def assert_dead(client, path):
    """Check that the answers are the same as for a link that never existed."""
    for what in ("", "/download", "/preview"):
        answers = [get(client, f"{each}{what}") for each in (path, "/api/links/unknown")]
        for answer in answers:
            assert_problem(answer, 404, "not_found")
        one, other = ({**answer.json, "requestId": None} for answer in answers)
        assert one == other


@pytest.mark.long
def test_anybody_with_the_address_gets_the_file(client, link):
    path = link()
    shown = get(client, path)
    assert (shown.json["name"], shown.json["bytes"]) == ("letter.pdf", len(CONTENT))
    assert (shown.json["media_type"], shown.json["needs_password"]) == ("application/pdf", False)
    download, preview = (get(client, f"{path}/{what}") for what in ("download", "preview"))
    assert (download.status_code, download.data) == (200, CONTENT)
    assert download.headers["Content-Disposition"].startswith("attachment")
    assert (preview.status_code, preview.data) == (200, CONTENT)
    assert preview.headers["Content-Disposition"].startswith("inline")
    part = get(client, f"{path}/download", headers={"Range": "bytes=-10"})
    assert (part.status_code, part.data) == (206, CONTENT[-10:])
    for answer in (shown, download, preview, part):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex"


@pytest.mark.long
def test_a_link_leads_to_the_current_name_and_dies_with_its_document(ana, client, document, link):
    path = link()
    ana.patch(document, json={"name": "bill.pdf"})
    assert get(client, path).json["name"] == "bill.pdf"
    ana.post(f"{document}/discard")
    assert_dead(client, path)
    ana.post(f"{document}/restore")
    assert get(client, path).status_code == 200
    ana.post(f"{document}/discard")
    ana.delete(document)
    assert_dead(client, path)


@pytest.mark.long
def test_links_are_listed_without_their_address_and_ended(ana, client, document, link):
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    first, second = link(), link(password="oaks", most_downloads=3, expires_at=tomorrow)
    get(client, f"{first}/download")
    later, earlier = ana.get(f"{document}/links").json["items"]
    assert (later["needs_password"], later["most_downloads"], later["downloads"]) == (True, 3, 0)
    assert datetime.fromisoformat(later["expires_at"]) == datetime.fromisoformat(tomorrow)
    assert (earlier["needs_password"], earlier["downloads"]) == (False, 1)
    assert earlier["last_used_at"] is not None
    assert not {"url", "token_hash", "password_hash"} & earlier.keys()
    assert ana.delete(f"{document}/links/{earlier['id']}").status_code == 204
    assert_dead(client, first)
    assert get(client, second).status_code == 200
    assert_problem(ana.delete(f"{document}/links/{earlier['id']}"), 404, "not_found")


@pytest.mark.long
def test_an_expired_link_is_no_link(ana, client, document, link, owner):
    path = link()
    owner.execute("UPDATE links SET expires_at = now() - interval '1 second'")
    assert_dead(client, path)
    assert ana.get(f"{document}/links").json["items"] == []
    queries.links.expire(owner, limit=10)
    assert owner.execute("SELECT count(*) FROM links").fetchone() == (0,)


@pytest.mark.long
def test_a_link_is_used_up_after_its_number_of_downloads(client, link):
    path = link(most_downloads=2)
    download = f"{path}/download"
    assert client.head(download, buffered=True).status_code == 200
    assert get(client, download).data == CONTENT
    # Continuing a download does not count as another one, not even after the last.
    for _ in range(3):
        assert get(client, download, headers={"Range": "bytes=10-"}).data == CONTENT[10:]
    assert get(client, download, headers={"Range": "bytes=0-9"}).data == CONTENT[:10]
    assert get(client, download, headers={"Range": "bytes=10-"}).status_code == 206
    assert_dead(client, path)
    elsewhere = {"REMOTE_ADDR": "192.0.2.9"}
    answer = get(client, download, headers={"Range": "bytes=1-"}, environ_overrides=elsewhere)
    assert_problem(answer, 404, "not_found")


@pytest.mark.long
def test_a_part_without_a_beginning_counts(client, link):
    path = link(most_downloads=1)
    assert get(client, f"{path}/download", headers={"Range": "bytes=1-"}).status_code == 206
    assert_dead(client, path)


@pytest.mark.long
def test_of_two_last_downloads_at_once_one_is_given(app, link):
    path = link(most_downloads=1)
    answers = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(get(app.test_client(), f"{path}/download").status_code)
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 404, 404, 404]


@pytest.mark.long
def test_a_password_is_asked_for(client, link):
    path = link(password="oak posts ö")
    assert get(client, path).json["needs_password"] is True
    for what in ("download", "preview"):
        at = f"{path}/{what}"
        asked = get(client, at)
        assert_problem(asked, 401, "link_password_required")
        assert asked.headers["WWW-Authenticate"].startswith("Basic ")
        wrong = get(client, at, headers=with_password("beech"))
        assert_problem(wrong, 401, "wrong_link_password")
        right = get(client, at, headers=with_password("oak posts ö"))
        assert (right.status_code, right.data) == (200, CONTENT)
    bearer = get(client, f"{path}/download", headers={"Authorization": "Bearer oak posts ö"})
    assert_problem(bearer, 401, "link_password_required")


@pytest.mark.long
def test_guessing_a_password_is_limited(client, link):
    path = link(password="oak posts")
    for _ in range(3):
        get(client, f"{path}/download", headers=with_password("oak posts"))
    for _ in range(10):
        answer = get(client, f"{path}/download", headers=with_password("beech"))
        assert_problem(answer, 401, "wrong_link_password")
    for password in ("beech", "oak posts"):
        answer = get(client, f"{path}/download", headers=with_password(password))
        assert_problem(answer, 429, "rate_limited")
    elsewhere = {"environ_overrides": {"REMOTE_ADDR": "192.0.2.9"}}
    answer = get(client, f"{path}/download", headers=with_password("oak posts"), **elsewhere)
    assert answer.status_code == 200


def test_guesses_from_many_addresses_share_an_allowance(client, link, owner):
    path = link(password="oak posts")
    (link_id,) = owner.execute("SELECT id FROM links").fetchone()
    use_up(owner, f"link_password_of_all:{link_id}")
    answer = get(client, f"{path}/download", headers=with_password("oak posts"))
    assert_problem(answer, 429, "rate_limited")


@pytest.mark.parametrize(
    ("new", "field"),
    [
        ({"password": "abc"}, "password"),
        ({"password": "x" * 201}, "password"),
        ({"most_downloads": 0}, "most_downloads"),
        ({"most_downloads": "1"}, "most_downloads"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
    ],
)
def test_a_wrong_field_of_a_link_is_named(ana, document, new, field):
    assert_problem(ana.post(f"{document}/links", json=new), 422, "invalid_input", field)


def test_neither_address_nor_password_is_stored_or_logged(client, link, owner, logged):
    path = link(password="oak posts")
    token = path.rpartition("/")[2]
    get(client, path)
    get(client, f"{path}/download", headers=with_password("oak posts"))
    get(client, f"{path}/nothing")
    get(client, f"/api/link/{token}")
    assert token not in str(logged)
    assert "oak posts" not in str(logged)
    assert any(line.get("path") == "/api/links/…/download" for line in logged)
    (kept,) = owner.execute("SELECT links::text FROM links").fetchone()
    assert token not in kept
    assert "oak posts" not in kept
    assert "$argon2id$" in kept


@pytest.mark.long
def test_the_audit_log_tells_of_links_and_their_downloads(ana, client, document, link, owner):
    path = link(most_downloads=5)
    get(client, path)
    get(client, f"{path}/download")
    get(client, f"{path}/download", headers={"Range": "bytes=5-"})
    (made,) = ana.get(f"{document}/links").json["items"]
    ana.delete(f"{document}/links/{made['id']}")
    rows = owner.execute("SELECT action, actor, details FROM audit_log ORDER BY id").fetchall()
    assert [row[0] for row in rows] == ["link.made", "link.downloaded", "link.ended"]
    assert rows[1][1] == f"link:{made['id']}"
    assert {row[2]["document_id"] for row in rows} == {document.rpartition("/")[2]}
    assert rows[0][2]["most_downloads"] == "5"


@pytest.mark.long
def test_a_link_that_is_used_up_shows_nothing_to_others(client, link):
    path = link(most_downloads=1, password="oaks")
    right = {"Authorization": "Basic " + base64.b64encode(b":oaks").decode()}
    assert client.get(f"{path}/download", headers=right, buffered=True).status_code == 200
    # Whoever began the download may continue it.
    assert client.head(f"{path}/download", headers=right, buffered=True).status_code == 200
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    for more in ({}, {"If-None-Match": "*"}, {"Range": "bytes=999999-"}):
        for given in ({}, right):
            for method in ("GET", "HEAD"):
                answer = client.open(
                    f"{path}/download",
                    method=method,
                    headers=given | more,
                    environ_base=elsewhere,
                )
                assert answer.status_code == 404
                assert "ETag" not in answer.headers
