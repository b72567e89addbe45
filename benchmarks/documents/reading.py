"""What is found in real files, and how reliably their types and words are recognized.

- Strings that must be found in 75 files, against xberg, anydoc and markitdown. White space and
  Markdown syntax do not count, since the peers write Markdown.
- The types of files whose extensions are right, against magika and libmagic.
- The words of PDFs by position, against pdfium's own text: F1 over all words of a page.

Coffer reads in restricted child processes, as workers do.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pypdfium2

from benchmarks.documents import samples
from benchmarks.installed import Missing, PythonEnvironment, say
from webapp.parsing.documents.detection import detect
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.media import BY_TYPE
from webapp.parsing.documents.readers import Readers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HERE: Final = Path(__file__).parent
PEERS: Final = PythonEnvironment("documents", HERE / "requirements.txt")
READERS: Final = ("xberg", "anydoc", "markitdown")

_NOT_COUNTED: Final = re.compile(r"[\s\\*_#|`>]+")
_LEAST_STRINGS: Final = 0.66
_LEAST_TYPES: Final = 0.97
_LEAST_WORDS: Final = 0.995


def main() -> int:
    """Measure all three; returns 1 if an aim is missed."""
    try:
        PEERS.make()
        outcomes = [strings(), types(), words()]
    except Missing as missing:
        say(f"Not measured: {missing}.")
        return 0
    return 0 if all(outcomes) else 1


def strings() -> bool:
    """How many of the strings each reader finds."""
    expected = samples.strings()
    files = list(expected)
    total = sum(map(len, expected.values()))
    print(f"### Strings found, of {total} in {len(files)} files\n")
    print("|  | found | share | seconds |\n|---|---|---|---|")
    found = {}
    for name in ("Coffer", *READERS):
        began = time.monotonic()
        texts = _read_here(files) if name == "Coffer" else _read_by(name, files)
        seconds = time.monotonic() - began
        found[name] = sum(
            _plain(string) in _plain(text)
            for file, text in zip(files, texts, strict=True)
            for string in expected[file]
        )
        print(f"| {name} | {found[name]} | {found[name] / total:.3f} | {seconds:.1f} |", flush=True)
    holds = found["Coffer"] >= _LEAST_STRINGS * total
    ahead = found["Coffer"] > max(found[name] for name in READERS)
    print(f"\nAim: {_LEAST_STRINGS} and more than each peer: {_said(holds and ahead)}.\n")
    return holds and ahead


def types() -> bool:
    """How many types each detector recognizes."""
    files = samples.with_true_endings()
    by_ending = {media.extension: media.type for media in BY_TYPE.values() if media.extension}
    files = [file for file in files if file.suffix in by_ending]
    print(f"### Types told, of {len(files)} files whose endings are true\n")
    print("|  | right | share | ms a file |\n|---|---|---|---|")
    shares = {}
    for name, tell in (("Coffer", _types_here), ("magika", _magika), ("libmagic", _libmagic)):
        began = time.monotonic()
        told = tell(files)
        each = (time.monotonic() - began) / len(files)
        right = sum(
            _same_type(by_ending[file.suffix], said) for file, said in zip(files, told, strict=True)
        )
        shares[name] = right / len(files)
        print(f"| {name} | {right} | {shares[name]:.3f} | {1000 * each:.2f} |", flush=True)
    holds = shares["Coffer"] >= _LEAST_TYPES
    ahead = shares["Coffer"] >= max(shares["magika"], shares["libmagic"])
    print(f"\nAim: {_LEAST_TYPES}, and ahead of both: {_said(holds and ahead)}.\n")
    return holds and ahead


def words() -> bool:
    """F1 of words by position, against pdfium's own text."""
    agreed = ours = theirs = pages = 0
    readers = Readers()
    for file in samples.pdfs():
        with file.open("rb") as opened:
            document = readers.read(opened.fileno(), name=file.name, ocr="never")
        with pypdfium2.PdfDocument(file) as raw:
            for page, raw_page in zip(document.pages, raw, strict=True):
                mine = Counter(letters(page.text))
                text = Counter(letters(raw_page.get_textpage().get_text_range()))
                agreed += (mine & text).total()
                ours += mine.total()
                theirs += text.total()
                pages += 1
    readers.close()
    score = 2 * agreed / (ours + theirs)
    print(f"### Words of {pages} pages of PDF by their places\n")
    holds = score >= _LEAST_WORDS
    print(f"F1 against pdfium's own text: {score:.4f}. Aim: {_LEAST_WORDS}: {_said(holds)}.\n")
    return holds


def _read_here(files: Iterable[Path]) -> list[str | None]:
    readers = Readers()
    texts: list[str | None] = []
    for file in files:
        with file.open("rb") as opened:
            try:
                texts.append(readers.read(opened.fileno(), name=file.name, ocr="never").text)
            except DocumentError:
                texts.append(None)
    readers.close()
    return texts


def _read_by(name: str, files: Sequence[Path]) -> list[str | None]:
    """Texts as one peer reads them. If the peer dies, it is started again with the next file."""
    texts: list[str | None] = []
    while len(texts) < len(files):
        rest = files[len(texts) :]
        done = subprocess.run(
            [PEERS.python, HERE / "peer_readers.py", name],
            input="".join(f"{file}\n" for file in rest),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=False,
            timeout=600,
        )
        read = [json.loads(line) for line in done.stdout.splitlines()]
        texts += read if len(read) == len(rest) else [*read, None]
    return texts


def _types_here(files: Iterable[Path]) -> list[str]:
    told = []
    for file in files:
        with file.open("rb") as opened:
            told.append(detect(opened, file.name).type)
    return told


def _magika(files: Sequence[Path]) -> list[str]:
    script = (
        "import sys; from magika import Magika; m = Magika()\n"
        "for line in sys.stdin: print(m.identify_path(line.rstrip('\\n')).output.mime_type)"
    )
    return _lines([PEERS.python, "-c", script], files)


def _libmagic(files: Sequence[Path]) -> list[str]:
    """Types according to libmagic's command, `file`. Raises Missing."""
    try:
        return _lines(["file", "--brief", "--mime-type", "--files-from", "-"], files)
    except FileNotFoundError:
        raise Missing("the command `file`, which has libmagic, is not installed") from None


def _lines(command: Sequence[Any], files: Iterable[Path]) -> list[str]:
    given = "".join(f"{file}\n" for file in files)
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, check=True, timeout=600
    )
    return done.stdout.splitlines()


def _same_type(expected: str, said: str) -> bool:
    """Detectors have several names for some types."""
    names = {
        "application/rtf": {"text/rtf"},
        "text/markdown": {"text/plain"},
        "message/rfc822": {"text/plain"},
    }
    return said == expected or said in names.get(expected, set())


def _plain(text: str | None) -> str:
    return _NOT_COUNTED.sub("", text or "")


def letters(text: str) -> list[str]:
    """The words of a text, without punctuation."""
    return re.findall(r"\w+", text.replace("\ufffe", "").replace("\x02", ""))


def _said(holds: bool) -> str:  # the end of a sentence, not a flag
    return "holds" if holds else "missed"


if __name__ == "__main__":
    sys.exit(main())
