"""Mail over real SMTP, to servers that refuse, hang, drip and lie; and the texts we send."""

from __future__ import annotations

import inspect
import io
import json
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import pytest

from tests.smtp_server import CLOSE, DRIP, HANG, smtp_server
from webapp.clients.mail import server as servers
from webapp.clients.mail import smtp
from webapp.clients.mail.contract import Mail, MailError
from webapp.clients.mail.senders import PrintingSender, SmtpSender, sender_from
from webapp.clients.mail.server import check_url
from webapp.failure import Failure
from webapp.mails import texts

FROM = "coffer@example.com"
TO = "ana@example.org"
USER = "coffer@example.com"
PASSWORD = "pä:s/w@rd?#% ü"
TOKEN = "cfm_0123456789-abcdefghij_KLMNOPQRSTUVWXYZ"
# For what takes time on a busy machine: the servers here would take far longer, or forever.
SOON = 60.0


def a_mail(**changes: str) -> Mail:
    fields = {"to": TO, "subject": "Hello", "text": f"Use\n\n{TOKEN}\n", "id": "0198-m1"}
    return Mail(**(fields | changes))


def failure(url: str, sent: Mail | None = None, **limits: float) -> MailError:
    """The error from sending to `url`, which must not give anything away."""
    with pytest.raises(MailError) as caught:
        SmtpSender(url, FROM, **limits).send(sent or a_mail())
    error: BaseException | None = caught.value
    assert isinstance(error, Failure)
    while error is not None:
        for secret in (PASSWORD, "pä:s", TOKEN, TO):
            assert secret not in str(error)
            assert secret not in repr(error)
        error = error.__cause__
    return caught.value


# --- what arrives ---------------------------------------------------------------------------


def test_a_mail_arrives_as_it_was_written() -> None:
    text = "Grüße, 你好!\n\n.a dot\n..\n.\nFrom here\n" + "long " * 400 + "\nend\n"
    with smtp_server() as server:
        SmtpSender(server.url, FROM).send(a_mail(subject="Zażółć " * 20 + "gęślą", text=text))
        [message] = server.wait_for(1)
    assert message["From"] == FROM
    assert message["To"] == TO
    assert message["Subject"] == "Zażółć " * 20 + "gęślą"
    assert message["Message-ID"] == "<0198-m1@example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    sent_at = parsedate_to_datetime(message["Date"])
    assert abs(datetime.now(UTC) - sent_at) < timedelta(minutes=1)
    assert message.get_content_type() == "text/plain"
    assert message.get_content() == text
    [envelope] = server.envelopes
    assert (envelope.sender, envelope.recipients) == (FROM, [TO])
    assert envelope.raw.isascii()
    assert max(len(line) for line in envelope.raw.split(b"\r\n")) < 998
    assert b"\n" not in envelope.raw.replace(b"\r\n", b"")


def test_lines_that_begin_with_a_dot_are_kept_in_a_plain_text() -> None:
    with smtp_server() as server:
        SmtpSender(server.url, FROM).send(a_mail(text=".\n..\n. a\r\nend"))
        [message] = server.wait_for(1)
    assert message.get_content() == ".\n..\n. a\nend\n"


def test_a_second_try_has_the_same_message_id() -> None:
    with smtp_server(answers={"MESSAGE": "451 4.3.0 Try again"}) as server:
        assert not failure(server.url).permanent
        server.answers.clear()
        sender = SmtpSender(server.url, FROM)
        sender.send(a_mail())
        sender.send(a_mail())
        sender.send(a_mail(id="0198-m2"))
        sender.close()
        sender.close()
        ids = [message["Message-ID"] for message in server.wait_for(3)]
    assert ids == ["<0198-m1@example.com>"] * 2 + ["<0198-m2@example.com>"]


def test_characters_that_no_mail_may_hold_are_replaced_in_the_text() -> None:
    with smtp_server() as server:
        SmtpSender(server.url, FROM).send(a_mail(text="a\x00b\ud800c\x1b[2J\td\u2028e\rf"))
        [message] = server.wait_for(1)
    assert message.get_content() == "a\ufffdb\ufffdc\ufffd[2J\td\ufffde\ufffdf\n"


