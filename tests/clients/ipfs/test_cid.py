"""CIDs: those that others compute, forms, blocks and CARs."""

from __future__ import annotations

import hashlib
import random

import pytest

from webapp.clients.ipfs.cid import (
    PROFILES,
    as_text,
    blocks,
    car,
    cid_of,
    root_block,
    standard_form,
)

V0, V1, WIDE = PROFILES["unixfs-v0-2015"], PROFILES["kubo-cid-v1"], PROFILES["unixfs-v1-2025"]
# By Kubo: the empty file, and "hello world" with a line end.
KNOWN = [
    (b"", V0, "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH"),
    (b"", V1, "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
    (b"hello world\n", V0, "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o"),
    (b"hello world\n", V1, "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"),
]
# Around the ends of a chunk, and of the links in a node.
SIZES = [0, 1, 262_143, 262_144, 262_145, 1_048_576, 1_048_577, 174 * 262_144, 174 * 262_144 + 1]


def data_of(size):
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize(("data", "profile", "cid"), KNOWN)
def test_known_files_have_their_known_cids(data, profile, cid):
    assert cid_of(data, profile) == cid


@pytest.mark.parametrize("size", SIZES)
def test_cids_are_those_of_another_implementation(size):
    oracle = pytest.importorskip("aleph_cid").CidHasher
    data = data_of(size)
    for profile, hasher in ((V0, oracle.for_ipfs()), (V1, oracle.for_ipfs_v1_raw_leaves())):
        hasher.update(data)
        assert cid_of(data, profile) == hasher.finalize()


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda each: each.name)
@pytest.mark.parametrize("size", [0, 5, 262_145, 3_000_000])
def test_blocks_have_the_hashes_that_name_them(profile, size):
    data = data_of(size)
    made = list(blocks(data, profile))
    assert all(block.cid[-32:] == hashlib.sha256(block.data).digest() for block in made)
    assert as_text(made[-1].cid) == cid_of(data, profile)
    assert made[-1].data == root_block(data, profile)
    if profile.raw_leaves:
        leaves = made if len(made) == 1 else [block for block in made if block.cid[1] == 0x55]
        assert b"".join(block.data for block in leaves) == data


def sections_of(content):
    """What is in a CAR, read as its specification says."""
    at = 0
    while at < len(content):
        length = shift = 0
        while True:
            byte = content[at]
            length |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
            if byte < 128:
                break
        yield content[at : at + length]
        at += length


@pytest.mark.parametrize("profile", [V0, V1], ids=lambda each: each.name)
def test_a_car_has_its_root_and_then_all_blocks(profile):
    data = data_of(600_000)
    made = list(blocks(data, profile))
    header, *sections = sections_of(car(data, profile))
    assert header.startswith(b"\xa2\x65roots\x81\xd8\x2a\x58")
    assert made[-1].cid in header
    assert header.endswith(b"\x67version\x01")
    assert sections == [block.cid + block.data for block in reversed(made)]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda each: each.name)
def test_a_cid_is_read_in_the_form_in_which_it_is_written(profile):
    for size in range(40):
        cid = cid_of(data_of(size), profile)
        assert standard_form(cid) == cid


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Qm",
        "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku ",
        "BAFKREIHDWDCEFGH4DQKJV67UZCMW7OJEE6XEDZDETOJUZJEVTENXQUVYKU",
        "b" + "a" * 58,
        "z" + "1" * 48,
        "Qm" + "z" * 44,
        "zdj7W" + "z" * 44,
        "bafybeibb" + "7" * 50,
        "k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8",
    ],
)
def test_what_is_no_cid_of_a_file_is_told(text):
    assert standard_form(text) is None
