from __future__ import annotations

import base64
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from tests.parsing.documents.made_mail import message, ole
from tests.parsing.documents.made_office import docx, paragraph
from tests.parsing.documents.reads import read, refused, texts
from webapp.parsing.documents.dispatch import read_document
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.reading import Reading
from webapp.parsing.documents.source import Source

SUBJECT, SENDER, ADDRESS, BODY = 0x0037, 0x0C1A, 0x0C1F, 0x1000
NAME, SMTP_ADDRESS, LONG_NAME = 0x3001, 0x39FE, 0x3707


def mail(body: str = "Hello\n") -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = "Äpfel und Birnen"
    made["From"] = "Jörg <joerg@a.example>"
    made["To"] = "ann@b.example"
    made["Date"] = "Fri, 01 Mar 2024 11:11:12 +0100"
    made.set_content(body)
    return made


def test_a_mail_is_its_headers_and_its_text() -> None:
    document = read(mail().as_bytes())
    assert texts(document) == [
        "Subject: Äpfel und Birnen\nFrom: Jörg <joerg@a.example>\nTo: ann@b.example\n"
        "Date: Fri, 01 Mar 2024 11:11:12 +0100\n\nHello"
    ]
    assert document.metadata.title == "Äpfel und Birnen"
    assert document.metadata.created == datetime(2024, 3, 1, 10, 11, 12, tzinfo=UTC)
    assert document.media.kind == "mail"


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("<p>Hello to <b>all</b> of you</p>", "Hello to all of you"),
        ("<p>Something quite different stands here</p>", "Hello to all of you\n\nSomething"),
    ],
)
def test_of_alternatives_the_plain_one_unless_another_says_more(page: str, said: str) -> None:
    made = mail("Hello to all of you\n")
    made.add_alternative(page, subtype="html")
    assert read(made.as_bytes()).text.split("\n\n", 1)[1].startswith(said)


def test_files_in_a_mail_are_read_and_so_are_files_in_those() -> None:
    inner = mail("The inner mail\n")
    inner.add_attachment("deep down", filename="note.txt")
    made = mail()
    made.add_attachment(
        docx(paragraph("In Word")), maintype="application", subtype="x", filename="Größe.docx"
    )
    made.add_attachment(inner)
    made.add_attachment(b"\0\1\2\3" * 99, maintype="image", subtype="png", filename="a.png")
    word, letter, picture = read(made.as_bytes()).attachments
    assert (word.name, word.text, word.error) == ("Größe.docx", "In Word", None)
    assert letter.name == "Äpfel und Birnen.eml"
    assert letter.text.endswith("The inner mail\n\nnote.txt\n\ndeep down")
    assert (picture.media_type, picture.error) == ("application/octet-stream", "unsupported")


def test_a_file_may_be_taken_out_as_it_is() -> None:
    made = mail()
    made.add_attachment(b"one", maintype="a", subtype="b", filename="1")
    made.add_attachment(b"two", maintype="a", subtype="b", filename="2")

    def taken(number: int) -> bytes | None:
        reading = Reading(wanted=number)
        read_document(Source(made.as_bytes()), "", reading)
        return reading.taken

    assert [taken(number) for number in range(3)] == [b"one", b"two", None]


@pytest.mark.parametrize("coding", ["7bit", "base64"])
def test_a_mail_in_a_mail_is_read_however_it_is_coded(coding: str) -> None:
    """Some programs encode it in base64, which the standard forbids."""
    inner = b"Subject: Oak posts\n\nBefore Friday.\n"
    coded = base64.encodebytes(inner) if coding == "base64" else inner
    outer = (
        b"Subject: Fwd\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
        b"Content-Type: message/rfc822\nContent-Transfer-Encoding: " + coding.encode() + b"\n"
        b'Content-Disposition: attachment; filename="a.eml"\n\n' + coded + b"\n--x--\n"
    )
    (attached,) = read(outer, "fwd.eml").attachments
    assert "Subject: Oak posts" in attached.text
    assert "Before Friday." in attached.text


def test_what_is_wrong_with_a_file_is_noted_with_it() -> None:
    made = mail()
    made.add_attachment(b"PK\x03\x04 nothing", maintype="a", subtype="b", filename="a.docx")
    made.add_attachment(b"", maintype="a", subtype="b", filename="empty")
    assert [each.error for each in read(made.as_bytes()).attachments] == ["unsupported", "empty"]


@pytest.mark.long
def test_mails_in_mails_in_mails_end_somewhere() -> None:
    made = mail("the last")
    for _ in range(12):
        outer = mail()
        outer.add_attachment(made)
        made = outer
    (found,) = read(made.as_bytes()).attachments
    assert "the last" not in found.text
    parts = "".join(
        f"Content-Type: multipart/mixed; boundary=x{number}x\n\n--x{number}x\n"
        for number in range(100)
    )
    assert refused(b"From: a\nMIME-Version: 1.0\n" + parts.encode()) == "too_complex"


@pytest.mark.long
@pytest.mark.parametrize(
    "header",
    [
        "Content-Type: text/plain; charset=nonsense",
        "Content-Type: ;;;=",
        "Content-Transfer-Encoding: x-unknown",
        "Content-Disposition: attachment; filename*=x'y",
        "Subject: =?nonsense?q?=FF?=",
        "Subject: =?utf-8?b?A?=",
        "Date: not a day",
        "From: \xff\xfe",
    ],
)
def test_headers_that_are_wrong_harm_nothing(header: str) -> None:
    data = f"From: a\nMIME-Version: 1.0\n{header}\n\nHello".encode("latin-1")
    document = read(data)
    assert "Hello" in document.text or document.attachments[0].size


def outlook(**more: Any) -> bytes:
    texts = {SUBJECT: "Äpfel", SENDER: "Jörg", ADDRESS: "joerg@a.example", BODY: "Hello\r\n"}
    return ole(message(texts, **more))


def test_an_outlook_message_is_its_headers_and_its_text() -> None:
    recipient = message({NAME: "Ann", SMTP_ADDRESS: "ann@b.example"})
    document = read(outlook(**{"__recip_version1.0_#00000000": recipient}))
    assert texts(document) == [
        "Subject: Äpfel\nFrom: Jörg <joerg@a.example>\nTo: Ann <ann@b.example>\n"
        "Date: 2024-03-01 10:11:12+00:00\n\nHello"
    ]
    assert document.media.type == "application/vnd.ms-outlook"
    assert document.metadata.title == "Äpfel"


def test_files_and_messages_in_an_outlook_message_are_read() -> None:
    file = message({LONG_NAME: "note.txt"}, **{"__substg1.0_37010102": b"deep down"})
    inner = message({NAME: "Inner"}, **{"__substg1.0_3701000D": message({BODY: "The inner one"})})
    document = read(
        outlook(**{"__attach_version1.0_#00000000": file, "__attach_version1.0_#00000001": inner})
    )
    note, letter = document.attachments
    assert (note.name, note.text, note.size) == ("note.txt", "deep down", 9)
    assert letter.name == "Inner"
    assert letter.text.endswith("The inner one")


@pytest.mark.parametrize("cut", [512, 600, 1024, 1500, 2048, 3000])
def test_an_outlook_message_that_breaks_off_is_text_or_damaged(cut: int) -> None:
    data = outlook()
    try:
        outcome = "text" if read(data[:cut]).pages else "nothing"
    except DocumentError as error:
        outcome = error.code
    assert outcome in {"text", "damaged", "unsupported"}
