"""What arrives in a watched folder of a mailbox is received, once, and changes nothing there."""

from __future__ import annotations

import pytest

from tests.blueprints.documents.conftest import pdf
from tests.fakes.imap import CLOSE, PASSWORD, USER, fake_imap
from tests.imap_server import PASSWORD as REAL_PASSWORD
from tests.imap_server import USER as REAL_USER
from tests.imap_server import imap_server
from tests.workers.conftest import due_now
from tests.workers.drives.test_mail_in import message
from webapp.filing import arrivals
from workers.file_mails import file_mails
from workers.scan_watches import scan_watches


@pytest.fixture
def mail():
    with fake_imap() as server:
        yield server


@pytest.fixture
def path(ana, mail):
    body = {"provider": "imap", "name": "Mail", "base_url": mail.url, "user": USER}
    made = ana.post("/api/connections", json=body | {"password": PASSWORD})
    assert made.status_code == 201, made.json
    return made.headers["Location"]


@pytest.fixture
def watch(ana, path):
    made = ana.post(f"{path}/watches", json={"path": "INBOX"})
    assert made.status_code == 201, made.json
    return made.json


@pytest.fixture
def scan(worker, owner):
    scanner = worker(scan_watches)

    def do():
        due_now(owner)
        scanner.round()

    return do


@pytest.fixture
def received(ana, watch):
    """What was received, oldest first: sender and status."""

    def do():
        found = ana.get(f"/api/watches/{watch['id']}/mails").json["items"]
        return [(each["sender"], each["status"]) for each in reversed(found)]

    return do


def from_(sender, text="Text", subject="x"):
    return f"From: {sender}@x.example\r\nSubject: {subject}\r\n\r\n{text}\r\n".encode()


def senders(*names, status="received"):
    return [(f"{name}@x.example", status) for name in names]


def watched(ana, path):
    (found,) = ana.get(f"{path}/watches").json["items"]
    return found


@pytest.mark.long
def test_what_arrives_is_received_once_and_what_was_there_is_not(
    ana, mail, path, owner, scan, worker
):
    mail.put(from_("old"))
    made = ana.post(f"{path}/watches", json={"path": "INBOX"})
    mail.put(from_("a"), from_("b"))  # before the first scan
    scan()
    mail.put(from_("c"))
    scan()
    scan()
    found = ana.get(f"/api/watches/{made.json['id']}/mails").json["items"]
    assert [each["sender"][0] for each in found] == ["c", "b", "a"]
    assert {each["watch_id"] for each in found} == {made.json["id"]}
    assert {each["inbox_id"] for each in found} == {None}
    assert watched(ana, path)["last_error"] is None
    fetched = [each for each in mail.asked if "FETCH" in each]
    assert not [each for each in fetched if each.startswith("UID FETCH 1 ")]
    assert all("BODY.PEEK" in each for each in fetched)
    assert not [each for each in mail.asked if each.split()[0] in ("SELECT", "STORE", "FETCH")]


@pytest.mark.processes
def test_from_a_real_server_to_documents_with_their_files(ana, worker, owner, scan):
    with imap_server() as server:
        server.make("Belege")
        server.put("Belege", from_("before"))
        body = {"provider": "imap", "name": "Mail", "base_url": server.url, "user": REAL_USER}
        path = ana.post("/api/connections", json=body | {"password": REAL_PASSWORD}).json["id"]
        folder = ana.post("/api/folders", json={"name": "Scans"}).json["id"]
        made = ana.post(
            f"/api/connections/{path}/watches", json={"path": "Belege", "folder_id": folder}
        )
        sent = message(("a.pdf", pdf("a")), ("b.pdf", pdf("b"))).as_bytes()
        server.put("Belege", sent, from_("note", subject="A note"), sent)
        scan()
        worker(file_mails).round()
        found = ana.get(f"/api/documents?folder_id={folder}").json["items"]
        assert sorted(each["name"] for each in found) == ["A note.eml", "a.pdf", "b.pdf"]
        assert {each["metadata"]["mail_from"] for each in found} == {
            "scanner@example.com",
            "note@x.example",
        }
        mails = ana.get(f"/api/watches/{made.json['id']}/mails").json["items"]
        assert [each["documents"] + each["duplicates"] for each in mails] == [2, 1, 2]
        # They are filed at once, so either of the two that were sent twice may be the first.
        assert sum(each["documents"] for each in mails) == 3
        assert not [each for each in server.flags("Belege") if b"Seen" in each]


@pytest.mark.long
def test_a_large_mailbox_is_not_listed(mail, path, watch, scan, received):
    mail.next_uid = 250_001
    mail.put(from_("new"))
    scan()
    assert received() == senders("new")
    spans = [each.split()[-1].split(":") for each in mail.asked if "SEARCH" in each]
    assert spans == [["1", "100000"], ["100001", "200000"], ["200001", "250001"]]


@pytest.mark.long
def test_many_messages_are_received_in_several_scans(mail, watch, scan, received, monkeypatch):
    monkeypatch.setattr(arrivals, "_MOST", 2)
    mail.put(*(from_(name) for name in "abcde"))
    for _ in range(3):
        scan()
    assert received() == senders(*"abcde")


@pytest.mark.long
def test_what_cannot_be_taken_is_refused_and_the_rest_received(
    ana, mail, watch, scan, received, owner, monkeypatch
):
    monkeypatch.setattr(mail, "said_sizes", {2: 30_000_000})
    mail.put(from_("a"), from_("huge"), b"", from_("b"))
    scan()
    assert received() == [
        *senders("a"),
        *senders("huge", status="refused"),
        ("", "refused"),
        *senders("b"),
    ]
    mails = ana.get(f"/api/watches/{watch['id']}/mails").json["items"]
    assert "25000000" in mails[2]["error"]
    assert mails[2]["ended_at"]
    again = ana.post(f"/api/received-mails/{mails[2]['id']}/retry")
    assert (again.status_code, again.json["code"]) == (400, "invalid_state")
    assert owner.execute("SELECT count(*) FROM objects").fetchone() == (2,)


