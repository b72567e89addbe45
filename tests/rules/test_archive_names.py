"""Names in an archive: each stays below where it is unpacked, on every system."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzzing import examples
from webapp.rules.archive_names import Names, safe

NAMES = st.text(max_size=300) | st.sampled_from(["..", ".", "con", "NUL.txt", "a/b", "a\\b", "x. "])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("letter.pdf", "letter.pdf"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("C:\\x", "C__x"),
        ("..", "_"),
        (" ", "_"),
        ("con", "_con"),
        ("Nul.txt", "_Nul.txt"),
        ("a\u202egpj.exe", "a_gpj.exe"),
        ("tab\there\n", "tab_here_"),
        ("dots... ", "dots"),
        (".hidden", ".hidden"),
        ("é" * 300 + ".pdf", "é" * 98 + ".pdf"),
    ],
)
def test_a_name_is_one_safe_part_of_a_path(name, expected):
    assert safe(name) == expected


@pytest.mark.parametrize(
    ("name", "second"), [("a.pdf", "a (2).pdf"), (".0", ".0 (2)"), (".hidden", ".hidden (2)")]
)
def test_what_is_there_already_is_numbered_before_its_ending(name, second):
    names = Names()
    assert [names.path([], name), names.path([], name)] == [name, second]


@given(st.lists(st.tuples(st.lists(NAMES, max_size=3), NAMES), max_size=8))
@examples(60)
def test_paths_are_safe_and_all_different(wanted):
    names = Names([folders for folders, _ in wanted])
    paths = [names.path(folders, name) for folders, name in wanted]
    assert len({path.casefold() for path in paths}) == len(paths)
    inside = {path.casefold().rpartition("/")[0] for path in paths}
    for path in paths:
        assert path.casefold() not in inside
        for part in path.split("/"):
            assert part
            assert part.strip(". ")
            assert part == part.strip().rstrip(". ")
            assert part.isprintable()
            assert not re.search(r'[<>:"\\|?*]', part)
            assert len(part.encode()) <= 255