@pytest.mark.parametrize(
    ("to", "arrives_at"),
    [
        ("o'neil+tag/x=y@sub.example.org", "o'neil+tag/x=y@sub.example.org"),
        ("a@localhost", "a@localhost"),
        ("ana@münchen.example", "ana@xn--mnchen-3ya.example"),
        ("ana@MÜNCHEN.example", "ana@xn--mnchen-3ya.example"),
        ("ana@例え.example", "ana@xn--r8jz45g.example"),
        ("ana@xn--mnchen-3ya.example", "ana@xn--mnchen-3ya.example"),
        (f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}.ef", None),
    ],
)
def test_addresses_of_many_forms_are_written_to(to: str, arrives_at: str | None) -> None:
    with smtp_server() as server:
        SmtpSender(server.url, FROM).send(a_mail(to=to))
        [message] = server.wait_for(1)
        [envelope] = server.envelopes
    assert envelope.recipients == [arrives_at or to]
    assert message["To"] == (arrives_at or to)


@pytest.mark.parametrize(
    "to",
    [
        "",
        "ana",
        "ana@",
        "@example.org",
        "ana@example.org\r\nBcc: eve@example.net",
        "ana@example.org\n",
        "ana@example.org>\r\nRCPT TO:<eve@example.net",
        "ana@example.org, eve@example.net",
        "ana@example.org eve@example.net",
        "Ana <ana@example.org>",
        "<ana@example.org>",
        "ana\x00@example.org",
        "ana@exa\tmple.org",
        "ana@example..org",
        "ana@-example.org",
        "ana@example.org.",
        ".ana@example.org",
        "an..a@example.org",
        '"ana lima"@example.org',
        "=?utf-8?q?eve=40example.net=2C?=@example.org",
        "ana@[127.0.0.1]",
        "ana@127.0.0.1",
        "änä@example.org",
        # Python's codec would turn the first into strasse.example, which is somebody else's, …
        "ana@straße.example",
        "ana@σίγμας.example",
        # … and these into domains of two labels.
        "ana@example。org",
        "ana@ｅxample.org",
        "ana@exa\u200dmple.org",
        "ana@\ud800.org",
        f"{'a' * 65}@example.org",
        f"a@{'b' * 64}.org",
        f"{'a' * 64}@{'.'.join(['b' * 60] * 4)}.org",
    ],
)
def test_what_is_no_address_is_refused_before_a_server_is_asked(to: str) -> None:
    with smtp_server() as server:
        error = failure(server.url, a_mail(to=to))
        assert server.commands == []
    assert error.permanent
    assert "not an address" in str(error)


@pytest.mark.parametrize("break_", ["\n", "\r", "\r\n", "\x00", "\x0b", "\x85", "\u2028", "\ud800"])
def test_a_subject_takes_one_line_only(break_: str) -> None:
    with smtp_server() as server:
        error = failure(server.url, a_mail(subject=f"Hello{break_}Bcc: eve@example.net"))
        assert server.commands == []
    assert error.permanent


@pytest.mark.parametrize("bad", ["", "a b", "a>\r\nBcc: eve@example.net", "a@b", "ä", "x" * 201])
def test_an_id_that_is_no_message_id_is_refused(bad: str) -> None:
    assert failure("smtp://127.0.0.1:1", a_mail(id=bad)).permanent


def test_neither_recipient_nor_text_is_in_the_repr_of_a_mail() -> None:
    assert TO not in repr(a_mail())
    assert TOKEN not in repr(a_mail())


# --- what the server refuses ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "answer", "permanent", "said"),
    [
        ("CONNECT", "421 Busy", False, "(421)"),
        ("CONNECT", "554 5.7.1 Not you", False, "(554 5.7.1)"),
        ("EHLO", "421 4.3.0 Busy", False, "(421 4.3.0)"),
        ("EHLO", "550 Not you", False, "(550)"),
        ("MAIL", "451 4.3.0 Later", False, "(451 4.3.0)"),
        ("MAIL", "550 5.7.1 Not from there", False, "MAIL_FROM (550 5.7.1)"),
        ("RCPT", "450 4.2.0 Greylisted", False, "recipient (450 4.2.0)"),
        ("RCPT", "421 Bye", False, "recipient (421)"),
        ("RCPT", "550 5.1.1 <{to}> is unknown", True, "recipient (550 5.1.1)"),
        ("RCPT", "553 5.1.1.1 odd", True, "recipient (553)"),
        ("RCPT", "530 5.7.0 Log in first", False, "recipient (530 5.7.0)"),
        ("DATA", "451 Later", False, "mail (451)"),
        ("DATA", "554 5.5.1 No", True, "mail (554 5.5.1)"),
        ("MESSAGE", "452 4.3.1 Full", False, "mail (452 4.3.1)"),
        ("MESSAGE", "554 5.7.1 Spam: {token}", True, "mail (554 5.7.1)"),
        ("MESSAGE", "354 Go on", False, "mail (354)"),
        ("RCPT", "Hello there", False, "does not speak SMTP"),
        ("EHLO", "999 Hello", False, "does not speak SMTP"),
        ("RCPT", "250-" + "x" * 70_000, False, "endless"),
        ("RCPT", CLOSE, False, "closed the connection"),
        ("MESSAGE", CLOSE, False, "closed the connection"),
    ],
)
def test_only_what_is_about_the_mail_itself_is_permanent(
    step: str, answer: str, permanent: bool, said: str
) -> None:
    with smtp_server(answers={step: answer.format(to=TO, token=TOKEN)}) as server:
        error = failure(server.url)
    assert error.permanent is permanent
    assert said in str(error)
    assert "127.0.0.1" in str(error)


