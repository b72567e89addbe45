"""Mail to an inbox becomes documents: stored before it is accepted, filed by a worker."""

from __future__ import annotations

import asyncio
import smtplib
import threading
from dataclasses import replace
from email import policy
from email.message import EmailMessage

import pytest

from tests.blueprints.documents.conftest import pdf
from tests.workers.conftest import due_now
from webapp.clients.storage.contract import StorageError
from webapp.clients.storage.local import LocalStore
from workers.delete_objects import delete_objects
from workers.expire_received_mails import expire_received_mails
from workers.file_mails import file_mails
from workers.mail_in import Listener

DOMAIN = "in.example.com"


@pytest.fixture
def mailed(make_app):
    """Ana's client of a server that receives mail."""
    client = make_app(mail_in_domain=DOMAIN).test_client()
    client.environ_base["HTTP_X_DEV_USER_ID"] = "ana"
    return client


@pytest.fixture
def inbox(mailed):
    made = mailed.post("/api/inboxes", json={"name": "Scanner"})
    assert made.status_code == 201, made.json
    return made.json


@pytest.fixture
def port(settings, database):
    """The port where mail is received."""
    ours = replace(settings, mail_in_domain=DOMAIN, mail_in_port=0, mail_in_max_bytes=200_000)
    listener = Listener(ours)
    loop = asyncio.new_event_loop()
    stopping = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(listener.serve(stopping),))
    thread.start()
    while not listener.port:
        assert thread.is_alive()
    yield listener.port
    loop.call_soon_threadsafe(stopping.set)
    thread.join()
    loop.close()


@pytest.fixture
def send(port):
    """Sends a message; gives the code of the server's last answer."""

    def do(address, message):
        content = message if isinstance(message, bytes) else message.as_bytes(policy=policy.SMTP)
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
            try:
                client.sendmail("Scanner <scanner@example.com>", [address], content)
            except smtplib.SMTPRecipientsRefused as error:
                return error.recipients[address][0]
            except smtplib.SMTPResponseException as error:
                return error.smtp_code
            return 250

    return do


@pytest.fixture
def file(worker):
    return worker(file_mails).round


def message(*files, subject="Two letters", text="Please find them enclosed."):
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "scanner@example.com", "me@x.example", subject
    made.set_content(text)
    for name, content in files:
        made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return made


def names(client):
    return sorted(each["name"] for each in client.get("/api/documents").json["items"])


def received(client, inbox):
    (found,) = client.get(f"/api/inboxes/{inbox['id']}/mails").json["items"]
    return found


@pytest.mark.processes
def test_the_files_of_a_message_become_documents_and_the_message_does_not_stay(
    mailed, inbox, send, file, owner, worker
):
    files = ("Größe.pdf", pdf("one")), ("two.pdf", pdf("two"))
    assert send(inbox["address"].upper(), message(*files)) == 250
    (kept,) = owner.execute("SELECT status, bytes FROM objects").fetchall()
    assert kept[0] == "stored"
    assert received(mailed, inbox)["status"] == "received"
    file()
    assert names(mailed) == ["Größe.pdf", "two.pdf"]
    mail = received(mailed, inbox)
    assert (mail["status"], mail["documents"], mail["duplicates"]) == ("filed", 2, 0)
    assert mail["sender"] == "scanner@example.com"
    document = mailed.get("/api/documents").json["items"][0]
    assert document["metadata"]["mail_subject"] == "Two letters"
    worker(delete_objects).round()
    assert owner.execute("SELECT count(*) FROM objects").fetchone() == (2,)
    expected = len(pdf("one")) + len(pdf("two"))
    assert mailed.get("/api/quota").json["used_bytes"] == expected


@pytest.mark.processes
def test_a_message_without_files_is_a_document_itself(mailed, inbox, send, file):
    assert send(inbox["address"], message(subject="A note / to myself")) == 250
    file()
    (document,) = mailed.get("/api/documents").json["items"]
    assert (document["name"], document["kind"]) == ("A note _ to myself.eml", "mail")


@pytest.mark.processes
def test_what_was_sent_twice_or_was_there_is_not_doubled(mailed, inbox, send, file):
    sent = message(("a.pdf", pdf("a")))
    assert (send(inbox["address"], sent), send(inbox["address"], sent)) == (250, 250)
    file()
    assert names(mailed) == ["a.pdf"]
    mails = mailed.get(f"/api/inboxes/{inbox['id']}/mails").json["items"]
    assert sorted(each["duplicates"] for each in mails) == [0, 1]


@pytest.mark.processes
def test_files_of_other_types_are_reported_and_the_message_kept_if_there_is_no_other(
    mailed, inbox, send, file
):
    program = b"\x7fELF\x02\x01\x01" + bytes(100)
    send(inbox["address"], message(("a.bin", program), ("b.pdf", pdf("b"))))
    file()
    assert names(mailed) == ["b.pdf"]
    assert received(mailed, inbox)["refused"][0].startswith("a.bin: ")
    send(inbox["address"], message(("a.bin", program), subject="Only a program"))
    file()
    assert names(mailed) == ["Only a program.eml", "b.pdf"]


@pytest.mark.parametrize(
    "address",
    [
        f"inbox+{'a' * 26}@{DOMAIN}",
        f"inbox@{DOMAIN}",
        f"ana@{DOMAIN}",
        "inbox+x@elsewhere.example",
        f"inbox+../../x@{DOMAIN}",
    ],
)
def test_an_unknown_address_is_550(mailed, inbox, send, owner, address):
    assert send(address, message()) == 550
    assert owner.execute("SELECT count(*) FROM received_mails").fetchone() == (0,)


