"""Names of mail folders, as servers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzzing import examples
from webapp.clients.drives.imap_names import decoded, encoded, listed


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("INBOX", "INBOX"),
        ("Entwürfe", "Entw&APw-rfe"),
        ("A & B", "A &- B"),
        ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
    ],
)
def test_names_are_written_in_modified_utf_7(name, wire):
    assert encoded(name) == wire
    assert decoded(wire) == name


@examples(50)
@given(st.text(st.characters(exclude_categories=("Cs", "Cc"))))
def test_every_name_is_read_as_it_was_written(name):
    assert encoded(name).isascii()
    assert decoded(encoded(name)) == name


def test_folders_are_listed_and_what_is_none_is_left_out():
    answer = [
        rb'(\HasNoChildren) "/" "a \"b\" \\ c"',
        rb"(\Noselect) NIL plain",
        (rb'() "." {3}', b"a.b"),
        b"",
        rb'() "/" "broken &AP"',
        rb'() "/" "wrong &AGE-"',
        b"nonsense",
        None,
        b'() "/" "bytes \xff"',
        rb'() "\\" "a\\b"',
    ]
    found = [(name, separator) for name, separator, _ in listed(answer)]
    assert found == [
        ('a "b" \\ c', "/"),
        ("plain", None),
        ("a.b", "."),
        ("a\\b", "\\"),
    ]