def test_a_server_that_forwards_takes_the_mail() -> None:
    with smtp_server(answers={"RCPT": "251 2.1.5 Passed on"}) as server:
        # aiosmtpd itself has no recipient then and refuses the message, so the client got that far.
        assert "refused the mail (503" in str(failure(server.url))


def test_what_follows_the_acceptance_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "_GOODBYE", 0.1)
    with smtp_server(answers={"QUIT": CLOSE}) as server:
        SmtpSender(server.url, FROM).send(a_mail())
        server.answers["QUIT"] = "500 No"
        SmtpSender(server.url, FROM).send(a_mail())
        server.answers["QUIT"] = HANG
        SmtpSender(server.url, FROM, deadline=SOON).send(a_mail())
        assert len(server.wait_for(3)) == 3


def test_a_refused_connection_is_temporary() -> None:
    with smtp_server() as server:
        url = server.url
    error = failure(url)
    assert not error.permanent
    assert "cannot be reached (ConnectionRefusedError)" in str(error)


def test_a_name_nobody_has_is_temporary() -> None:
    error = failure(f"smtps://{USER.replace('@', '%40')}:secret@nobody.invalid")
    assert not error.permanent
    assert "nobody.invalid cannot be reached" in str(error)
    assert "secret" not in str(error)


