"""The routes of the URL map, for tests that try all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.blueprints.examples import Examples, address, of_all_nouns
from tests.factories import NOWHERE

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.routing import Rule


class Call(NamedTuple):
    """A method of a route, and the route's address with ids that do not exist."""

    method: str
    path: str
    endpoint: str


@pytest.fixture(scope="session")
def routes(shared_app: Flask) -> list[Rule]:
    return list(shared_app.url_map.iter_rules())


@pytest.fixture(scope="session")
def examples() -> Examples:
    return of_all_nouns()


@pytest.fixture(scope="session")
def calls(routes: list[Rule], examples: Examples) -> list[Call]:
    values = dict.fromkeys(examples.things, NOWHERE) | examples.words
    return [
        Call(method, address(rule.rule, values), rule.endpoint)
        for rule in routes
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
    ]
