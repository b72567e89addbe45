"""Whatever makes up its input says how much, and so keeps to the limits of `tests.fuzzing`."""

from __future__ import annotations

import ast
from pathlib import Path

HERE = Path(__file__).parent
# Of other projects, installed there.
NOT_OURS = {".venv", "node_modules"}


def decorators(function):
    calls = (each for each in function.decorator_list if isinstance(each, ast.Call))
    return {call.func.id for call in calls if isinstance(call.func, ast.Name)}


def test_no_test_with_made_up_input_fails_for_being_slow():
    """Hypothesis gives up by the clock, which a busy machine runs out of, unless told not to."""
    made_up = []
    for path in HERE.rglob("test_*.py"):
        if NOT_OURS.isdisjoint(path.parts) and "@given" in (text := path.read_text()):
            made_up += [
                each
                for each in ast.walk(ast.parse(text))
                if isinstance(each, ast.FunctionDef) and "given" in decorators(each)
            ]
    assert len(made_up) > 20
    assert [each.name for each in made_up if "examples" not in decorators(each)] == []
