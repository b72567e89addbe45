"""XML from strangers: no entities, no DTD, no network, no huge trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lxml.etree

from webapp.parsing.documents.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator


def parse_xml(data: bytes) -> Any:
    """The root of an XML document; malformed XML is repaired as far as possible.

    Raises DocumentError if it is not XML, or declares a document type: no format read here has one,
    and entities come with it.
    """
    parser = lxml.etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = lxml.etree.fromstring(data, parser)
    except (lxml.etree.XMLSyntaxError, ValueError) as error:
        raise DocumentError("damaged") from error
    check_depth(parser)
    if root is None or root.getroottree().docinfo.doctype:
        raise DocumentError("damaged")
    return root


def check_depth(parser: Any) -> None:
    """Raises DocumentError if the parser skipped elements that were nested too deeply."""
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise DocumentError("too_complex")


def local(element: Any) -> str:
    """An element's name without its namespace; empty for a node that is not an element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Any, name: str) -> str | None:
    """The value of an attribute, in whichever namespace."""
    for key, value in element.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return None


def children(element: Any, *names: str) -> Iterator[Any]:
    """The children with these local names."""
    return (child for child in element if local(child) in names)


def child(element: Any, *path: str) -> Any:
    """The first element along a path of local names, or None."""
    for name in path:
        if (element := next(children(element, name), None)) is None:
            return None
    return element
