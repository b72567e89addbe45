"""How much of a page's own text is found, and of its title, on the test pages of others.

    python -m benchmarks.pages [-v] readability/test/test-pages trafilatura/tests [pages]

Nothing is fetched: the folders are those of the repositories mozilla/readability and
adbar/trafilatura. Readability's pages come with the text that is expected of each: precision and
recall count words, whatever their order. Trafilatura's come with some segments that belong to the
text and some that do not; `pages` is how many of them are read, from the first.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import mean
from typing import Any

import lxml.html

from webapp.parsing import page
from webapp.parsing.charset import decode

_WORD = re.compile(r"\w+")
_SPACE = re.compile(r"\s+")


def _read(path: Path) -> dict[str, Any]:
    """What Coffer reads in a page."""
    return page.read(
        decode(path.read_bytes(), None, markup=True), url="http://fakehost/test/page.html"
    )


def _words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.casefold()))


def _of_readability(folder: Path) -> dict[str, Any]:
    """One of readability's pages: precision, recall and the titles."""
    found = _read(folder / "source.html")
    text = found["text"] or ""
    expected = lxml.html.document_fromstring((folder / "expected.html").read_bytes().decode())
    for element in expected.iter():
        # So that the words of neighbouring elements stay apart.
        element.tail = f" {element.tail or ''}"
    there, here = _words(expected.text_content()), _words(text)
    common = (there & here).total()
    told = json.loads((folder / "expected-metadata.json").read_text())
    return {
        "name": folder.name,
        "precision": common / here.total() if here else float(not there),
        "recall": common / there.total() if there else 1.0,
        "common": common,
        "found": here.total(),
        "expected": there.total(),
        "title": found["title"],
        "told": told.get("title"),
    }


def _of_trafilatura(wanted: tuple[Path, dict[str, Any]]) -> tuple[str, int, int]:
    """One of trafilatura's pages: how many of the wanted and the unwanted segments were found."""
    path, told = wanted
    text = _SPACE.sub(" ", _read(path)["text"] or "")
    with_, without = (
        sum(_SPACE.sub(" ", segment).strip() in text for segment in told[name])
        for name in ("with", "without")
    )
    return path.name, with_, without


def _letters(title: str | None) -> str:
    return "".join(_WORD.findall((title or "").casefold()))


def readability(folder: Path, *, tells: bool) -> None:
    """Print the figures for readability's pages."""
    page.load()
    folders = sorted(path.parent for path in folder.glob("*/source.html"))
    with ProcessPoolExecutor(2, initializer=page.load) as processes:
        found = list(processes.map(_of_readability, folders, chunksize=8))
    if tells:
        for each in sorted(found, key=lambda each: each["precision"] + each["recall"])[:40]:
            print(
                f"{each['precision']:.3f} {each['recall']:.3f} {each['expected']:6} {each['name']}"
            )
        for each in found:
            if _letters(each["title"]) != _letters(each["told"]):
                print(f"{each['name']}: {each['title']!r}, expected {each['told']!r}")
    common = sum(each["common"] for each in found)
    print(
        f"readability, {len(found)} pages: precision {mean(e['precision'] for e in found):.4f},"
        f" recall {mean(e['recall'] for e in found):.4f}; of all words"
        f" {common / sum(e['found'] for e in found):.4f},"
        f" {common / sum(e['expected'] for e in found):.4f}; titles as expected"
        f" {sum(_letters(e['title']) == _letters(e['told']) for e in found)}"
    )


def trafilatura(folder: Path, most: int | None, *, tells: bool) -> None:
    """Print the figures for trafilatura's pages."""
    told = json.loads((folder / "evaldata.json").read_text())
    there = [
        (path, each)
        for each in told.values()
        for path in (folder / "cache" / each["file"], folder / "eval" / each["file"])
        if path.is_file()
    ][:most]
    with ProcessPoolExecutor(2, initializer=page.load) as processes:
        found = list(processes.map(_of_trafilatura, there, chunksize=8))
    wanted, unwanted = (sum(len(each[name]) for _, each in there) for name in ("with", "without"))
    if tells:
        for (name, with_, without), (_, each) in zip(found, there, strict=True):
            if with_ < len(each["with"]) or without:
                print(f"{len(each['with']) - with_} missing, {without} too much: {name}")
    print(
        f"trafilatura, {len(there)} pages: {sum(e[1] for e in found)} of {wanted} wanted segments,"
        f" {sum(e[2] for e in found)} of {unwanted} unwanted ones"
    )


def main() -> int:
    """Read the pages in the folders that are given; `-v` also tells which were read worst."""
    given = [each for each in sys.argv[1:] if each != "-v"]
    folders = [Path(each) for each in given if not each.isdigit()]
    most = next((int(each) for each in given if each.isdigit()), None)
    tells = "-v" in sys.argv
    for folder in folders:
        if (folder / "evaldata.json").exists():
            trafilatura(folder, most, tells=tells)
        else:
            readability(folder, tells=tells)
    return 0


if __name__ == "__main__":
    sys.exit(main())
