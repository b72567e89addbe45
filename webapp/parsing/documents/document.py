"""The content of a document, and its encoding on the way from the child to the caller."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

import orjson

from webapp.parsing.documents.media import BY_TYPE, Media

if TYPE_CHECKING:
    from collections.abc import Iterator

# Where a page's text comes from. A `picture` could not be read, because nothing installed can; it
# may still have a few words of text.
Origin = Literal["text", "ocr", "picture"]


class Box(NamedTuple):
    """A place on a page as shown, measured from its upper left corner: in points (1/72 inch) on the
    pages of a PDF, in pixels on a picture."""

    left: float
    top: float
    right: float
    bottom: float


class Word(NamedTuple):
    """A word and its place; None if the page has no geometry, or it is not known."""

    text: str
    box: Box | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page: of a PDF or a picture as shown; otherwise a sheet, a slide, a chapter, or a page as
    last printed.

    `boxes` has four numbers for each word of `text`, in order, or none at all: words are separated
    by white space. A word that was hyphenated at the end of a line is whole in the text, and its
    box is that of its first part. `width` and `height` are in the unit of the boxes, 0 if the page
    has no size of its own.
    """

    number: int
    text: str
    width: float = 0.0
    height: float = 0.0
    boxes: array[float] = field(default_factory=lambda: array("f"))
    origin: Origin = "text"

    def words(self) -> Iterator[Word]:
        """The words of the text in their order."""
        boxes = self.boxes
        for number, text in enumerate(self.text.split()):
            box = Box(*boxes[number * 4 : number * 4 + 4]) if boxes else None
            yield Word(text, box)


@dataclass(frozen=True, slots=True)
class Metadata:
    """A document's metadata; empty or None if it has none. `created` has a zone if the document has
    one."""

    title: str = ""
    author: str = ""
    subject: str = ""
    keywords: str = ""
    created: datetime | None = field(default=None, kw_only=True)

    @classmethod
    def of(
        cls,
        title: object = "",
        author: object = "",
        subject: object = "",
        keywords: object = "",
        *,
        created: datetime | None = None,
    ) -> Self:
        """From found values, each on one line and limited in length."""
        return cls(*map(first_line, (title, author, subject, keywords)), created=created)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside a document. `text` is its text, including that of files in it; if it could not
    be read, or there was no time to, `error` has the code."""

    name: str
    media_type: str
    size: int
    text: str = ""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """`is_cut` means that there is more text than Coffer accepts."""

    media: Media
    pages: list[Page]
    metadata: Metadata = Metadata()
    attachments: list[Attachment] = field(default_factory=list)
    is_cut: bool = False

    @property
    def text(self) -> str:
        """All pages, separated by form feeds, which no page has in its text."""
        return "\f".join(page.text for page in self.pages)

    def with_pages(self, pages: list[Page]) -> Document:
        """The same document, with these pages replacing those of the same numbers."""
        replaced = {page.number: page for page in pages}
        kept = [replaced.get(page.number, page) for page in self.pages]
        return Document(self.media, kept, self.metadata, self.attachments, self.is_cut)


def encode(document: Document) -> bytes:
    """The form that `decode` reads: JSON, a line end, then the boxes of all pages as 32-bit
    floats."""
    metadata = document.metadata
    said = {
        "media_type": document.media.type,
        "pages": [
            (page.number, page.text, page.width, page.height, page.origin, len(page.boxes))
            for page in document.pages
        ],
        "metadata": (
            *(metadata.title, metadata.author, metadata.subject, metadata.keywords),
            metadata.created and metadata.created.isoformat(),
        ),
        "attachments": [
            (each.name, each.media_type, each.size, each.text, each.error)
            for each in document.attachments
        ],
        "is_cut": document.is_cut,
    }
    boxes = b"".join(page.boxes.tobytes() for page in document.pages)
    return orjson.dumps(said) + b"\n" + boxes


def decode(data: bytes) -> Document:
    """Raises ValueError for anything that `encode` did not produce."""
    head, _, tail = data.partition(b"\n")
    said = orjson.loads(head)
    boxes = array("f")
    boxes.frombytes(tail)
    pages = []
    at = 0
    for number, text, width, height, origin, count in said["pages"]:
        pages.append(Page(number, text, width, height, boxes[at : at + count], origin))
        at += count
    *names, created = said["metadata"]
    return Document(
        BY_TYPE[said["media_type"]],
        pages,
        Metadata(*names, created=datetime.fromisoformat(created) if created else None),
        [Attachment(*each) for each in said["attachments"]],
        said["is_cut"],
    )


def first_line(value: Any, most: int = 500) -> str:
    """A metadata value on one line of limited length."""
    return " ".join(str(value or "").split())[:most]
