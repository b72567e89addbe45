"""All parts of archives, found by listing, in the order in which they can be added."""

from __future__ import annotations

from graphlib import TopologicalSorter
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Final

from webapp.archives import parts

if TYPE_CHECKING:
    from webapp.archives.part import Part


def _parts() -> tuple[Part, ...]:
    found: dict[str, Part] = {}
    for module in sorted(iter_modules(parts.__path__), key=lambda each: each.name):
        part = import_module(f"{parts.__name__}.{module.name}").PART
        found[part.name] = part
    of_kind = {name: name for name in found}
    for part in found.values():
        of_kind |= {each.kind: part.name for each in part.inner.values() if each.kind is not None}
    needs = {
        name: {
            of_kind[kind]
            for kind in (*part.references.values(), *part.after, part.is_named_by or name)
        }
        - {name}
        for name, part in found.items()
    }
    return tuple(found[name] for name in TopologicalSorter(needs).static_order())


PARTS: Final = _parts()
