"""How many words OCR reads correctly, of pages whose words are known.

    python -m benchmarks.documents.ocr [pages]

The pages are the first ones of public PDFs that have text, drawn at 200 dots per inch, as a good
scanner does, and read as pictures: with RapidOCR (the extra `ocr`) and, if it is on PATH, with
tesseract. Words are compared with those of the PDF itself: F1 of each page, in any order, since
only their letters are known for certain.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pypdfium2

from benchmarks.documents import samples
from benchmarks.documents.reading import letters
from benchmarks.installed import PROJECT, Missing, PythonEnvironment, say

if TYPE_CHECKING:
    from collections.abc import Mapping

WITH_RAPIDOCR: Final = PythonEnvironment("ocr", PROJECT / "requirements-ocr.lock")

_DOTS: Final = 200 / 72  # pixels per point
_LEAST_WORDS_OF_A_PAGE: Final = 50
_LEAST: Final = 0.95


def main() -> int:
    """Print what each engine reads; returns 1 if RapidOCR misses the aim."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    try:
        WITH_RAPIDOCR.make()
        with tempfile.TemporaryDirectory() as folder:
            pages = draw(Path(folder), wanted)
            scores = {
                engine: score
                for python in (WITH_RAPIDOCR.python, Path(sys.executable))
                for engine, score in measure(python, pages).items()
            }
    except Missing as missing:
        say(f"Not measured: {missing}.")
        return 0
    holds = scores.get("rapidocr", 0.0) >= _LEAST
    print(f"\nAim: {_LEAST} with RapidOCR: {'holds' if holds else 'missed'}.\n")
    return 0 if holds else 1


def draw(folder: Path, wanted: int) -> dict[Path, Counter[str]]:
    """Pictures of the first pages with enough text, evenly from all PDFs, with their words."""
    pages: dict[Path, Counter[str]] = {}
    files = samples.pdfs()
    for file in files[:: max(1, len(files) // wanted)]:
        with pypdfium2.PdfDocument(file) as document:
            page = document[0]
            words = Counter(letters(page.get_textpage().get_text_range()))
            if len(pages) == wanted or words.total() < _LEAST_WORDS_OF_A_PAGE:
                continue
            picture = folder / f"{file.stem}.png"
            page.render(scale=_DOTS).to_pil().save(picture)
            pages[picture] = words
    return pages


def measure(python: Path, pages: Mapping[Path, Counter[str]]) -> dict[str, float]:
    """The mean F1 of the engine that an environment has, by its name. Raises Missing."""
    done = subprocess.run(
        [python, "-m", "benchmarks.documents.page_reader"],
        input="".join(f"{page}\n" for page in pages),
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    if done.returncode != 0:
        raise Missing(f"{python} failed:\n{done.stderr}")
    engine, *read = map(json.loads, done.stdout.splitlines())
    if engine is None:
        return {}
    scores = [
        f1(Counter(letters(text)), words)
        for (text, _), words in zip(read, pages.values(), strict=True)
    ]
    seconds = [each for _, each in read]
    print(
        f"{engine}: mean F1 {statistics.mean(scores):.3f} over {len(scores)} pages"
        f" (median {statistics.median(scores):.3f}, worst {min(scores):.3f});"
        f" median {statistics.median(seconds):.1f} s a page",
        flush=True,
    )
    return {engine: statistics.mean(scores)}


def f1(found: Counter[str], expected: Counter[str]) -> float:
    """How well two collections of words agree, from 0 to 1."""
    return 2 * (found & expected).total() / max(1, found.total() + expected.total())


if __name__ == "__main__":
    sys.exit(main())
