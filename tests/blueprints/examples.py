"""What the tests of all routes have to know about a noun; each noun's own tests declare it.

The examples are read from the folder: `EXAMPLES` in tests/blueprints/<system>/test_<noun>.py, if
the noun declares any.
"""

from __future__ import annotations

import functools
import importlib
import operator
import re
from dataclasses import dataclass, field, fields
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from tests.factories import Factory
    from tests.people import People, Person

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Place:
    """A shared workspace, its owner, and factories for everything else."""

    people: People
    owner: Person
    workspace_id: UUID
    # What was made there before, by parameter: a thing may belong to another one.
    made: dict[str, object] = field(default_factory=dict)

    @property
    def make(self) -> Factory:
        return self.people.make

    def thing(self, name: str) -> object:
        """The id of the thing that a parameter stands for, made if it is not there yet."""
        if name not in self.made:
            self.made[name] = of_all_nouns().things[name](self)
        return self.made[name]


@dataclass(frozen=True, kw_only=True)
class Examples:
    """What a noun's routes are called with, and which of them are exceptions."""

    # By parameter of an address: a function that makes the thing it stands for in a place and gives
    # its id; or, if it does not stand for a thing in a workspace, a word that works.
    things: dict[str, Callable[[Place], object]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    # The parameters that stand for things that belong to one user even in a shared workspace; and
    # those that stand for things that the app of the tests does not have.
    personal: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    # By endpoint: the input it needs, if without any it does not get as far as the thing. There,
    # "<document_id>" stands for the thing of that parameter.
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    queries: dict[str, dict[str, str]] = field(default_factory=dict)
    # The addresses that anybody may read; those that anybody may try, a limited number of times;
    # and those where each message is signed with a secret that operators share with its sender. And
    # the POSTs that keep no answer for a second try, because that would keep a secret, because the
    # sender of the first has no access to the answer, or because they change nothing.
    open: set[str] = field(default_factory=set)
    ways_in: set[str] = field(default_factory=set)
    signed: set[str] = field(default_factory=set)
    not_kept: set[str] = field(default_factory=set)
    # Endpoints whose method does not say whether they require a permission to read or to write.
    unlike_their_method: set[str] = field(default_factory=set)
    # By endpoint of documents and folders: what a sharee needs, "view", "write" or "own"; no share
    # allows the last.
    shared: dict[str, str] = field(default_factory=dict)


@functools.cache
def of_all_nouns() -> Examples:
    """The examples of all nouns together. No two nouns may declare the same thing."""
    modules = [
        importlib.import_module(f"tests.blueprints.{path.parent.name}.{path.stem}")
        for path in sorted(HERE.glob("*/test_*.py"))
    ]
    found = [module.EXAMPLES for module in modules if hasattr(module, "EXAMPLES")]
    together = {}
    for each in fields(Examples):
        parts = [getattr(examples, each.name) for examples in found]
        together[each.name] = reduce(operator.or_, parts)
        assert len(together[each.name]) == sum(map(len, parts)), f"{each.name} told twice"
    return Examples(**together)


def address(rule: str, values: Mapping[str, object]) -> str:
    """A route's address, with the values of its parameters."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found[1]]), rule)
