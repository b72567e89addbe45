"""Test collections: texts, questions, and what people judged to answer them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What a search takes at most.
_MOST_WORDS: Final = 20
_LONGEST: Final = 200
_WORD: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


@dataclass(frozen=True)
class Collection:
    """Titles and texts by number, questions by number, and the numbers of the texts that answer
    each."""

    name: str
    texts: dict[int, tuple[str, str]]
    questions: dict[int, str]
    answers: dict[int, set[int]]


def read(folder: Path) -> list[Collection]:
    """Those that are in a folder. Cranfield (1,400 abstracts on aerodynamics, 225 questions of
    engineers) in `cran/`: cran.all.1400, cran.qry, cranqrel. CISI (1,460 abstracts on libraries, 76
    questions with judgements) in `cisi/`: CISI.ALL, CISI.QRY, CISI.REL. Both are also at
    ir-datasets.com and ir.dcs.gla.ac.uk/resources/test_collections."""
    found = []
    if (cran := folder / "cran").is_dir():
        found.append(
            Collection(
                "Cranfield",
                _texts(cran / "cran.all.1400"),
                # The judgements count the questions, whose own numbers have gaps.
                dict(enumerate(_questions(cran / "cran.qry").values(), start=1)),
                _answers(cran / "cranqrel", lambda grade: 1 <= grade <= 4),
            )
        )
    if (cisi := folder / "cisi").is_dir():
        found.append(
            Collection(
                "CISI",
                _texts(cisi / "CISI.ALL"),
                _questions(cisi / "CISI.QRY"),
                _answers(cisi / "CISI.REL", lambda _: True),
            )
        )
    return found


def _texts(path: Path) -> dict[int, tuple[str, str]]:
    texts = {}
    for number, fields in _records(path):
        title, text = _line(fields["T"]), _line(fields["W"])
        # In Cranfield, a text begins with its title.
        if text := text.removeprefix(title).strip() or title:  # two have none
            texts[number] = (title[:200], text)
    return texts


def _questions(path: Path) -> dict[int, str]:
    """The first words of each, as many as a search takes."""
    questions = {}
    for number, fields in _records(path):
        words = _WORD.findall(_line(f"{fields['T']} {fields['W']}"))[:_MOST_WORDS]
        while len(" ".join(words)) > _LONGEST:
            words.pop()
        # A space after the last one marks it as finished.
        questions[number] = " ".join(words).lower() + " "
    return questions


def _answers(path: Path, counts: object) -> dict[int, set[int]]:
    answers: dict[int, set[int]] = defaultdict(set)
    for line in path.read_text(encoding="latin-1").splitlines():
        question, text, grade, *_ = [*map(float, line.split()), 1.0]
        if counts(grade):  # type: ignore[operator]
            answers[int(question)].add(int(text))
    return answers


def _records(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Each record's number and its fields, by their letter."""
    for record in re.split(r"^\.I ", path.read_text(encoding="latin-1"), flags=re.MULTILINE)[1:]:
        number, _, rest = record.partition("\n")
        fields: dict[str, str] = defaultdict(str)
        for letter, text in re.findall(
            r"^\.([A-Z])\n(.*?)(?=^\.[A-Z]\n|\Z)", rest, flags=re.MULTILINE | re.DOTALL
        ):
            fields[letter] += text
        yield int(number), fields


def _line(text: str) -> str:
    return " ".join(text.split())
