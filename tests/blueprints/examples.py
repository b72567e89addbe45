"""What the tests over all routes have to know of a noun; it stands in the noun's own tests.

They are read from the folder: `EXAMPLES` of tests/blueprints/<system>/test_<noun>.py, where a noun
has anything to say.
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
    """A shared workspace, somebody who owns it, and what makes more of everything."""

    people: People
    owner: Person
    workspace_id: UUID
    # What was made there before, by parameter: a thing may belong to another.
    made: dict[str, object] = field(default_factory=dict)

    @property
    def make(self) -> Factory:
        return self.people.make


@dataclass(frozen=True, kw_only=True)
class Examples:
    """What a noun's routes are called with, and which of them are unlike most."""

    # For the parameters of addresses: what makes the thing that one stands for, in a place, and
    # gives its id; or, where it is no thing of a workspace, a word that does.
    things: dict[str, Callable[[Place], object]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    # Those that stand for what is one user's alone, also in a shared workspace; and those that
    # stand for what the tests' app has none of.
    personal: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    # By endpoints: what they take, where nothing is not enough to get as far as the thing.
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    queries: dict[str, dict[str, str]] = field(default_factory=dict)
    # By addresses: what anybody may read, and what anybody may try, so many times; and the POSTs
    # that keep no answer for a second try, because that would keep a secret, because whoever sent
    # the first is not let in for the answer, or because they change nothing.
    open: set[str] = field(default_factory=set)
    ways_in: set[str] = field(default_factory=set)
    not_kept: set[str] = field(default_factory=set)
    # Endpoints whose method does not tell whether they take a permission to read or to write.
    unlike_their_method: set[str] = field(default_factory=set)
    # By endpoints of documents and folders: what a sharee needs, "view", "write" or "own", which no
    # share allows.
    shared: dict[str, str] = field(default_factory=dict)


@functools.cache
def of_all_nouns() -> Examples:
    """The examples of every noun together. No two nouns may speak of the same."""
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