def test_the_next_address_is_tried_where_one_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with smtp_server() as server:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        found = [(*kind, (address, server.port)) for address in ("127.0.0.2", "127.0.0.1")]
        usual = socket.getaddrinfo

        def stand_in(host: str, *rest: Any, **more: Any) -> Any:
            return found if host == "localhost" else usual(host, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", stand_in)
        SmtpSender(f"smtp://localhost:{server.port}", FROM).send(a_mail())
        server.wait_for(1)


# --- time -----------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_server_that_hangs_is_left_when_an_answer_takes_too_long(step: str) -> None:
    with smtp_server(answers={step: HANG}) as server:
        started = time.monotonic()
        error = failure(server.url, timeout=0.1, deadline=600)
        assert time.monotonic() - started < SOON
    assert not error.permanent
    assert "in time" in str(error)


@pytest.mark.long
@pytest.mark.parametrize(
    ("step", "behaviour"),
    [("CONNECT", HANG), ("MESSAGE", HANG), ("CONNECT", DRIP), ("RCPT", DRIP)],
)
def test_no_server_holds_a_mail_beyond_the_deadline(step: str, behaviour: str) -> None:
    with smtp_server(answers={step: behaviour}) as server:
        started = time.monotonic()
        error = failure(server.url, timeout=600, deadline=0.3)
        assert time.monotonic() - started < SOON
    assert not error.permanent
    assert "in time" in str(error)


def test_a_handshake_that_hangs_is_left() -> None:
    # The server speaks no TLS and waits for a command, while the client waits for the handshake.
    with smtp_server(answers={"CONNECT": HANG}) as server:
        url = server.url.replace("smtp://", "smtps://")
        assert "in time" in str(failure(url, timeout=0.1))


def test_the_confirmation_of_a_message_may_take_longer_than_other_answers() -> None:
    with smtp_server(answers={"MESSAGE": HANG}) as server:
        # On a busy machine, the steps before it may use up the shorter timeouts.
        for timeout in (0.1, 0.5, 2.5, 12.5):
            started = time.monotonic()
            failure(server.url, timeout=timeout, deadline=4 * timeout)
            if time.monotonic() - started >= 3.5 * timeout:
                return
    pytest.fail("the client left before its deadline")


@pytest.mark.long
def test_a_long_mail_to_a_server_that_does_not_read_on_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # It answers every command at once, and then nobody reads.
        url = f"smtp://127.0.0.1:{listening.getsockname()[1]}"

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                answers = ["220 a", "250 b", "250 c", "250 d", "354 e", ""]
                connection.sendall("\r\n".join(answers).encode())
                over.wait()

        over = threading.Event()
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            error = failure(
                url,
                a_mail(text="x" * 70 + "\n" + ("y" * 70 + "\n") * 200_000),
                timeout=600,
                deadline=0.4,
            )
        finally:
            over.set()
            thread.join()
    assert "in time" in str(error)


# --- log-in ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_the_credentials_of_the_url_are_decoded(mechanism: str) -> None:
    with smtp_server(login=(USER, PASSWORD), mechanisms=(mechanism,)) as server:
        SmtpSender(server.url, FROM).send(a_mail())
        server.wait_for(1)
        assert server.envelopes[0].user == USER
        assert sum(command.startswith("AUTH") for command in server.commands) == 1


def test_a_wrong_password_is_the_operators_and_tried_once() -> None:
    with smtp_server(login=(USER, "another")) as server:
        error = failure(server.url.replace("another", quote(PASSWORD, safe="")))
        assert sum(command.startswith("AUTH") for command in server.commands) == 1
    assert not error.permanent
    assert "SMTP_URL (535 5.7.8)" in str(error)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_server_that_echoes_the_log_in_is_not_repeated(mechanism: str) -> None:
    echo = f"535 {PASSWORD.encode('ascii', 'ignore').decode()} is wrong"
    answers = {"AUTH": echo}
    with smtp_server(login=(USER, PASSWORD), mechanisms=(mechanism,), answers=answers) as server:
        error = failure(server.url)
    assert "rd?#%" not in str(error)
    assert str(error).endswith("SMTP_URL (535).")


def test_a_server_that_offers_no_log_in_is_not_written_to() -> None:
    with smtp_server(login=(USER, PASSWORD), mechanisms=()) as server:
        error = failure(server.url)
        assert not any(command.startswith(("AUTH", "MAIL")) for command in server.commands)
    assert not error.permanent
    assert "no log-in by password; it may with ?starttls=always" in str(error)


def test_the_password_is_in_no_representation_of_the_sender() -> None:
    sender = SmtpSender("smtps://user:hidden@smtp.example.com", FROM)
    assert "hidden" not in repr(sender)
    assert "hidden" not in repr(vars(sender))


# --- encryption -----------------------------------------------------------------------------


@pytest.mark.parametrize("tls", ["starttls", "from the start"])
def test_an_encrypted_mail_arrives(tls: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with smtp_server(tls=tls, login=(USER, PASSWORD)) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        sender = SmtpSender(server.url, FROM)
        sender.send(a_mail())
        sender.send(a_mail(id="0198-m2"))
        server.wait_for(2)
        assert all(envelope.secure and envelope.user == USER for envelope in server.envelopes)


@pytest.mark.parametrize("tls", ["starttls", "from the start"])
def test_a_certificate_nobody_vouches_for_is_refused(tls: Any) -> None:
    with smtp_server(tls=tls, login=(USER, PASSWORD)) as server:
        error = failure(server.url)
        assert not any(command.startswith(("AUTH", "MAIL")) for command in server.commands)
    assert not error.permanent
    assert "untrusted certificate (self-signed" in str(error)


@pytest.mark.parametrize("tls", ["starttls", "from the start"])
def test_a_certificate_for_another_name_is_refused(
    tls: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with smtp_server(tls=tls, certificate_names=("elsewhere.test",)) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        error = failure(server.url)
    assert not error.permanent
    assert "untrusted certificate" in str(error)
    assert "127.0.0.1" in str(error)


def test_without_starttls_nothing_leaves_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "is_loopback", lambda host: False)
    with smtp_server(login=(USER, PASSWORD)) as server:
        error = failure(server.url)
        assert [command.split()[0] for command in server.commands] == ["EHLO"]
    assert not error.permanent
    assert "does not offer STARTTLS" in str(error)


def test_a_mail_without_a_log_in_is_not_sent_in_the_clear_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(servers, "is_loopback", lambda host: False)
    with smtp_server() as server:
        assert "does not offer STARTTLS" in str(failure(server.url))
        assert server.messages == []
        # Unless the operator allows it.
        SmtpSender(f"{server.url}?starttls=never", FROM).send(a_mail())
        server.wait_for(1)


def test_a_server_that_refuses_starttls_is_not_written_to() -> None:
    answers = {"STARTTLS": "454 4.7.0 Not now"}
    with smtp_server(tls="starttls", answers=answers) as server:
        error = failure(server.url)
        assert not any(command.startswith("MAIL") for command in server.commands)
    assert not error.permanent
    assert "accepts no STARTTLS at the moment (454 4.7.0)" in str(error)


def test_a_server_that_speaks_no_tls_is_temporary() -> None:
    with smtp_server() as server:
        error = failure(server.url.replace("smtp://", "smtps://"))
    assert not error.permanent
    assert "did not agree on encryption (" in str(error)


def test_certificates_that_cannot_be_read_are_temporary(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise FileNotFoundError("/somewhere/secret")

    monkeypatch.setattr(ssl, "create_default_context", broken)
    error = failure("smtps://127.0.0.1:1")
    assert not error.permanent
    assert "(FileNotFoundError)" in str(error)


# --- the URL --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "password", "secure"),
    [
        ("smtp://smtp.example.com", "smtp.example.com", 587, None, None, True),
        ("smtp://smtp.example.com/", "smtp.example.com", 587, None, None, True),
        ("SMTP://SMTP.example.com:25", "smtp.example.com", 25, None, None, True),
        ("smtps://smtp.example.com", "smtp.example.com", 465, None, None, True),
        ("smtp://u:p@h:2525", "h", 2525, "u", "p", True),
        ("smtp://u%40x.org:p%3A%2F%3F%23%5B%25@h", "h", 587, "u@x.org", "p:/?#[%", True),
        ("smtp://u@x.org:a:b@h", "h", 587, "u@x.org", "a:b", True),
        ("smtps://u:%C3%A4+b@h", "h", 465, "u", "ä+b", True),
        ("smtp://localhost", "localhost", 587, None, None, False),
        ("smtp://u:p@127.0.0.1:25", "127.0.0.1", 25, "u", "p", False),
        ("smtp://[::1]:25", "::1", 25, None, None, False),
        ("smtp://[2001:db8::1]", "2001:db8::1", 587, None, None, True),
        ("smtp://localhost?starttls=always", "localhost", 587, None, None, True),
        ("smtp://localhost/?starttls=never", "localhost", 587, None, None, False),
        ("smtp://u:p@localhost?starttls=never", "localhost", 587, "u", "p", False),
        ("smtp://mail_catcher:1025?starttls=never", "mail_catcher", 1025, None, None, False),
        ("smtp://localhost.example.com", "localhost.example.com", 587, None, None, True),
    ],
)
def test_a_url_names_a_server(
    url: str, host: str, port: int, user: str | None, password: str | None, secure: bool
) -> None:
    check_url(url)
    server = servers.server_of(url)
    assert (server.host, server.port, server.user, server.password, server.secure) == (
        host,
        port,
        user,
        password,
        secure,
    )
    if password is not None and len(password) > 1:
        assert password not in repr(server)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "must begin with smtp://"),
        ("smtp.example.com:587", "must begin with smtp://"),
        ("http://smtp.example.com", "must begin with smtp://"),
        ("smtp:u:hidden@h", "must begin with smtp://"),
        ("smtp+tls://h", "must begin with smtp://"),
        ("smtp://", "must name a host"),
        ("smtp://:587", "must name a host"),
        ("smtp://u:hidden@", "must name a host"),
        ("smtp://u:hidden@a,b", "must name a host"),
        ("smtp://u:hidden@-h", "must name a host"),
        ("smtp://h:0", "port"),
        ("smtp://h:65536", "is not a URL such as"),
        ("smtp://h:x", "is not a URL such as"),
        ("smtp://u:hid/den@h", "percent-encode"),
        ("smtp://u:hid?den@h", "percent-encode"),
        ("smtp://u:hid#den@h", "percent-encode"),
        ("smtp://u:hid[den@h", "percent-encode"),
        ("smtp://u:12/hidden@h", "percent-encode"),
        ("smtp://h#", "must end after"),
        ("smtp://u:hidden%@h", "%25"),
        ("smtp://u:hidden%zz@h", "%25"),
        ("smtp://u:hidden%ff@h", "UTF-8"),
        ("smtp://u:hidden%00x@h", "UTF-8"),
        ("smtp://u:hid%0Aden@h", "UTF-8"),
        ("smtp://u:hiddenä@h", "ASCII"),
        ("smtp://münchen.example", "xn--"),
        ("smtp://u:hid den@h", "spaces"),
        ("smtp://h\n", "spaces"),
        ("smtp://u@h", "both a user and a password"),
        ("smtp://u:@h", "both a user and a password"),
        ("smtp://:hidden@h", "both a user and a password"),
        ("smtp://h/mailbox", "must end after"),
        ("smtp://h?starttls=maybe", "one option"),
        ("smtp://h?tls=never", "one option"),
        ("smtp://h?starttls=never&starttls=always", "one option"),
        ("smtp://h?starttls", "is not a URL such as"),
        ("smtps://h?starttls=never", "takes no options"),
        ("smtp://u:hidden@h?starttls=never", "in the clear"),
    ],
)
def test_a_wrong_url_is_explained_and_not_quoted(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)) as caught:
        check_url(url)
    for part in ("hid", "den@", "12"):
        assert part not in str(caught.value)
    with pytest.raises(ValueError, match=re.escape(said)):
        SmtpSender(url, FROM)


