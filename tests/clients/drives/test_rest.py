"""Google Drive and OneDrive: limits, expiring tokens, interrupted uploads."""

from __future__ import annotations

import pytest

from tests.clients.drives.conftest import Tokens
from tests.clients.drives.test_contract import KEY, LARGE, entry, in_pieces, names, whole
from webapp.clients.drives.contract import AccessLost, DriveError
from webapp.clients.drives.google import GoogleDrive
from webapp.clients.drives.graph import OneDrive
from webapp.clients.public.gate import Gate


@pytest.fixture(params=["google", "graph"])
def made(request):
    """A fake server, and a drive on it whose token is replaced once."""
    server = request.getfixturevalue(f"{request.param}_server")
    tokens = Tokens(server, left=1)
    if request.param == "google":
        drive = GoogleDrive(tokens, base=server.url)
    else:
        drive = OneDrive(tokens, Gate(allow_loopback=True), base=server.url)
    yield server, drive
    drive.close()


def test_a_token_that_expired_is_replaced_once(made):
    server, drive = made
    server.add("a.txt", b"abc")
    server.access.clear()
    assert names(drive) == ["a.txt"]
    server.access.clear()
    with pytest.raises(AccessLost):
        drive.list_folder("", limit=10)


def test_a_limit_says_how_long_to_wait(made):
    server, drive = made
    server.refuse_next = [(429, {"Retry-After": "17"})]
    with pytest.raises(DriveError) as error:
        drive.list_folder("", limit=10)
    assert (error.value.code, error.value.permanent) == ("unavailable", False)
    assert error.value.retry_after == 17


def test_a_large_file_is_sent_in_pieces_each_again_if_that_fails(made):
    server, drive = made
    before = len(server.seen)
    chunks = in_pieces(LARGE)

    def and_then_trouble():
        for number, chunk in enumerate(chunks):
            if number == 110:  # after the first piece
                server.refuse_next = [(500, {}), (503, {})]
            yield chunk

    sent = drive.upload("", "large.bin", len(LARGE), and_then_trouble(), key=KEY)
    assert whole(drive, sent.path) == LARGE
    puts = [path for method, path, _ in server.seen[before:] if method == "PUT"]
    assert len(puts) >= 3


def test_addresses_that_are_secrets_get_no_token(made):
    server, drive = made
    drive.upload("", "large.bin", len(LARGE), in_pieces(LARGE), key=KEY)
    assert whole(drive, entry(drive, "large.bin").path) == LARGE
    secret = [h for _, path, h in server.seen if path.startswith(("/session/", "/content/"))]
    assert secret
    assert not any("authorization" in headers for headers in secret)


def test_the_account_is_named(made):
    _, drive = made
    assert drive.account() in ("ana@gmail.example", "ana@outlook.example")


def test_documents_of_googles_own_are_fetched_as_pdf_and_forms_left_out(google_server):
    drive = GoogleDrive(Tokens(google_server), base=google_server.url)
    google_server.add("Plan", b"", kind="application/vnd.google-apps.document")
    google_server.add("Form", b"", kind="application/vnd.google-apps.form")
    (found,) = drive.list_folder("", limit=10).entries
    assert (found.name, found.bytes) == ("Plan.pdf", None)
    with drive.open(found.path) as download:
        assert download.name == "Plan.pdf"
        assert b"".join(download.chunks).startswith(b"%PDF")
    drive.close()


def test_two_files_of_one_name_are_two_on_google(google_server):
    drive = GoogleDrive(Tokens(google_server), base=google_server.url)
    for content in (b"one", b"two"):
        drive.upload("", "it's a\\b.txt", 3, iter([content]), key=KEY)
    assert len(drive.list_folder("", limit=10).entries) == 2
    found = drive.find("", "it's a\\b.txt")
    assert found is not None
    drive.close()


@pytest.mark.parametrize("answer", [b"", b"[]", b"null", b"{", b'{"files": 5, "value": 5}'])
def test_an_answer_that_is_none_is_an_empty_folder_and_never_a_crash(made, answer, monkeypatch):
    server, drive = made
    monkeypatch.setattr(server, "answer", lambda call, *_: call.send(200, answer))
    assert drive.list_folder("", limit=10).entries == []
