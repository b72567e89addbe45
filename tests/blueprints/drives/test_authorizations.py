"""Connecting Google Drive and OneDrive: PKCE, a state bound to the browser, tokens that rotate."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import urlsplit

import pytest

from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from tests.fakes.drive import CLIENT_ID, CLIENT_SECRET, fake
from tests.fakes.google import FakeGoogle
from tests.fakes.graph import FakeGraph
from webapp.blueprints.drives.authorizations import COOKIE
from webapp.http.installed import settings
from workers.engine.loop import Worker
from workers.run_transfers import run_transfers

EXAMPLES = Examples(
    ways_in={"/api/connections/<provider_name>/callback"},
    not_kept={"/api/connections/<provider_name>/authorize"},
)

HERE = "http://localhost"


@pytest.fixture(scope="module", params=["google_drive", "onedrive"])
def place(request):
    """A provider's name, and a fake of it."""
    with fake(FakeGoogle if request.param == "google_drive" else FakeGraph) as server:
        yield request.param, server


@pytest.fixture
def server(place):
    server = place[1]
    server.nodes = {"root": server.nodes["root"]}
    server.access.clear()
    server.lifetime = 3600
    server.refreshes = 0
    return server


@pytest.fixture
def drive_app(make_app, place):
    given = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    ours = {f"{place[0]}_{name}": value for name, value in given.items()}
    return make_app(
        public_url=HERE, drive_endpoint=place[1].url, cors_origins=("https://app.example",), **ours
    )


@pytest.fixture
def browser(drive_app):
    client = drive_app.test_client()
    client.environ_base["HTTP_X_DEV_USER_ID"] = "ana"
    return client


@pytest.fixture
def begin(browser, place):
    """Begins an authorization; gives the address that the browser is sent to."""

    def do(**more):
        begun = browser.post(f"/api/connections/{place[0]}/authorize", json=more)
        assert begun.status_code == 200, begun.json
        return begun.json["url"]

    return do


def come_back(browser, url):
    """Follow the provider's redirect, without the header that signs in: browsers do not send it."""
    parts = urlsplit(url)
    signed_in = browser.environ_base.pop("HTTP_X_DEV_USER_ID", None)
    found = browser.get(f"{parts.path}?{parts.query}")
    if signed_in:
        browser.environ_base["HTTP_X_DEV_USER_ID"] = signed_in
    return found


@pytest.fixture
def connect_drive(browser, server, begin):
    """Connects the drive; gives the connection."""

    def do(**more):
        made = come_back(browser, server.browse(begin(**more)))
        assert made.status_code == 201, made.json
        return made.json

    return do


def files(browser, made):
    return browser.get(f"/api/connections/{made['id']}/files")


@pytest.mark.long
def test_a_drive_is_connected_and_browsed(browser, server, connect_drive, place, owner):
    server.add("letter.pdf", b"%PDF-1.7")
    made = connect_drive(name="Mine")
    assert (made["provider"], made["name"], made["status"]) == (place[0], "Mine", "active")
    assert made["account"].startswith("ana@")
    assert made["base_url"] is None
    (file,) = files(browser, made).json["items"]
    assert file["name"] == "letter.pdf"
    (stored,) = owner.execute("SELECT credentials FROM connections").fetchone()
    for token in server.access | server.refreshable:
        assert token.encode() not in bytes(stored)
        assert token not in str(made)


@pytest.mark.long
def test_the_browser_may_be_sent_to_a_page_of_ours_and_no_other(browser, server, begin, place):
    url = server.browse(begin(return_to="https://app.example/drives"))
    answer = come_back(browser, url)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("https://app.example/drives#connection_id=")
    path = f"/api/connections/{place[0]}/authorize"
    wrong = browser.post(path, json={"return_to": "https://evil.example/"})
    assert_problem(wrong, 422, "invalid_input", "return_to")


@pytest.mark.long
def test_a_callback_works_once_and_only_in_the_browser_that_began(
    drive_app, browser, server, begin, place, owner
):
    url = server.browse(begin())
    stranger = drive_app.test_client()
    assert_problem(come_back(stranger, url), 400, "invalid_drive_state")
    other_state = url.rpartition("state=")[0] + "state=another"
    assert_problem(come_back(browser, other_state), 400, "invalid_drive_state")
    cookie = browser.get_cookie(COOKIE, path="/api/connections")
    assert cookie is not None
    assert cookie.http_only
    assert come_back(browser, url).status_code == 201
    browser.set_cookie(COOKIE, cookie.value, path="/api/connections")
    assert_problem(come_back(browser, url), 400, "invalid_drive_state")
    assert owner.execute("SELECT count(*) FROM connections").fetchone() == (1,)


