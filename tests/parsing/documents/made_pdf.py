"""Small PDFs, written out by hand."""

from __future__ import annotations

import hashlib
from typing import Any

_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


def text(*lines: tuple[float, float, str], size: float = 10, before: str = "") -> str:
    """Content that shows each line at its place, in points from the bottom left."""
    shown = [f"BT /F1 {size} Tf {before} {x} {y} Td ({said}) Tj ET" for x, y, said in lines]
    return "\n".join(shown)


def pdf(
    *pages: str,
    size: tuple[int, int] = (200, 100),
    page: str = "",
    objects: tuple[str | bytes, ...] = (),
    catalog: str = "",
    info: str = "",
    password: str | None = None,
) -> bytes:
    """A PDF of pages with these contents; `page` and `catalog` are added to the dictionaries with
    those names, `objects` are further objects, from number 10. A password encrypts it."""
    first = 10 + len(objects)
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(len(pages)))
    numbered: dict[int, str | bytes] = {
        1: f"<</Type/Catalog/Pages 2 0 R {catalog}>>",
        2: f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>",
        3: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        4: f"<<{info}>>",
        **dict(enumerate(objects, 10)),
    }
    for number, content in enumerate(pages):
        at = first + 2 * number
        numbered[at] = (
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {size[0]} {size[1]}]{page}"
            f"/Resources<</Font<</F1 3 0 R>>/XObject<</X1 10 0 R>>>>/Contents {at + 1} 0 R>>"
        )
        numbered[at + 1] = stream(content.encode("latin-1"))
    trailer = "/Root 1 0 R/Info 4 0 R"
    if password is not None:
        trailer += _encrypt(numbered, password)
    return _written(numbered, trailer)


def stream(content: bytes, entries: str = "") -> bytes:
    head = f"<</Length {len(content)} {entries}>>stream\n".encode()
    return head + content + b"\nendstream"


def grey_picture(width: int, height: int) -> bytes:
    """A picture as an object: `/X1 Do` shows it, one point wide and high."""
    entries = (
        f"/Type/XObject/Subtype/Image/Width {width}/Height {height}"
        "/ColorSpace/DeviceGray/BitsPerComponent 8"
    )
    return stream(bytes(range(256)) * (width * height // 256 + 1), entries)


def _written(objects: dict[int, str | bytes], trailer: str) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    places = {}
    for number, content in sorted(objects.items()):
        places[number] = len(out)
        body = content.encode("latin-1") if isinstance(content, str) else content
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    last = max(objects) + 1
    out += b"xref\n0 %d\n" % last
    for number in range(last):
        used = number in places
        out += b"%010d %05d %c \n" % (places.get(number, 0), 0 if used else 65535, b"fn"[used])
    out += f"trailer<</Size {last} {trailer}>>\nstartxref\n{start}\n%%EOF".encode("latin-1")
    return bytes(out)


def _encrypt(objects: dict[int, str | bytes], password: str) -> str:
    """Encrypt all streams as in PDF 1.1 (RC4, 40 bits); returns what that adds to the trailer."""
    owner = b"o" * 32
    identity = b"i" * 16
    permissions = -4
    padded = (password.encode() + _PADDING)[:32]
    key = hashlib.md5(padded + owner + permissions.to_bytes(4, "little", signed=True) + identity)
    file_key = key.digest()[:5]
    for number, content in objects.items():
        if isinstance(content, bytes) and (at := content.find(b"stream\n")) >= 0:
            head, body = content[: at + 7], content[at + 7 : -len(b"\nendstream")]
            own = hashlib.md5(file_key + number.to_bytes(3, "little") + b"\0\0").digest()[:10]
            objects[number] = head + _rc4(own, body) + b"\nendstream"
    user = _rc4(file_key, _PADDING)
    hexes: Any = {"O": owner.hex(), "U": user.hex(), "ID": identity.hex()}
    return (
        f"/ID[<{hexes['ID']}><{hexes['ID']}>]/Encrypt<</Filter/Standard/V 1/R 2"
        f"/O<{hexes['O']}>/U<{hexes['U']}>/P {permissions}>>"
    )


def _rc4(key: bytes, data: bytes) -> bytes:
    box = list(range(256))
    at = 0
    for index in range(256):
        at = (at + box[index] + key[index % len(key)]) % 256
        box[index], box[at] = box[at], box[index]
    out = bytearray()
    first = second = 0
    for byte in data:
        first = (first + 1) % 256
        second = (second + box[first]) % 256
        box[first], box[second] = box[second], box[first]
        out.append(byte ^ box[(box[first] + box[second]) % 256])
    return bytes(out)