@pytest.mark.parametrize("url", [None, "", "  "])
def test_without_a_url_mails_are_printed(url: str | None) -> None:
    assert isinstance(sender_from(url, FROM), PrintingSender)


def test_with_a_url_mails_are_sent() -> None:
    assert isinstance(sender_from("smtp://localhost", FROM), SmtpSender)


@pytest.mark.parametrize("sender", ["", "coffer", "a@b\r\nBcc: eve@example.net", "ä@example.com"])
@pytest.mark.parametrize("url", [None, "smtp://localhost"])
def test_a_sender_that_is_no_address_is_refused_at_once(url: str | None, sender: str) -> None:
    with pytest.raises(ValueError, match="must be an address"):
        sender_from(url, sender)


def test_reading_the_settings_does_not_load_smtplib() -> None:
    code = (
        "import sys; from webapp.clients.mail import message, server;"
        "server.check_url('smtp://h');"
        "print({'smtplib', 'ssl', 'email.message'} & set(sys.modules))"
    )
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == "set()"


# --- on the terminal ------------------------------------------------------------------------


def test_a_printed_mail_can_be_read() -> None:
    stream = io.StringIO()
    sender = sender_from(None, FROM)
    assert isinstance(sender, PrintingSender)
    sender = PrintingSender(stream, sender=FROM)
    sender.send(a_mail(subject="Grüße", text=f"Hä?\n{TOKEN}\n\x1b[2J"))
    sender.close()
    sender.close()
    written = stream.getvalue()
    assert f"│ To: {TO}\n" in written
    assert "│ Subject: Grüße\n" in written
    assert f"│ Hä?\n│ {TOKEN}\n" in written
    assert "\x1b" not in written
    assert written.endswith("└─\n")


