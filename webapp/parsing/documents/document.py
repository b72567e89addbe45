"""What was read of a document, and how it goes from the child to whoever asked."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

import orjson

from webapp.parsing.documents.media import BY_TYPE, Media

if TYPE_CHECKING:
    from collections.abc import Iterator

# Where a page's text comes from. Of a `picture` what it shows was not read, for want of something
# that can; there may be a few words of text beside it.
Origin = Literal["text", "ocr", "picture"]


class Box(NamedTuple):
    """A place on a page as it is shown, measured from its upper left corner: in points (1/72 inch)
    on the pages of a PDF, in pixels on a picture."""

    left: float
    top: float
    right: float
    bottom: float


class Word(NamedTuple):
    """A word, and where it stands; None where the page has no geometry, or it is not known."""

    text: str
    box: Box | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page: of a PDF or a picture as it is, else a sheet, a slide, a chapter, or what was last
    printed as one.

    `boxes` has four numbers for each word of `text`, in their order, or none at all: words are what
    white space parts. A word that was hyphenated at the end of a line is whole in the text, and its
    box is that of its first part. `width` and `height` are in the unit of the boxes, 0 where the
    page has no size of its own.
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
    """What a document says of itself; empty or None where it says nothing. `created` has a zone
    where the document gives one."""

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
        """Of what was found, each on one line and not longer than a line may be."""
        return cls(*map(first_line, (title, author, subject, keywords)), created=created)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside a document. `text` is what was read of it and of what is in it in turn; where
    it could not be read, or there was no time to, `error` has the code."""

    name: str
    media_type: str
    size: int
    text: str = ""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """`is_cut` says that there is more text than Coffer takes in."""

    media: Media
    pages: list[Page]
    metadata: Metadata = Metadata()
    attachments: list[Attachment] = field(default_factory=list)
    is_cut: bool = False

    @property
    def text(self) -> str:
        """All pages, parted by form feeds, which no page has in its text."""
        return "\f".join(page.text for page in self.pages)

    def with_pages(self, pages: list[Page]) -> Document:
        """The same document, with these pages in the place of those of the same numbers."""
        replaced = {page.number: page for page in pages}
        kept = [replaced.get(page.number, page) for page in self.pages]
        return Document(self.media, kept, self.metadata, self.attachments, self.is_cut)


def encode(document: Document) -> bytes:
    """As `decode` takes it: JSON, a line end, then the boxes of all pages as 32-bit floats."""
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
    """Raises ValueError for what `encode` did not make."""
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
    """A value of the metadata as one line of at most so many characters."""
    return " ".join(str(value or "").split())[:most]
