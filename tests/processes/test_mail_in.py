"""`coffer mail-in` as a process: what it has accepted survives it."""

from __future__ import annotations

import smtplib
import socket

import pytest

from tests import databases
from tests.blueprints.documents.conftest import pdf
from tests.processes import eventually, free_port, running, serving
from tests.workers.drives.test_mail_in import DOMAIN, message


@pytest.fixture
def database(server_url):
    with databases.new_database(server_url, "coffer_mail_in") as made:
        yield made


def test_what_was_accepted_becomes_a_document_although_the_listener_is_killed(database, tmp_path):
    port = free_port()
    ours = {"MAIL_IN_DOMAIN": DOMAIN, "MAIL_IN_PORT": str(port)}
    ours["STORAGE_URL"] = (tmp_path / "objects").as_uri()

    def is_there():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    with serving(database, **ours) as web:
        status, _, inbox = web("POST", "/api/inboxes", {"name": "Scanner"})
        assert status == 201
        with running("coffer", "mail-in", database=database, **ours) as listener:
            eventually(is_there)
            with smtplib.SMTP("127.0.0.1", port) as client:
                client.send_message(message(("a.pdf", pdf("a"))), to_addrs=[inbox["address"]])
            listener.kill()
            listener.wait()
        kinds = ("--kinds", "file_mails", "--once")
        with running("coffer", "work", *kinds, database=database, **ours) as worker:
            assert worker.wait(60) == 0
        (document,) = web("GET", "/api/documents")[2]["items"]
        assert document["name"] == "a.pdf"
        with running("coffer", "mail-in", database=database, **ours) as listener:
            eventually(is_there)
            listener.terminate()
            assert listener.wait(15) == 0
        assert "inbox+" not in listener.log()
        assert "Traceback" not in listener.log()


def test_it_does_not_start_without_a_domain(database):
    with running("coffer", "mail-in", database=database) as listener:
        assert listener.wait(15) == 1
    assert "MAIL_IN_DOMAIN" in listener.log()