def test_mails_are_printed_to_what_stdout_is_by_then(capsys: pytest.CaptureFixture[str]) -> None:
    sender_from(None, FROM).send(a_mail())
    assert TOKEN in capsys.readouterr().out


def test_what_cannot_be_sent_is_not_printed_either() -> None:
    stream = io.StringIO()
    with pytest.raises(MailError) as caught:
        PrintingSender(stream).send(a_mail(to="ana@example.org\nBcc: eve@example.net"))
    assert caught.value.permanent
    assert stream.getvalue() == ""


# --- the texts ------------------------------------------------------------------------------

ADDRESS = "https://coffer.example.com"
APP = "https://app.example.com"
WHEN = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)

WITH_TOKEN: Mapping[str, tuple[Callable[..., texts.Text], str, str]] = {
    "confirm": (
        lambda **where: texts.confirm_registration(TOKEN, 24, **where),
        "/confirm",
        "/api/auth/confirm",
    ),
    "reset": (
        lambda **where: texts.reset_password(TOKEN, 30, **where),
        "/reset-password",
        "/api/auth/password/reset",
    ),
    "invitation": (
        lambda **where: texts.invitation("Ben", "Home", "member", TOKEN, 7, **where),
        "/invitation",
        "/api/invitations/accept",
    ),
    "address": (
        lambda **where: texts.confirm_address(TOKEN, 24, **where),
        "/confirm-address",
        "/api/auth/email/confirm",
    ),
    "address changed": (
        lambda **where: texts.address_changed(TOKEN, True, WHEN, "192.0.2.7", **where),
        "/undo-address",
        "/api/auth/email/undo",
    ),
    "account deletion": (
        lambda **where: texts.account_deletion(TOKEN, WHEN, WHEN, "192.0.2.7", **where),
        "/keep-account",
        "/api/auth/deletion/cancel",
    ),
}
NOTICES: Mapping[str, Callable[..., texts.Text]] = {
    "already registered": texts.already_registered,
    "password": lambda **where: texts.password_changed(WHEN, "192.0.2.7", 1, 2, **where),
    "recovery": lambda **where: texts.recovery_codes_replaced(WHEN, "192.0.2.7", **where),
    "key": lambda **where: texts.api_key_made(
        "backup", "cfk_abcdef", "2027-01-01", WHEN, "192.0.2.7", **where
    ),
    "totp": lambda **where: texts.totp_changed("switched off", WHEN, "2001:db8::7", **where),
    "provider": lambda **where: texts.provider_linked("work", WHEN, **where),
    "passwords": lambda **where: texts.many_wrong_passwords(WHEN, "192.0.2.7", **where),
    "joined": lambda **where: texts.member_joined("Ben", "Team", "viewer", **where),
    "role": lambda **where: texts.role_given("owner", "Ben", "Team", WHEN, None, **where),
    "codes": lambda **where: texts.many_wrong_codes(WHEN, **where),
    "webhook": lambda **where: texts.webhook_paused("a.example", "failing", "Team", WHEN, **where),
    "service key": lambda **where: texts.service_key_made(
        "backup", "cfk_abcdef", "2027-01-01", WHEN, "192.0.2.7", **where
    ),
    "address taken": texts.address_taken,
    "reminder": lambda **where: texts.task_reminder(
        "Water the trees", "2031-03-31 at 09:00 (Europe/Berlin)", **where
    ),
    "workspace deletion": lambda **where: texts.workspace_deletion(
        "Ben", "Team", WHEN, WHEN, **where
    ),
    "confirmations": lambda **where: texts.many_wrong_confirmations(WHEN, None, **where),
}
EVERY = {**{name: made for name, (made, _, _) in WITH_TOKEN.items()}, **NOTICES}


