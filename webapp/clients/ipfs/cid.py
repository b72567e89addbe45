"""The address that IPFS gives a file (its CID), the blocks that it is made of, and a CAR of them.

The same bytes have other addresses if they are cut, linked or hashed otherwise. A profile says how;
whoever compares addresses must have used the same one.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_RAW: Final = 0x55
_DAG_PB: Final = 0x70
# The multihash of SHA-256: its code, and the length of the hash.
_SHA256: Final = b"\x12\x20"
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VERSION_0: Final = re.compile(r"Qm[1-9A-HJ-NP-Za-km-z]{44}")
_BASE32_TEXT: Final = re.compile(r"b[a-z2-7]{58}")
_BASE58_TEXT: Final = re.compile(r"z[1-9A-HJ-NP-Za-km-z]{48,50}")


@dataclass(frozen=True, slots=True)
class Profile:
    """How files become blocks: the version of addresses, whether leaves are the bare bytes, the
    bytes in a leaf, and the links in a node. Nodes form a balanced tree; hashes are SHA-256."""

    name: str
    version: int
    raw_leaves: bool
    chunk: int
    links: int


# The first and the last are named by IPIP-499. The second is what Kubo and Pinata have long made
# when asked for version 1.
PROFILES: Final = {
    each.name: each
    for each in (
        Profile("unixfs-v0-2015", 0, raw_leaves=False, chunk=262_144, links=174),
        Profile("kubo-cid-v1", 1, raw_leaves=True, chunk=262_144, links=174),
        Profile("unixfs-v1-2025", 1, raw_leaves=True, chunk=1_048_576, links=1024),
    )
}
DEFAULT_PROFILE: Final = "kubo-cid-v1"


class Block(NamedTuple):
    """A block and its CID, in binary."""

    cid: bytes
    data: bytes


class _Node(NamedTuple):
    """What a node's parent says about it: its CID, the bytes of all blocks below it and of itself,
    and the bytes of the file that it stands for."""

    cid: bytes
    weight: int
    length: int


def cid_of(data: bytes, profile: Profile) -> str:
    """The CID of a file's bytes."""
    for block in blocks(data, profile):
        root = block
    return as_text(root.cid)


def blocks(data: bytes, profile: Profile) -> Iterator[Block]:
    """The blocks of a file: leaves first, the root last."""
    level = []
    for start in range(0, len(data) or 1, profile.chunk):
        chunk = data[start : start + profile.chunk]
        leaf = _leaf(chunk, profile)
        yield leaf
        level.append(_Node(leaf.cid, len(leaf.data), len(chunk)))
    while len(level) > 1:
        above = []
        for start in range(0, len(level), profile.links):
            children = level[start : start + profile.links]
            node = _parent(children, profile)
            yield node
            weight = len(node.data) + sum(child.weight for child in children)
            above.append(_Node(node.cid, weight, sum(child.length for child in children)))
        level = above


def car(data: bytes, profile: Profile) -> bytes:
    """A CARv1 of a file: a header that names its root, then its blocks, the root first."""
    made = list(blocks(data, profile))
    root = made[-1].cid
    # In DAG-CBOR: {"roots": [root], "version": 1}. A CID has tag 42, and a zero before it.
    link = b"\xd8\x2a\x58" + bytes([len(root) + 1]) + b"\0" + root
    header = b"\xa2\x65roots\x81" + link + b"\x67version\x01"
    sections = [header, *(block.cid + block.data for block in reversed(made))]
    return b"".join(_varint(len(section)) + section for section in sections)


def root_block(data: bytes, profile: Profile) -> bytes:
    """The block that a file's CID names."""
    for block in blocks(data, profile):
        root = block
    return root.data


def as_text(cid: bytes) -> str:
    """A CID as it is written: in base 58 for version 0, else in base 32."""
    if cid.startswith(_SHA256):
        return _base58(cid)
    return "b" + base64.b32encode(cid).decode().lower().rstrip("=")


def standard_form(text: str) -> str | None:
    """A CID as `as_text` writes it, whichever of its forms is given; None if it is none of a
    SHA-256."""
    if _VERSION_0.fullmatch(text):
        cid = _from_base58(text)
        return text if len(cid) == 34 and cid.startswith(_SHA256) else None
    if _BASE32_TEXT.fullmatch(text):
        cid = base64.b32decode(text[1:].upper() + "======")
    elif _BASE58_TEXT.fullmatch(text):
        cid = _from_base58(text[1:])
    else:
        return None
    if len(cid) != 36 or cid[:1] != b"\1" or cid[1] not in (_RAW, _DAG_PB):
        return None
    written = as_text(cid)
    # The last letter of base 32 has bits to spare: only one way to write them is the right one.
    return written if cid[2:4] == _SHA256 and text in (written, "z" + _base58(cid)) else None


def _leaf(chunk: bytes, profile: Profile) -> Block:
    if profile.raw_leaves:
        return _block(profile.version, _RAW, chunk)
    return _block(profile.version, _DAG_PB, _field(1, _unixfs(len(chunk), chunk)))


def _parent(children: list[_Node], profile: Profile) -> Block:
    """A node of links in protobuf: for each its CID, an empty name and its weight; then what UnixFS
    says about the file."""
    links = b"".join(
        _field(2, _field(1, child.cid) + _field(2, b"") + b"\x18" + _varint(child.weight))
        for child in children
    )
    lengths = [child.length for child in children]
    return _block(profile.version, _DAG_PB, links + _field(1, _unixfs(sum(lengths), b"", lengths)))


def _unixfs(length: int, data: bytes, lengths: list[int] | None = None) -> bytes:
    """UnixFS's message: the type of a file (2), its bytes, its length, and that of each link."""
    body = b"\x08\x02" + (_field(2, data) if data else b"") + b"\x18" + _varint(length)
    return body + b"".join(b"\x20" + _varint(each) for each in lengths or ())


def _block(version: int, codec: int, data: bytes) -> Block:
    multihash = _SHA256 + hashlib.sha256(data).digest()
    return Block(multihash if version == 0 else bytes([1, codec]) + multihash, data)


def _field(number: int, data: bytes) -> bytes:
    """A field of bytes in protobuf."""
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _base58(data: bytes) -> str:
    number, out = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        out = _BASE58[digit] + out
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + out


def _from_base58(text: str) -> bytes:
    number = 0
    for digit in text:
        number = number * 58 + _BASE58.index(digit)
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)
