"""What the headers of a mail say."""

from __future__ import annotations

from datetime import date

import pytest

from webapp.rules.mail_head import head_of

HEAD = "Subject: Your invoice\nFrom: Stadtwerke <bill@s.example>\nTo: me@x.example\n"


def test_sender_day_and_text_are_told_apart():
    text = f"{HEAD}Date: Tue, 3 Mar 2026 23:30:00 -0500\n\nDear Sir,\nFrom: below\n"
    assert head_of(text) == ("Stadtwerke", date(2026, 3, 3), "Dear Sir,\nFrom: below\n")


@pytest.mark.parametrize(
    ("said", "sender"),
    [
        ("bill@s.example", "bill@s.example"),
        ('"Smith, Bob" <b@x.example>', "Smith, Bob"),
        ("'Bob' <b@x.example>", "Bob"),
        ("", None),
        ("<>", None),
        ("x" * 300, None),
    ],
)
def test_a_sender_is_a_name_or_an_address(said, sender):
    assert head_of(f"From: {said}\n\nText").sender == sender


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2026-03-03 10:00:00+00:00", date(2026, 3, 3)),
        ("yesterday", None),
        ("Thu, 01 Jan 1601 00:00:00 +0000", None),
        ("Tue, 99 Mar 99999999999999 10:00:00", None),
    ],
)
def test_a_day_is_a_day(said, day):
    assert head_of(f"Date: {said}\n\nText").day == day


@pytest.mark.parametrize("text", ["", "Just text", "\n\nFrom: x", "Note: this\nFrom: x"])
def test_a_text_without_headers_is_all_text(text):
    assert head_of(text) == (None, None, text.lstrip())


def test_a_mail_without_text_has_none():
    assert head_of("Subject: x\nFrom: a@x.example").body == ""
