"""What Word, Excel and PowerPoint files have in common: parts that refer to each other."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from webapp.parsing.documents.archive import Archive
from webapp.parsing.documents.document import Metadata
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.markup import attribute, children, local, parse_xml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.parsing.documents.reading import Reading
    from webapp.parsing.documents.source import Source


@dataclass(frozen=True, slots=True)
class Relation:
    """A reference of a part: `kind` is the last word of its type ("header", "chart"), `target` the
    name of a part."""

    kind: str
    target: str


class Package:
    """An open OOXML file. Raises DocumentError, as `Archive` does."""

    def __init__(self, source: Source, reading: Reading) -> None:
        self._archive = Archive(source, reading)
        self._reading = reading
        self._relations: dict[str, dict[str, Relation]] = {}

    def main(self, usual: str) -> str:
        """The name of the main part, as declared by the package."""
        for relation in self.relations("").values():
            if relation.kind == "officeDocument" and relation.target in self._archive:
                return relation.target
        if usual not in self._archive:
            raise DocumentError("damaged")
        return usual

    def xml(self, name: str) -> Any:
        """The root of a part, or None if there is no such part or it is not XML."""
        if not (data := self._archive.read(name)):
            return None
        return parse_xml(data)

    def check(self) -> None:
        """See `Archive.check`."""
        self._archive.check()

    def bytes(self, name: str) -> bytes | None:
        return self._archive.read(name)

    def relations(self, name: str) -> dict[str, Relation]:
        """A part's references, by id; without a name, the package's."""
        if name not in self._relations:
            folder, _, file = name.rpartition("/")
            path = posixpath.join(folder, "_rels", f"{file}.rels")
            root = self.xml(path)
            self._relations[name] = {
                element.get("Id", ""): Relation(
                    element.get("Type", "").rpartition("/")[2],
                    _target(folder, element.get("Target", "")),
                )
                for element in ([] if root is None else children(root, "Relationship"))
                if element.get("TargetMode") != "External"
            }
        return self._relations[name]

    def related(self, name: str, *kinds: str) -> list[str]:
        """The parts that a part refers to in one of these ways."""
        return [each.target for each in self.relations(name).values() if each.kind in kinds]

    def metadata(self) -> Metadata:
        """From the core properties."""
        names = self.related("", "core-properties") or ["docProps/core.xml"]
        root = self.xml(names[0])
        said = {local(each): each.text for each in ([] if root is None else root)}
        found = map(said.get, ("title", "creator", "subject", "keywords"))
        return Metadata.of(*found, created=moment(said.get("created")))

    def attach_embedded(self, folder: str) -> None:
        """Attach everything embedded below a folder."""
        for name in self._archive.like(rf"{folder}/embeddings/[^/]+\.\w+"):
            if data := self._archive.read(name):
                self._reading.attach(posixpath.basename(name), data)


def moment(text: str | None) -> datetime | None:
    """A time in ISO 8601, or None if it is not one."""
    try:
        return datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None


def _target(folder: str, target: str) -> str:
    path = unquote(target)
    joined = path if path.startswith("/") else posixpath.join(folder, path)
    return posixpath.normpath(joined).lstrip("/")


def drawn_text(root: Any) -> str:
    """The paragraphs of DrawingML below an element: of shapes, diagrams, tables in slides."""
    lines = []
    for paragraph in root.iter("{*}p"):
        parts = []
        for element in paragraph.iter("{*}t", "{*}br", "{*}tab"):
            name = local(element)
            parts.append(element.text or "" if name == "t" else "\n" if name == "br" else "\t")
        lines.append("".join(parts))
    return "\n".join(line for line in lines if line.strip())


def chart_text(root: Any) -> str:
    """A chart's titles, then its values as a table: a column for each category."""
    lines = [drawn_text(title) for title in root.iter("{*}title")]
    header: list[str] = []
    for series in root.iter("{*}ser"):
        names, categories, values = (
            [value.text or "" for part in children(series, *kinds) for value in part.iter("{*}v")]
            for kinds in (("tx",), ("cat", "xVal"), ("val", "yVal", "bubbleSize"))
        )
        if categories != header:
            header = categories
            lines.append("\t".join(["", *categories]))
        lines.append("\t".join([" ".join(names), *values]))
    return "\n".join(line for line in lines if line.strip())


def texts_of(element: Any, package: Package, part: str) -> Iterator[str]:
    """The text of the charts and diagrams that an element of a part refers to."""
    for reference in ("id", "dm"):
        relation = package.relations(part).get(attribute(element, reference) or "")
        if relation and relation.kind in {"chart", "chartEx", "diagramData"}:
            root = package.xml(relation.target)
            if root is not None:
                yield drawn_text(root) if relation.kind == "diagramData" else chart_text(root)
