"""Mailboxes: on a real server, and on one that refuses, hangs and lies."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from tests.clients.site import dns
from tests.fakes.imap import CLOSE, DRIP, HANG, PASSWORD, USER, fake_imap
from tests.imap_server import PASSWORD as REAL_PASSWORD
from tests.imap_server import USER as REAL_USER
from tests.imap_server import imap_server
from webapp.clients.drives import imap_dialogue
from webapp.clients.drives.contract import AccessLost, DriveError
from webapp.clients.drives.imap import Mailbox
from webapp.clients.drives.imap_dialogue import server_of
from webapp.clients.public.gate import Gate

PUBLIC = "93.184.216.34"
MAIL_PORTS = (993, 143)
MESSAGE = b"From: Bob <bob@x.example>\r\nSubject: Hello\r\n\r\nText\r\n"


# --- a real one -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server():
    with imap_server() as running:
        yield running


@pytest.fixture
def real(server):
    mailbox = Mailbox(server.url, REAL_USER, REAL_PASSWORD, Gate(allow_loopback=True))
    yield mailbox
    mailbox.close()


@pytest.fixture
def folder(server):
    name = f"test {uuid4()}"
    server.make(name)
    return name


def names(mailbox, path="", **more):
    return [each.name for each in mailbox.list_folder(path, limit=1000, **more).entries]


def test_folders_are_browsed(real, server, folder):
    real.check()
    server.make(f"{folder}/Entw&APw-rfe")
    server.make(f"{folder}/Entw&APw-rfe/deep")
    server.make(f"{folder}/%25 * x")
    assert {"INBOX", folder} <= set(names(real))
    assert names(real, folder) == ["%25 * x", "Entwürfe"]
    assert names(real, f"{folder}/Entwürfe") == ["deep"]
    first = real.list_folder(folder, limit=1)
    assert [each.name for each in first.entries] == ["%25 * x"]
    assert names(real, folder, cursor=first.next_cursor) == ["Entwürfe"]
    assert real.examine(f"{folder}/Entwürfe").next_uid == 1


def test_a_folder_that_is_not_there_is_told_so_and_the_connection_goes_on(real):
    for call in (
        lambda: real.list_folder("nowhere", limit=10),
        lambda: real.examine("nowhere"),
    ):
        with pytest.raises(DriveError) as error:
            call()
        assert error.value.code == "not_found"
    assert "INBOX" in names(real)


@pytest.mark.parametrize("path", ["a\r\nA1 LOGOUT", "a\0", "x" * 2001])
def test_what_is_no_name_is_not_sent(real, path):
    with pytest.raises(DriveError) as error:
        real.examine(path)
    assert error.value.code == "invalid_path"


def test_messages_are_found_and_read_and_stay_unread(real, server, folder):
    large = b"From: =?utf-8?q?=C3=84nne?= <a@x.example>\r\n\r\n" + b"0123456789abcde\r\n" * 200_000
    server.put(folder, MESSAGE, large, b"no header\r\n")
    found = real.examine(folder)
    assert found.next_uid == 4
    assert real.numbers(1, 3) == [1, 2, 3]
    assert real.numbers(3, 900) == [3]
    assert real.numbers_since(datetime.now(UTC).date().replace(day=1)) == [1, 2, 3]
    assert [real.message(uid).sender for uid in (1, 2, 3)] == ["bob@x.example", "a@x.example", ""]
    assert real.message(4) is None
    assert b"".join(real.read(1)) == MESSAGE
    parts = list(real.read(2))
    assert b"".join(parts) == large
    assert real.message(2).bytes == len(large)
    assert max(map(len, parts)) <= imap_dialogue.PART
    assert not [each for each in server.flags(folder) if b"Seen" in each]


def test_another_folder_of_the_same_name_has_another_validity(real, server, folder):
    before = real.examine(folder)
    server.remove(folder)
    time.sleep(1.1)  # Dovecot takes the second for it
    server.make(folder)
    assert real.examine(folder).uid_validity != before.uid_validity


def test_a_wrong_password_is_told_so(server):
    with pytest.raises(AccessLost):
        made(server.url, REAL_USER, "wrong", Gate(allow_loopback=True)).check()


# --- one that lies --------------------------------------------------------------------------


@pytest.fixture
def fake():
    with fake_imap() as server:
        yield server


MADE = []


@pytest.fixture(autouse=True)
def _closed():
    yield
    while MADE:
        MADE.pop().close()


def made(*arguments, **more):
    MADE.append(Mailbox(*arguments, **more))
    return MADE[-1]


def opened(server, password=PASSWORD):
    return made(server.url, USER, password, Gate(allow_loopback=True))


def code_of(call):
    with pytest.raises(DriveError) as error:
        call()
    assert PASSWORD not in str(error.value)
    return error.value.code


def test_a_log_in_is_tried_once_and_quoted(fake):
    fake.capabilities = "IMAP4rev1"
    fake.password = 'a "quoted" \\ one'
    opened(fake, fake.password).check()
    assert code_of(opened(fake, "wrong").check) == "credentials"
    assert len([each for each in fake.asked if each.startswith("LOGIN")]) == 2
    fake.capabilities = "IMAP4rev1 LOGINDISABLED"
    assert code_of(opened(fake).check) == "refused"
    assert code_of(opened(fake, "a\r\nA1 DELETE INBOX").check) == "credentials"
    assert not [each for each in fake.asked if "DELETE" in each]


@pytest.mark.parametrize(
    "said", [b" NO [UNAVAILABLE] x\r\n", b" NO [ALERT] Too many simultaneous connections.\r\n"]
)
def test_a_log_in_that_is_refused_for_now_does_not_break_the_connection(fake, said):
    fake.instead["AUTHENTICATE"] = lambda tag: tag + said
    assert code_of(opened(fake).check) == "unavailable"


@pytest.mark.parametrize(
    ("greeting", "code"),
    [
        (b"* BYE go away\r\n", "invalid_answer"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "unavailable"),
        (b"* PREAUTH welcome\r\n", "invalid_answer"),
        (b"x" * 3_000_000, "unavailable"),
        (b"* OK {999999999}\r\n", "unavailable"),
        (b"* OK {99999999999999999999}\r\n", "unavailable"),
    ],
    ids=["bye", "web", "preauth", "long", "literal", "huge literal"],
)
def test_a_greeting_that_is_none_is_an_error(fake, greeting, code):
    fake.greeting = greeting
    assert code_of(opened(fake).check) == code


@pytest.mark.parametrize(
    "said",
    [
        CLOSE,
        b"* 1 FETCH (UID 1 BODY[]<0> {1048577}\r\n",
        b"* 1 FETCH (UID 1 BODY[]<0> {4000000000}\r\n",
        b"* 1 FETCH (UID 1 X {1000000}\r\n" + b"x" * 1_000_000 + b" X {1000000}\r\n" * 1,
        b"* LIST () NIL x\r\n" * 1_000_000,
        b"+ go on\r\n" * 1_200_000,
        b"x" * 3_000_000,
        b"* " + b"(" * 2_500_000 + b"\r\n",
        b"\xff\xfe\r\n",
    ],
    ids=["close", "literal", "huge", "two", "many", "go on", "line", "nested", "bytes"],
)
def test_an_answer_without_bounds_ends_soon_with_an_error(fake, monkeypatch, said):
    fake.put(MESSAGE)
    mailbox = opened(fake)
    mailbox.examine("INBOX")
    fake.instead["UID FETCH"] = said if said == CLOSE else lambda _: said + b"\r\nA OK\r\n"
    began = time.monotonic()
    # What is waited for in vain ends with the silence that is allowed.
    monkeypatch.setattr(imap_dialogue, "_STEP", 1.0)
    assert code_of(lambda: list(mailbox.read(1))) in ("unavailable", "invalid_answer")
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("EXAMINE", b"* OK [UIDVALIDITY x] x\r\n* OK [UIDNEXT 1] x\r\n"),
        ("EXAMINE", b"* OK [UIDVALIDITY 0] x\r\n* OK [UIDNEXT 1] x\r\n"),
        ("EXAMINE", b"* OK [UIDVALIDITY 99999999999] x\r\n* OK [UIDNEXT 1] x\r\n"),
        ("EXAMINE", b"* OK [UIDVALIDITY 1] x\r\n"),
        ("UID SEARCH", b"* SEARCH 1 x 2\r\n"),
        ("UID SEARCH", b"* SEARCH -1\r\n"),
        ("UID SEARCH", b"* SEARCH (MODSEQ 1)\r\n"),
    ],
    ids=str,
)
def test_numbers_that_are_none_are_not_believed(fake, asked, said):
    fake.instead[asked] = said
    mailbox = opened(fake)
    assert code_of(lambda: (mailbox.examine("INBOX"), mailbox.numbers(1, 9))) == "invalid_answer"


def test_numbers_that_were_not_asked_for_are_left_out(fake):
    # "5:*" gives the last message even if all are below 5, and some servers treat "5:9" alike.
    fake.instead["UID SEARCH"] = b"* SEARCH 3 7\r\n* SEARCH 5 7\r\n"
    mailbox = opened(fake)
    mailbox.examine("INBOX")
    assert mailbox.numbers(4, 6) == [5]


def test_a_server_that_is_silent_is_left(fake, monkeypatch):
    monkeypatch.setattr(imap_dialogue, "_STEP", 0.3)
    fake.instead["EXAMINE"] = HANG
    mailbox = opened(fake)
    began = time.monotonic()
    assert code_of(lambda: mailbox.examine("INBOX")) == "unavailable"
    assert time.monotonic() - began < 30


def test_a_server_that_drips_is_left(fake, monkeypatch):
    monkeypatch.setattr(imap_dialogue, "_COMMAND_SECONDS", 1.0)
    fake.instead["EXAMINE"] = DRIP
    mailbox = opened(fake)
    assert code_of(lambda: mailbox.examine("INBOX")) == "unavailable"


# --- where it may be ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "host", "port", "with_tls"),
    [
        ("imaps://imap.example.com", "imap.example.com", 993, True),
        ("imap://IMAP.example.com/", "imap.example.com", 143, False),
        ("imap://imap.example.com:993", "imap.example.com", 993, False),
        ("imaps://[2606:4700::1111]:993", "2606:4700::1111", 993, True),
    ],
)
def test_addresses_are_read(address, host, port, with_tls):
    server = server_of(address)
    assert (server.host, server.port, server.tls_from_the_start) == (host, port, with_tls)


@pytest.mark.parametrize(
    "address",
    [
        "https://imap.example.com",
        "imap.example.com",
        "imaps://ana:x@imap.example.com",
        "imaps://imap.example.com/INBOX",
        "imaps://imap.example.com:0",
        "imaps://imap.example.com:99999",
        "imaps://imap.example.com:99",
        "imaps://imap.example.com:22",
        "imaps://2130706433",
        "imaps://10.0.0.1",
        "imaps://127.0.0.1",
        "imaps://[::ffff:10.0.0.1]",
        "imap://169.254.169.254",
        "imaps://exa mple.com",
        "imaps://",
    ],
)
def test_other_addresses_are_not_called(address):
    def dial(*_, **__):
        raise AssertionError

    gate = Gate(ports=MAIL_PORTS, dial=dial, resolve=dns(PUBLIC))
    assert code_of(lambda: Mailbox(address, USER, PASSWORD, gate).check()) == "address"


def test_a_name_that_leads_inside_is_not_called():
    gate = Gate(ports=MAIL_PORTS, resolve=dns([PUBLIC, "10.0.0.1"]))
    call = Mailbox("imaps://imap.example.com", USER, PASSWORD, gate).check
    assert code_of(call) == "address"


# --- encryption -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    pem = tmp_path_factory.mktemp("tls") / "both.pem"
    subject = "-subj /CN=imap.example.com -addext subjectAltName=DNS:imap.example.com".split()
    curve = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1".split()
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-days", "2", *curve, *subject),
            *("-keyout", pem, "-out", pem.with_suffix(".crt")),
        ],
        check=True,
        capture_output=True,
    )
    pem.write_bytes(pem.read_bytes() + pem.with_suffix(".crt").read_bytes())
    return pem


@pytest.fixture
def secured(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def over_the_net(server, address, certificate=None, **more):
    """A mailbox whose name leads to a public address, and from there to the fake."""

    def dial(_, timeout):
        return socket.create_connection(("127.0.0.1", server.port), timeout)

    if certificate is not None:
        trusted = ssl.create_default_context(cafile=certificate.with_suffix(".crt"))
        more["trust"] = lambda: trusted
    gate = Gate(ports=MAIL_PORTS, resolve=dns(PUBLIC), dial=dial)
    return made(address, USER, PASSWORD, gate, **more)


def test_tls_from_the_start_names_the_host(secured, certificate):
    seen = []
    secured.sni_callback = lambda _, name, __: seen.append(name)
    with fake_imap(secured, at_once=True) as server:
        over_the_net(server, "imaps://imap.example.com", certificate).check()
    assert seen == ["imap.example.com"]


def test_starttls_comes_before_the_log_in_and_forgets_what_came_before(secured, certificate):
    with fake_imap(secured) as server:
        server.capabilities = "IMAP4rev1 STARTTLS AUTH=PLAIN"
        mailbox = over_the_net(server, "imap://imap.example.com", certificate)
        mailbox.check()
        mailbox.close()
        asked = [each.split()[0] for each in server.asked]
    assert asked == ["CAPABILITY", "STARTTLS", "CAPABILITY", "AUTHENTICATE", "LIST", "LOGOUT"]


@pytest.mark.parametrize("name", ["imap.example.com", "other.example.com"])
def test_a_certificate_that_is_not_trusted_or_for_another_is_refused(secured, certificate, name):
    trusted = certificate if name.startswith("other") else None
    for scheme, at_once in (("imaps", True), ("imap", False)):
        with fake_imap(secured, at_once=at_once) as server:
            server.capabilities = "IMAP4rev1 STARTTLS AUTH=PLAIN"
            with pytest.raises(DriveError, match="untrusted certificate"):
                over_the_net(server, f"{scheme}://{name}", trusted).check()
            assert not [each for each in server.asked if "AUTH" in each]


def test_without_encryption_no_password_is_sent():
    for greeting, capabilities in (
        (b"* OK ready\r\n", "IMAP4rev1 AUTH=PLAIN"),
        (b"* PREAUTH welcome\r\n", "IMAP4rev1 STARTTLS"),
    ):
        with fake_imap() as server:
            server.greeting, server.capabilities = greeting, capabilities
            call = over_the_net(server, "imap://imap.example.com").check
            assert code_of(call) == "invalid_answer"
            assert not [each for each in server.asked if each.startswith(("AUTH", "LOGIN"))]


def test_ports_that_are_closed_silent_or_of_others_look_alike(fake):
    gone = Mailbox("imap://127.0.0.1:9", USER, PASSWORD, Gate(allow_loopback=True))
    with pytest.raises(DriveError) as closed:
        gone.check()
    assert str(closed.value) == "The mail server does not answer."
