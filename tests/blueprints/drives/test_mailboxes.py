"""Connections to mailboxes over HTTP: tried, browsed, watched; they have no files."""

from __future__ import annotations

import pytest

from tests.blueprints.test_bad_input import assert_problem
from tests.fakes.imap import PASSWORD, USER, fake_imap


@pytest.fixture
def mail():
    with fake_imap() as server:
        server.folders |= {"Belege": {}, "Belege/2026": {}}
        yield server


@pytest.fixture
def connect_mail(ana, mail):
    def send(**changes):
        body = {"provider": "imap", "name": "Mail", "base_url": mail.url, "user": USER}
        return ana.post("/api/connections", json=body | {"password": PASSWORD} | changes)

    return send


@pytest.mark.long
def test_a_mailbox_is_connected_browsed_and_watched(ana, mail, connect_mail):
    made = connect_mail()
    assert made.status_code == 201
    assert (made.json["provider"], made.json["account"]) == ("imap", USER)
    assert PASSWORD not in made.text
    path = made.headers["Location"]
    found = ana.get(f"{path}/files").json["items"]
    assert [(each["path"], each["is_folder"]) for each in found] == [
        ("Belege", True),
        ("INBOX", True),
    ]
    inner = ana.get(f"{path}/files", query_string={"path": "Belege"}).json["items"]
    assert [(each["path"], each["name"]) for each in inner] == [("Belege/2026", "2026")]
    watch = ana.post(f"{path}/watches", json={"path": "Belege/2026"})
    assert watch.status_code == 201
    assert ana.get(f"/api/watches/{watch.json['id']}/mails").json["items"] == []
    again = ana.post(f"{path}/watches", json={"path": "Belege/2026"})
    assert_problem(again, 409, "already_watched")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"password": "wrong"}, "drive_credentials"),
        ({"base_url": "imap://127.0.0.1:9"}, "drive_unavailable"),
        ({"base_url": "imaps://10.0.0.1"}, "drive_address"),
        ({"base_url": "imaps://mail.example.com:22"}, "drive_address"),
        ({"base_url": "https://mail.example.com"}, "drive_address"),
        ({"base_url": ""}, "drive_address"),
    ],
    ids=str,
)
def test_what_does_not_work_is_not_kept_and_told_why(connect_mail, owner, change, code):
    assert_problem(connect_mail(**change), 422, code)
    assert owner.execute("SELECT count(*) FROM connections").fetchone() == (0,)


@pytest.mark.long
def test_a_folder_that_is_none_is_not_watched(ana, connect_mail):
    path = connect_mail().headers["Location"]
    for asked, status, code in (
        ("nowhere", 404, "drive_not_found"),
        ("", 422, "drive_invalid_path"),
        ("a\nb", 422, "drive_invalid_path"),
    ):
        answer = ana.post(f"{path}/watches", json={"path": asked})
        assert_problem(answer, status, code)


def test_a_mailbox_has_no_files(ana, connect_mail):
    path = connect_mail().headers["Location"]
    imported = ana.post(f"{path}/import", json={"paths": ["INBOX"]})
    exported = ana.post(f"{path}/export", json={"document_ids": [], "path": "INBOX"})
    for answer in (imported, exported):
        assert_problem(answer, 403, "drive_refused")


@pytest.mark.long
def test_a_password_that_is_no_longer_accepted_breaks_the_connection(ana, mail, connect_mail):
    path = connect_mail().headers["Location"]
    mail.password = "another"
    assert_problem(ana.post(f"{path}/watches", json={"path": "INBOX"}), 409, "drive_credentials")
    assert ana.get(path).json["status"] == "broken"
    assert ana.patch(path, json={"password": "another"}).json["status"] == "active"


@pytest.mark.long
def test_mail_of_others_is_not_shown(people, mail):
    ana, bob = people.person("ana"), people.person("bob")
    body = {"provider": "imap", "name": "Mail", "base_url": mail.url, "user": USER}
    made = ana.client.post("/api/connections", json=body | {"password": PASSWORD})
    watch = ana.client.post(f"{made.headers['Location']}/watches", json={"path": "INBOX"}).json
    assert ana.client.get(f"/api/watches/{watch['id']}/mails").status_code == 200
    assert_problem(bob.client.get(f"/api/watches/{watch['id']}/mails"), 404, "not_found")