def test_every_text_is_among_those_tested() -> None:
    public = [
        name
        for name, value in vars(texts).items()
        if inspect.isfunction(value) and value.__module__ == texts.__name__ and name[0] != "_"
    ]
    assert len(public) == len(EVERY)


@pytest.mark.parametrize("app_url", [None, APP])
@pytest.mark.parametrize("name", EVERY)
def test_every_text_fits_a_mail_and_says_what_to_do(name: str, app_url: str | None) -> None:
    subject, text = EVERY[name](address=ADDRESS, app_url=app_url)
    assert subject.isascii()
    assert subject.isprintable()
    assert len(subject) <= 60
    assert "Coffer" in subject
    assert TOKEN not in subject
    assert re.search(r"If (it was not you|you did not|you do not)", text)
    assert (app_url or ADDRESS) in text
    for line in text.splitlines():
        assert len(line) <= 72 or TOKEN in line or line.startswith(("curl ", "  -d "))
        assert len(line.encode()) < 998
    assert text.endswith("\n")


@pytest.mark.parametrize("name", WITH_TOKEN)
def test_a_link_carries_the_token_in_its_fragment(name: str) -> None:
    make, page, _ = WITH_TOKEN[name]
    _, text = make(address=ADDRESS, app_url=APP)
    assert text.count(TOKEN) == 1
    assert f"{APP}{page}#token={TOKEN}" in text.splitlines()
    assert "curl" not in text


