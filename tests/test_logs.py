"""What stands in a log line, and what does not (P6)."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from types import SimpleNamespace

import psycopg
import pytest
import structlog

from webapp import logs

PRIVATE = "my pin is 1234"


@pytest.fixture
def written(settings, capsys):
    """Logs a line in production's form, and reads it."""
    before = logging.getLogger().handlers

    def write(event, **told):
        logs.configure(replace(settings, environment="production"))
        structlog.get_logger("test").error(event, **told)
        (line,) = capsys.readouterr().out.splitlines()
        return line

    yield write
    logging.getLogger().handlers = before
    logs.configure(settings)


def fail(note):
    raise RuntimeError(f"{len(note)} characters")


def test_an_unexpected_error_is_told_with_its_place_but_not_with_what_users_wrote(written):
    try:
        fail(PRIVATE)
    except RuntimeError as error:
        line = written("internal_error", **logs.about(error))
    assert "14 characters" in line
    assert '"fail"' in line
    assert PRIVATE not in line
    assert json.loads(line)["level"] == "error"


def test_an_error_of_the_database_is_told_without_the_row_that_it_quotes(written, owner):
    with pytest.raises(psycopg.Error) as refused:
        owner.execute("INSERT INTO users (handle) VALUES (%s)", (PRIVATE,))
    line = written("internal_error", **logs.about(refused.value))
    assert json.loads(line)["constraint"] == "users_handle_is_a_short_word"
    assert PRIVATE not in line


def test_lines_of_libraries_have_the_same_form(written, settings, capsys):
    written("first")
    logging.getLogger("some.library").warning("told %s", "so")
    line = json.loads(capsys.readouterr().out)
    assert (line["event"], line["logger"], line["level"]) == ("told so", "some.library", "warning")
    assert line["timestamp"].endswith("Z")


def test_no_line_fails_by_its_values_or_for_lack_of_a_place(written, monkeypatch):
    assert json.loads(written("told", path="\ud800", by={1: object()}))["path"] == "\ud800"

    class Full:
        def write(self, _):
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", SimpleNamespace(buffer=Full()))
        structlog.get_logger("test").error("told")