@pytest.mark.long
def test_former_and_ended_addresses_and_those_of_people_who_may_no_longer_are_550(
    mailed, inbox, send, owner
):
    rotated = mailed.post(f"/api/inboxes/{inbox['id']}/rotate").json["address"]
    assert send(inbox["address"], message()) == 550
    assert send(rotated, message()) == 250
    owner.execute("UPDATE users SET disabled_at = now()")
    assert send(rotated, message()) == 550
    owner.execute("UPDATE users SET disabled_at = NULL")
    mailed.delete(f"/api/inboxes/{inbox['id']}")
    assert send(rotated, message()) == 550


@pytest.mark.long
def test_a_message_that_is_too_large_is_552_and_over_the_quota_452(mailed, inbox, send, owner):
    assert send(inbox["address"], message(("a.pdf", bytes(300_000)))) == 552
    owner.execute(
        "INSERT INTO quotas (user_id, default_bytes, limit_bytes)"
        " SELECT id, 0, 100 FROM users WHERE handle = 'ana'"
    )
    assert send(inbox["address"], message()) == 452
    assert owner.execute("SELECT count(*) FROM objects").fetchone() == (0,)


def test_a_size_that_is_announced_is_refused_before_it_is_sent(port, inbox):
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        client.ehlo()
        assert client.mail("a@example.com", ["SIZE=300000"])[0] == 552


@pytest.mark.long
def test_a_store_that_fails_accepts_nothing(mailed, inbox, send, owner, monkeypatch):
    def fail(*_):
        raise StorageError("The store's disk has a problem.")

    monkeypatch.setattr(LocalStore, "put", fail)
    assert send(inbox["address"], message()) == 451
    assert owner.execute("SELECT count(*) FROM received_mails").fetchone() == (0,)


def test_a_fault_of_ours_is_temporary_and_tells_nothing(mailed, inbox, send, monkeypatch, logged):
    def fail(*_, **__):
        raise RuntimeError("a secret")

    monkeypatch.setattr("workers.mail_in.Reception.receive", fail)
    assert send(inbox["address"], message()) == 451
    assert [line["event"] for line in logged if line["log_level"] == "error"] == ["mail_in_failed"]


@pytest.mark.long
def test_no_address_is_logged(mailed, inbox, send, caplog, capsys):
    send(inbox["address"], message())
    send(f"inbox+{'a' * 26}@{DOMAIN}", message())
    told = caplog.text + str(capsys.readouterr())
    assert inbox["address"].partition("@")[0] not in told
    assert "a" * 26 not in told


def test_one_recipient_at_a_time(port, inbox):
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        client.ehlo()
        client.mail("a@example.com")
        assert client.rcpt(inbox["address"])[0] == 250
        assert client.rcpt(inbox["address"])[0] == 452


@pytest.mark.processes
def test_files_over_the_quota_leave_the_message_until_there_is_room(
    mailed, inbox, send, file, owner
):
    assert send(inbox["address"], message(("a.pdf", pdf("a" * 10_000)))) == 250
    owner.execute("UPDATE quotas SET limit_bytes = used_bytes + 100")
    file()
    mail = received(mailed, inbox)
    assert mail["status"] == "failed"
    assert "quota" in mail["error"]
    owner.execute("UPDATE quotas SET limit_bytes = NULL")
    assert mailed.post(f"/api/received-mails/{mail['id']}/retry").json["status"] == "received"
    file()
    assert names(mailed) == ["a.pdf"]


@pytest.mark.processes
@pytest.mark.parametrize(
    "content",
    [
        b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
        + b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" * 500,
        b"Subject: =?utf-8?b?////?=\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe",
        b"no headers at all",
    ],
    ids=["nested", "odd", "bare"],
)
def test_hostile_messages_are_kept_as_documents_and_harm_nobody(mailed, inbox, send, file, content):
    assert send(inbox["address"], content) == 250
    file()
    assert received(mailed, inbox)["status"] == "filed"
    assert len(names(mailed)) == 1


@pytest.mark.processes
def test_a_worker_that_dies_before_it_writes_loses_and_doubles_nothing(
    mailed, inbox, send, file, owner, monkeypatch
):
    send(inbox["address"], message(("a.pdf", pdf("a"))))

    def die(*_, **__):
        raise RuntimeError("gone")

    with monkeypatch.context() as patched:
        patched.setattr("workers.file_mails.keep", die)
        file()
    assert names(mailed) == []
    due_now(owner)
    file()
    assert names(mailed) == ["a.pdf"]


@pytest.mark.long
def test_messages_are_forgotten_with_their_inbox_or_a_month_after(
    mailed, inbox, send, owner, worker
):
    for _ in range(2):
        send(inbox["address"], message())
    owner.execute(
        "UPDATE received_mails SET status = 'failed', ended_at = now() - interval '31 days'"
        " WHERE id = (SELECT max(id::text)::uuid FROM received_mails)"
    )
    owner.execute(
        "INSERT INTO outbox (kind, subject_id) VALUES ('expire_received_mails', uuidv7())"
    )
    worker(expire_received_mails).round()
    assert len(mailed.get(f"/api/inboxes/{inbox['id']}/mails").json["items"]) == 1
    mailed.delete(f"/api/inboxes/{inbox['id']}")
    worker(delete_objects).round()
    assert owner.execute("SELECT count(*) FROM objects").fetchone() == (0,)
    assert mailed.get("/api/quota").json["used_bytes"] == 0
