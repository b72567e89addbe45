"""Forms with a file, read as they arrive."""

from __future__ import annotations

import io
import re
import time

import pytest
from flask import Flask
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.fuzzing import examples
from webapp.http.errors import Problem
from webapp.http.multipart import Form

BOUNDARY = "----a-boundary"
APP = Flask(__name__)


def part(name, body, filename=None):
    head = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        head += f'; filename="{filename}"\r\nContent-Type: application/pdf'
    return f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + body + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


class Slowly(io.BytesIO):
    """A body of which so many bytes arrive at once."""

    def __init__(self, body, at_once):
        super().__init__(body)
        self.at_once = at_once

    def readinto(self, buffer):
        return super().readinto(memoryview(buffer)[: self.at_once])


def read(body, content_type=f"multipart/form-data; boundary={BOUNDARY}", at_once=10**6):
    """The file's name and bytes, and the fields."""
    with APP.test_request_context(
        "/",
        method="POST",
        input_stream=Slowly(body, at_once),
        content_type=content_type,
        content_length=len(body),
    ):
        form = Form("file")
        file = form.file()
        return file.name, b"".join(file.chunks), form.rest()


def test_fields_may_come_before_and_behind_the_file():
    body = part("title", b"A letter") + part("file", b"%PDF", "a.pdf") + part("tags", b"x") + END
    assert read(body) == ("a.pdf", b"%PDF", {"title": "A letter", "tags": "x"})


@examples(30)
@given(st.binary(max_size=4000), st.integers(0, 3), st.integers(1, 70))
def test_any_bytes_come_through_as_they_are(content, times, at_once):
    content = content * 10**times
    body = part("file", content, "x") + part("title", b"A letter") + END
    assert read(body)[1:] == (content, {"title": "A letter"})
    if times < 2:
        assert read(body, at_once=at_once)[1:] == (content, {"title": "A letter"})


@examples(50)
@given(
    st.lists(
        st.sampled_from(
            [b"\r\n", b"--", BOUNDARY.encode(), b"\r", b"\n", b"x", b"\0", b"\n----a-", b"x" * 40]
        )
    ),
    st.integers(1, 70),
)
def test_what_resembles_the_boundary_is_content(pieces, at_once):
    content = b"".join(pieces)
    # No client chooses a boundary that begins a line of its file.
    assume(re.search(rb"(^|[\r\n])--" + BOUNDARY.encode(), content) is None)
    assert read(part("file", content, "x") + END, at_once=at_once)[1] == content


def test_a_form_gives_the_same_file_wherever_its_end_is_cut():
    body = part("file", b"%PDF\r\n", "x") + END
    for at_once in range(len(body) - len(END) - 4, len(body)):
        assert read(body, at_once=at_once)[1] == b"%PDF\r\n"


def test_a_file_that_resembles_a_long_boundary_takes_no_longer():
    boundary = "x" + "-" * 7000
    content = b"-" * 800_000
    body = (part("file", content, "x") + END).replace(BOUNDARY.encode(), boundary.encode())
    began = time.process_time()
    told = read(body, f"multipart/form-data; boundary={boundary}", at_once=200_000)
    assert told == ("x", content, {})
    assert time.process_time() - began < 1  # a search that compares all of it everywhere: 2.5 s


def refused(body, **more):
    with pytest.raises(Problem) as told:
        read(body, **more)
    return told.value.status, told.value.code, [field for field, _ in told.value.errors]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (END, (422, "invalid_input", ["file"])),
        (part("title", b"x") + END, (422, "invalid_input", ["file"])),
        (part("file", b"x") + END, (422, "invalid_input", ["file"])),
        (part("other", b"x", "x") + END, (422, "invalid_input", ["other"])),
        (
            part("file", b"x", "x") + part("file", b"y", "y") + END,
            (422, "invalid_input", ["file"]),
        ),
        (part("a", b"1") + part("a", b"2") + END, (422, "invalid_input", ["a"])),
        (part("a", b"\xff") + END, (422, "invalid_input", ["a"])),
        (part("a", b"\0") + END, (422, "invalid_input", ["a"])),
        (part("a", b"x" * 70_000) + END, (413, "body_too_large", [])),
        (b"".join(part(f"f{n}", b"") for n in range(60)) + END, (422, "invalid_input", ["body"])),
        (b"", (400, "invalid_body", [])),
        (b"nothing of a form", (400, "invalid_body", [])),
        (part("file", b"x" * 1000, "x"), (400, "invalid_body", [])),
    ],
)
def test_what_is_not_such_a_form_is_refused(body, told):
    assert refused(body) == told


@pytest.mark.parametrize("cut", [1, 50, 100, 150, 1120])
def test_a_form_that_breaks_off_is_refused(cut):
    whole = part("file", b"x" * 1000, "x") + END
    assert refused(whole[:cut])[:2] == (400, "invalid_body")


@pytest.mark.parametrize(
    "content_type", ["application/json", "multipart/form-data", "multipart/mixed"]
)
def test_another_type_is_refused(content_type):
    assert refused(b"x", content_type=content_type)[0] == 415
