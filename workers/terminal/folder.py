"""The available commands: the modules of `workers/`, read without importing them.

A module is a command if it defines `command`, and a worker if it declares a kind of work under its
own name, such as `enrich_items = Kind(...)` in `enrich_items.py`. So there is no list that a new
one must join, and `coffer --help` imports none of them.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Found(NamedTuple):
    """A command: its name, the first line of its description, and whether it is a worker."""

    name: str
    first_line: str
    is_worker: bool


@cache
def commands() -> dict[str, Found]:
    """All commands by name: those of operators first, then the workers, each sorted by name."""
    modules = Path(__file__).parent.parent.glob("*.py")
    found = [each for path in modules if (each := _read(path)) is not None]
    found.sort(key=lambda each: (each.is_worker, each.name))
    return {each.name: each for each in found}


def _read(path: Path) -> Found | None:
    module = ast.parse(path.read_text())
    names = {name for statement in module.body for name in _names(statement)}
    if "command" not in names:
        return None
    first_line = (ast.get_docstring(module) or "").partition("\n")[0]
    return Found(path.stem, first_line, is_worker=path.stem in names)


def _names(statement: ast.stmt) -> list[str]:
    """What a module's statement defines: a function, or the target of an assignment."""
    if isinstance(statement, ast.FunctionDef):
        return [statement.name]
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]