@pytest.mark.long
def test_a_message_that_is_gone_when_it_is_fetched_is_left_out(mail, watch, scan, received):
    mail.put(from_("a"), from_("b"))
    mail.instead["UID SEARCH"] = b"* SEARCH 1 2 3\r\n"
    mail.next_uid = 4
    scan()
    assert received() == senders("a", "b")


@pytest.mark.long
@pytest.mark.parametrize("fault", [CLOSE, "no", b"* 1 FETCH (UID 2 BODY[]<0> {9999999}\r\n"])
def test_a_message_on_which_the_server_fails_does_not_stop_the_rest_for_ever(
    ana, mail, path, watch, scan, received, fault
):
    mail.put(from_("a"), from_("broken"), from_("b"))
    mail.instead["UID FETCH 2 (UID BODY"] = fault if fault != "no" else lambda tag: tag + b" NO\r\n"
    waits = 0
    while len(received()) < 3 and waits < 9:
        scan()
        waits += 1
        assert received()[:1] == senders("a")
    assert received() == [*senders("a"), ("", "refused"), *senders("b")]
    assert waits == 5  # three failed, the fourth left it out, the fifth went on
    assert watched(ana, path)["last_error"] is None


@pytest.mark.long
def test_another_validity_is_received_from_the_last_scan_on(mail, watch, scan, received, owner):
    mail.put(from_("a"), from_("b"))
    scan()
    # The folder was made anew: other numbers, in another order.
    mail.uid_validity = 8
    mail.folders["INBOX"] = {1: from_("c"), 2: from_("ancient"), 3: from_("d")}
    mail.next_uid, mail.since = 4, [1, 3]
    scan()
    scan()
    assert received() == senders("a", "b", "c", "d")
    mail.put(from_("e"))
    scan()
    assert received() == senders("a", "b", "c", "d", "e")
    mail.uid_validity, mail.since = 9, []
    scan()
    mail.put(from_("f"))
    scan()
    assert received() == senders("a", "b", "c", "d", "e", "f")


@pytest.mark.long
def test_a_worker_that_dies_in_the_middle_receives_nothing_twice(
    mail, watch, scan, received, owner, monkeypatch
):
    mail.put(from_("a"), from_("b"), from_("c"))
    receive = arrivals.receive

    def die(*arguments, **more):
        if more["sender"].startswith("b"):
            raise RuntimeError("gone")
        return receive(*arguments, **more)

    with monkeypatch.context() as patched:
        patched.setattr(arrivals, "receive", die)
        scan()
    assert received() == senders("a")
    scan()
    assert received() == senders("a", "b", "c")


@pytest.mark.long
def test_a_worker_that_was_overtaken_receives_nothing(mail, watch, scan, received, owner):
    mail.put(from_("a"))

    def overtaken(tag):
        owner.execute("UPDATE watches SET last_uid = 1")
        return mail._message(mail.folders["INBOX"], 1, "BODY.PEEK[]<0.99999>") + tag + b" OK\r\n"

    mail.instead["UID FETCH 1 (UID BODY"] = overtaken
    scan()
    assert received() == []
    assert owner.execute("SELECT count(*) FROM objects WHERE status <> 'doomed'").fetchone() == (0,)


@pytest.mark.long
def test_a_full_quota_leaves_messages_in_the_mailbox_until_there_is_room(
    ana, mail, path, watch, scan, received, owner
):
    mail.put(from_("a"), from_("b", "x" * 5_000), from_("c"))
    owner.execute(
        "INSERT INTO quotas (user_id, default_bytes, limit_bytes)"
        " SELECT id, 0, 1000 FROM users WHERE handle = 'ana'"
    )
    scan()
    assert received() == senders("a")
    assert "quota" in watched(ana, path)["last_error"]
    owner.execute("UPDATE quotas SET limit_bytes = NULL")
    scan()
    assert received() == senders("a", "b", "c")
    assert watched(ana, path)["last_error"] is None


@pytest.mark.long
def test_a_refused_log_in_breaks_the_connection_and_stops_until_it_is_mended(
    ana, mail, path, watch, scan, received, owner
):
    mail.put(from_("a"))
    mail.password = "another"
    scan()
    broken = ana.get(path).json
    assert (broken["status"], bool(broken["last_error"])) == ("broken", True)
    assert watched(ana, path)["status"] == "paused"
    tried = len(mail.asked)
    scan()
    assert len(mail.asked) == tried
    assert ana.patch(path, json={"password": "another"}).status_code == 200
    scan()
    assert received() == senders("a")


@pytest.mark.long
def test_a_user_who_may_no_longer_receives_nothing(mail, watch, scan, owner):
    mail.put(from_("a"))
    owner.execute("UPDATE users SET disabled_at = now()")
    scan()
    assert owner.execute("SELECT count(*) FROM received_mails").fetchone() == (0,)


@pytest.mark.long
def test_messages_go_with_their_watch_and_documents_stay(ana, mail, watch, scan, received, owner):
    mail.put(from_("a"))
    scan()
    assert received() == senders("a")
    assert ana.delete(f"/api/watches/{watch['id']}").status_code == 204
    assert owner.execute("SELECT count(*) FROM received_mails").fetchone() == (0,)
    assert owner.execute("SELECT DISTINCT status FROM objects").fetchall() == [("doomed",)]