@pytest.mark.parametrize("name", WITH_TOKEN)
def test_without_a_front_end_the_call_can_be_run_as_it_is(name: str) -> None:
    make, _, path = WITH_TOKEN[name]
    _, text = make(address=ADDRESS, app_url=None)
    assert text.count(TOKEN) == 1
    assert f"token={TOKEN}" in text.splitlines()
    [call] = [part for part in text.split("\n\n") if part.startswith("token=")]
    # A shell runs it, with a fake curl that prints its arguments.
    shown = subprocess.run(
        ["sh", "-c", 'curl() { for each; do printf "%s\\0" "$each"; done; }\n' + call],
        capture_output=True,
        text=True,
        check=True,
    )
    given = shown.stdout.split("\0")
    assert given[:3] == ["-X", "POST", ADDRESS + path]
    body = json.loads(given[given.index("-d") + 1])
    assert body.pop("token") == TOKEN
    assert body.keys() == ({"password"} if name in ("confirm", "reset") else set())
    is_signed_in = name in ("invitation", "address")
    assert ("Authorization: Bearer YOUR-ACCESS-TOKEN" in given) == is_signed_in


def test_a_notice_says_when_and_from_where() -> None:
    later = WHEN.astimezone(datetime.strptime("+0200", "%z").tzinfo)
    for when in (WHEN, later):
        _, text = texts.password_changed(when, "192.0.2.7", 0, 0, address=ADDRESS, app_url=None)
        assert "on 2026-03-01 at 23:30 UTC, from 192.0.2.7." in " ".join(text.split())


@pytest.mark.parametrize("from_address", [None, "", "evil.example.com", "1.2.3.4\nhttp://x.org"])
def test_a_place_that_is_no_ip_address_is_left_out(from_address: str | None) -> None:
    _, text = texts.password_changed(WHEN, from_address, 0, 0, address=ADDRESS, app_url=None)
    assert "at 23:30 UTC." in " ".join(text.split())


@pytest.mark.parametrize(
    "hostile",
    [
        "https://evil.example.com/win",
        "www.evil.example.com",
        "evil.example.com",
        "eve@evil.example.com",
        "mailto:eve",
        "evil。example。com",
        "ｅｖｉｌ．example．com",
        "evil․example․com",
        "http:⁄⁄evil",
        'Ben"\n\nYour account is locked. Go to http://evil.example.com\n\n"',
        "Ben\r\nBcc: eve@example.net",
        "\u202egro.live\u202c",
        "Be\x00n\x1b[2J\u2028\u200b\ud800",
        "<a href=x>y</a>",
        "Ben " * 1000,
        "x" * 100_000,
        "\ufdfa" * 60,
    ],
)
def test_hostile_names_are_tamed(hostile: str) -> None:
    plain = texts.invitation("Ben", "Ben", "member", TOKEN, 7, address=ADDRESS, app_url=APP)
    subject, text = texts.invitation(
        hostile, hostile, "member", TOKEN, 7, address=ADDRESS, app_url=APP
    )
    assert subject == plain.subject
    # Whatever the names contain, the mail has as many paragraphs, and the last ones are the same.
    assert text.count("\n\n") == plain.text.count("\n\n")
    assert text.split("\n\n")[2:] == plain.text.split("\n\n")[2:]
    quoted = re.findall('"([^"]*)"', " ".join(text.split("\n\n")[1].split("\n")))
    assert len(quoted) == 2
    for name in quoted:
        assert 0 < len(name) <= 60
        assert not re.search(r"[./:@<>\\]|\w…\w", name)
        assert name.isprintable()
    assert all(len(line.encode()) < 998 for line in text.splitlines())


@pytest.mark.parametrize("empty", ["", "   ", "\n", "://", "\u200b", "..."])
def test_names_that_say_nothing_are_replaced(empty: str) -> None:
    _, text = texts.invitation(empty, empty, "member", TOKEN, 7, address=ADDRESS, app_url=None)
    assert "Somebody invites you to join a workspace at Coffer." in " ".join(text.split())


def test_ordinary_names_stay_as_they_are() -> None:
    _, text = texts.invitation(
        "Ana María O'Neil-Łąka", "研究 & Entwicklung (2026)", "admin", TOKEN, 1,
        address=ADDRESS, app_url=None,
    )  # fmt: skip
    said = " ".join(text.split())
    assert '"Ana María O\'Neil-Łąka" invites you to join "研究 & Entwicklung (2026)"' in said
    assert "role would be: admin." in said
    assert "within 1 day:" in said


def test_a_text_arrives_as_it_was_made() -> None:
    subject, text = texts.invitation(
        "Ana María", "研究", "member", TOKEN, 7, address=ADDRESS, app_url=None
    )
    with smtp_server() as server:
        SmtpSender(server.url, FROM).send(a_mail(subject=subject, text=text))
        [message] = server.wait_for(1)
    assert message.get_content() == text
    assert message["Subject"] == subject
