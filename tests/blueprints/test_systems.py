"""What the systems declare about themselves is true, and no two declare the same."""

from __future__ import annotations

from collections import Counter

from webapp.app import SYSTEMS
from webapp.http.errors import Problem


def test_every_constraint_that_is_declared_exists(owner):
    """As a constraint or a unique index, or as the name of an error that a function raises."""
    rows = owner.execute(
        "SELECT conname FROM pg_constraint"
        " UNION SELECT relname FROM pg_class WHERE relkind = 'i'"
        " UNION SELECT (regexp_matches(prosrc, 'CONSTRAINT = ''(\\w+)''', 'g'))[1] FROM pg_proc"
    )
    there = {name for (name,) in rows}
    assert {name for system in SYSTEMS for name in system.REFUSALS} - there == set()


def test_each_refusal_is_declared_by_one_system():
    told = Counter(name for system in SYSTEMS for name in system.REFUSALS)
    assert [name for name, times in told.items() if times > 1] == []
    assert all(
        isinstance(said, Problem) or callable(said)
        for system in SYSTEMS
        for said in system.REFUSALS.values()
    )


def test_each_blueprint_is_of_one_system():
    names = Counter(blueprint.name for system in SYSTEMS for blueprint in system.BLUEPRINTS)
    assert [name for name, times in names.items() if times > 1] == []
