"""Reads mails (EML): headers and body as a page, and each file in them as an attachment."""

from __future__ import annotations

import binascii
import email
import email.errors
import email.header
import email.policy
import email.utils
from contextlib import suppress
from typing import TYPE_CHECKING

from webapp.parsing.charset import decode
from webapp.parsing.documents import html
from webapp.parsing.documents.document import Metadata
from webapp.parsing.documents.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from email.message import Message

    from webapp.parsing.documents.reading import Reading
    from webapp.parsing.documents.source import Source

_HEADERS = ("Subject", "From", "To", "Cc", "Date")
_DEEPEST = 20
_MOST_PARTS = 2_000


def read(source: Source, reading: Reading) -> Metadata:
    # The older policy: the newer one raises on many headers that violate the standard.
    message = email.message_from_bytes(source.read(), policy=email.policy.compat32)
    bodies: list[str] = []
    files: list[Message] = []
    for part in _parts(message):
        if _is_file(part):
            files.append(part)
        else:
            bodies.append(_text(part))
    said = {name: _header(message, name) for name in _HEADERS}
    heads = "\n".join(f"{name}: {value}" for name, value in said.items() if value)
    reading.page("\n\n".join(filter(None, [heads, *map(str.strip, bodies)])), of=1)
    for number, part in enumerate(files, 1):
        reading.attach(_name(part, number), _bytes(part))
    return Metadata.of(said["Subject"], said["From"], created=_moment(message.get("Date")))


def _parts(message: Message) -> Iterator[Message]:
    """The leaves that are shown or attached; of alternatives the first one that is text, or the
    last, and everything that is not text. An embedded mail is a leaf."""
    waiting: list[tuple[Message, int]] = [(message, 0)]
    count = 0
    while waiting:
        part, depth = waiting.pop()
        count += 1
        if count > _MOST_PARTS or depth > _DEEPEST:
            raise DocumentError("too_complex")
        inside = part.get_payload()
        if not isinstance(inside, list) or part.get_content_type() == "message/rfc822":
            yield part
            continue
        chosen = [each for each in inside if not isinstance(each, str)]
        if part.get_content_type() == "multipart/alternative":
            chosen = _of_alternatives(chosen)
        waiting += [(each, depth + 1) for each in reversed(chosen)]


def _of_alternatives(parts: list[Message]) -> list[Message]:
    """The plain text, unless it has less than half the text of another; plus files."""
    plain = next((each for each in parts if each.get_content_type() == "text/plain"), None)
    rich = next((each for each in reversed(parts) if each is not plain), None)
    said = set(_text(plain).split()) if plain is not None else set()
    is_page = rich is not None and rich.get_content_type() == "text/html"
    needed = set(_text(rich).split()) if said and is_page and rich is not None else set()
    if not said or len(needed & said) < 0.5 * len(needed):
        return parts
    return [each for each in parts if each is plain or each.get_content_maintype() != "text"]


def _is_file(part: Message) -> bool:
    if part.get_content_type() not in {"text/plain", "text/html"}:
        return True
    try:
        return part.get_content_disposition() == "attachment"
    except (ValueError, AttributeError):
        return False


def _text(part: Message) -> str:
    data = _bytes(part)
    charset = part.get_content_charset()
    if part.get_content_type() == "text/html":
        return html.text_of(data, charset)[0]
    return decode(data, charset)


def _bytes(part: Message) -> bytes:
    if part.get_content_type() == "message/rfc822" and part.is_multipart():
        inside = part.get_payload(0)
        if isinstance(inside, str):
            return inside.encode()
        if str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64":
            # The standard forbids it, so Python's parser takes the base64 for the mail.
            with suppress(ValueError):
                return binascii.a2b_base64(inside.as_bytes())
        return inside.as_bytes()
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):  # an invalid encoding
        return b""
    return payload if isinstance(payload, bytes) else b""


def _name(part: Message, number: int) -> str:
    try:
        name = _decoded(part.get_filename() or "")
    except (ValueError, LookupError, TypeError):
        name = ""
    if not name and part.get_content_type() == "message/rfc822":
        inside = part.get_payload(0) if part.is_multipart() else None
        subject = _header(inside, "Subject") if inside and not isinstance(inside, str) else ""
        name = f"{subject[:100] or number}.eml"
    return name or f"part {number}"


def _header(message: Message, name: str) -> str:
    values = (_decoded(str(value)) for value in message.get_all(name, [])[:20])
    return ", ".join(" ".join(value.split()) for value in values)


def _decoded(value: str) -> str:
    """A header's words, each of which may have its own charset."""
    try:
        parts = email.header.decode_header(value)
    except (email.errors.HeaderParseError, ValueError):
        return value
    decoded = []
    for part, charset in parts:
        if isinstance(part, str):
            decoded.append(part)
        else:
            is_named = charset is not None and charset != "unknown-8bit"
            decoded.append(decode(part, charset if is_named else None))
    return "".join(decoded)


def _moment(value: object) -> datetime | None:
    try:
        return email.utils.parsedate_to_datetime(str(value))
    except (ValueError, TypeError, IndexError):
        return None
