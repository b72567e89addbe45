"""What the readers share: limits, the password, embedded files."""

from __future__ import annotations

import io
import re
import time
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from webapp.parsing.documents.detection import detect
from webapp.parsing.documents.document import Attachment, Page, first_line
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.package import unwrap
from webapp.parsing.documents.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.parsing.documents.document import Metadata, Origin
    from webapp.parsing.documents.media import Media

MOST_CHARACTERS = 4_000_000  # of all pages together, and again of all attachments
MOST_INFLATED = 200 << 20  # bytes
MOST_ATTACHMENTS = 500
_DEEPEST = 5  # attachments of attachments
_LATEST = 20.0  # seconds of CPU time, after which no further attachment is read

# Removes characters that PostgreSQL refuses (NUL), UTF-8 does not have (lone surrogates) or no
# reader needs (other controls). Form feeds separate pages.
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_LINE_ENDS = re.compile("\r\n|[\r\f\v\x85\u2028\u2029]")
_GAPS = re.compile(r"\n{4,}")


def without_controls(text: str) -> str:
    """`text` without the characters that are not wanted in any."""
    return _UNWANTED.sub("", text)


def clean(text: str) -> str:
    """`text` without controls and form feeds, lines without trailing space, gaps of at most two
    blank lines."""
    text = without_controls(_LINE_ENDS.sub("\n", text))
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return _GAPS.sub("\n\n\n", text).strip("\n")


def _unset(*_: object) -> Metadata:
    raise DocumentError("unsupported")


@dataclass
class Reading:
    """One document while it is being read, and then its content.

    `read_inside` reads an embedded file into its own reading. `report` is called for each step:
    `page` and `of` how many, as far as known, or `attachment`. With `wanted`, the bytes of the
    attachment of that number, from 0, are `taken`, and none is read.
    """

    password: str | None = None
    most_pages: int = 2_000
    reads_attachments: bool = True
    report: Callable[..., None] = lambda **_: None
    read_inside: Callable[[Source, Media, Reading], Metadata] = _unset
    wanted: int | None = None

    pages: list[Page] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    taken: bytes | None = None
    is_cut: bool = False
    characters: int = MOST_CHARACTERS
    attached_characters: int = MOST_CHARACTERS
    inflated: int = MOST_INFLATED
    depth: int = 0
    began: float = field(default_factory=time.process_time)

    def inflate(self, size: int) -> None:
        """Count unpacked bytes. Raises DocumentError if there are too many."""
        self.inflated -= size
        if self.inflated < 0:
            raise DocumentError("too_complex")

    def expect(self, pages: int) -> None:
        """Raises DocumentError if a document has more pages than accepted."""
        if pages > self.most_pages:
            raise DocumentError(
                "too_complex", f"The document has more than {self.most_pages:,} pages."
            )

    def page(
        self,
        text: str,
        *,
        of: int = 0,
        size: tuple[float, float] = (0.0, 0.0),
        boxes: array[float] | None = None,
        origin: Origin = "text",
    ) -> None:
        """Add the next page; `of` how many, if known. The text is cut if the document has more than
        Coffer accepts. Raises DocumentError if it has too many pages."""
        number = len(self.pages) + 1
        self.expect(number)
        if boxes is None:
            text = clean(text)
        if len(text) > self.characters:
            self.is_cut = True
            text = text[: self.characters]
            boxes = boxes[: 4 * len(text.split())] if boxes is not None else None
        self.characters -= len(text)
        width, height = size
        boxes = boxes if boxes is not None else array("f")
        self.pages.append(Page(number, text, width, height, boxes, origin))
        self.report(page=number, of=max(of, number))

    def attach(self, name: str, data: bytes) -> None:
        """Add an embedded file, which is read too, by its type."""
        media = detect(io.BytesIO(data), name)
        if media.type == "application/x-ole-storage" and (inside := unwrap(data)):
            name, data = inside[0] or name, inside[1]
            media = detect(io.BytesIO(data), name)
        if self.wanted == len(self.attachments):
            self.taken = data
        self.enclose(
            *(name, media.type, len(data)),
            lambda inner: self.read_inside(Source(data), media, inner),
        )

    def enclose(
        self, name: str, media_type: str, size: int, read: Callable[[Reading], object]
    ) -> None:
        """Add something embedded that `read` reads. Its errors are recorded with it, and whatever
        exceeds a document's limits is skipped."""
        number = len(self.attachments)
        if number >= MOST_ATTACHMENTS:
            return
        inner = Reading(
            characters=self.attached_characters,
            attached_characters=self.attached_characters,
            inflated=self.inflated,
            depth=self.depth + 1,
            began=self.began,
            read_inside=self.read_inside,
        )
        error: str | None = None
        try:
            is_late = time.process_time() - self.began > _LATEST
            if self.depth >= _DEEPEST or not self.reads_attachments or is_late:
                raise DocumentError("too_complex")  # noqa: TRY301
            if self.wanted is None:
                if not self.depth:
                    self.report(attachment=number)
                read(inner)
        except DocumentError as failure:
            error = failure.code
        except (MemoryError, RecursionError):
            error = "too_complex"
        except Exception:  # noqa: BLE001 -- readers of hostile input raise whatever they like
            error = "damaged"
        self.inflated = inner.inflated
        text = inner.all_text()[: self.attached_characters]
        self.attached_characters -= len(text)
        self.attachments.append(Attachment(first_line(name), media_type, size, text, error))

    def all_text(self) -> str:
        """The pages, then each attachment's name and text."""
        texts = [page.text for page in self.pages]
        for attachment in self.attachments:
            texts += [attachment.name, attachment.text]
        return "\n\n".join(text for text in texts if text)