@pytest.mark.long
def test_a_code_of_somebody_elses_is_refused(browser, server, begin, owner):
    url = server.browse(begin())
    code = url.partition("code=")[2].partition("&")[0]
    server.codes[code] = server.codes[code] | {"code_challenge": "another"}
    assert_problem(come_back(browser, url), 400, "drive_authorization_failed")
    assert owner.execute("SELECT count(*) FROM connections").fetchone() == (0,)


@pytest.mark.long
def test_who_does_not_agree_connects_nothing(browser, server, begin):
    url = server.browse(begin())
    refused = url.replace("code=", "error=access_denied&was=")
    assert_problem(come_back(browser, refused), 403, "drive_authorization_refused")


@pytest.mark.long
def test_whoever_may_no_longer_connect_connects_nothing(browser, server, begin, owner):
    url = server.browse(begin())
    owner.execute("UPDATE users SET disabled_at = now()")
    assert_problem(come_back(browser, url), 404, "not_found")


@pytest.mark.long
def test_an_expired_token_is_refreshed_and_the_new_one_kept(browser, server, connect_drive):
    server.lifetime = 1  # expired before it is used
    made = connect_drive()
    server.lifetime = 3600
    assert files(browser, made).status_code == 200
    assert files(browser, made).status_code == 200
    assert server.refreshes == 1


@pytest.mark.long
def test_a_rejected_token_is_refreshed(browser, server, connect_drive):
    made = connect_drive()
    server.access.clear()
    assert files(browser, made).status_code == 200
    assert server.refreshes == 1


@pytest.mark.long
def test_of_many_that_need_a_new_token_one_refreshes_it(drive_app, server, connect_drive):
    made = connect_drive()
    server.access.clear()
    barrier = Barrier(6)

    def look(_):
        client = drive_app.test_client()
        client.environ_base["HTTP_X_DEV_USER_ID"] = "ana"
        barrier.wait()
        return files(client, made).status_code

    with ThreadPoolExecutor(6) as threads:
        assert set(threads.map(look, range(6))) == {200}
    assert server.refreshes == 1


@pytest.mark.long
def test_access_that_was_taken_back_breaks_the_connection_until_it_is_given_again(
    browser, server, connect_drive, begin
):
    made = connect_drive()
    server.access.clear()
    server.refreshable.clear()
    assert_problem(files(browser, made), 409, "drive_credentials")
    assert_problem(files(browser, made), 409, "drive_credentials")
    assert server.refreshes == 1  # a broken one is not tried again
    path = f"/api/connections/{made['id']}"
    assert browser.get(path).json["status"] == "broken"
    assert_problem(browser.patch(path, json={"password": "x"}), 409, "connection_without_password")
    mended = come_back(browser, server.browse(begin(connection_id=made["id"]))).json
    assert (mended["id"], mended["status"]) == (made["id"], "active")
    assert files(browser, made).status_code == 200
    events = [each["event"] for each in browser.get(f"{path}/events").json["items"]]
    assert events == ["connection.created", "connection.broken", "connection.mended"]


@pytest.mark.long
def test_files_become_documents_in_the_name_of_who_authorized_it(
    drive_app, browser, server, connect_drive
):
    server.add("letter.pdf", b"%PDF-1.7 a letter")
    server.lifetime = 1
    made = connect_drive()
    (file,) = files(browser, made).json["items"]
    begun = browser.post(f"/api/connections/{made['id']}/import", json={"paths": [file["path"]]})
    worker = Worker([run_transfers], settings.of(drive_app))
    worker.round()
    worker.close()
    transfer = browser.get(f"/api/transfers/{begun.json['items'][0]['id']}").json
    assert (transfer["status"], transfer["name"]) == ("completed", "letter.pdf")


@pytest.mark.long
def test_nobody_mends_a_connection_of_another_users(drive_app, server, connect_drive, place):
    made = connect_drive()
    ben = drive_app.test_client()
    ben.environ_base["HTTP_X_DEV_USER_ID"] = "ben"
    path = f"/api/connections/{place[0]}/authorize"
    assert_problem(ben.post(path, json={"connection_id": made["id"]}), 404, "not_found")


def test_a_provider_that_is_not_configured_is_not_there(ana):
    for name in ("google_drive", "onedrive", "webdav", "nowhere"):
        assert_problem(ana.post(f"/api/connections/{name}/authorize", json={}), 404, "not_found")
