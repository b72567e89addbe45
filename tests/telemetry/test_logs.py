"""What a log line contains, and what it does not."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import psycopg
import pytest
import structlog

from webapp.telemetry import logs

PRIVATE = "my pin is 1234"

_SEVERAL_THREADS = """
import sys
from concurrent.futures import ThreadPoolExecutor

import structlog

from webapp.telemetry import logs
from webapp.settings import Settings

sys.setswitchinterval(1e-5)
logs.configure(
    Settings(
        environment="production", database_url="", database_migrate_url="", secret_key="x" * 32
    )
)
with ThreadPoolExecutor(8) as threads:
    for _ in range(400):
        threads.submit(structlog.get_logger("test").info, "told", pad="a" * 9000)
"""


@pytest.fixture
def written(settings, capsys):
    """Logs a line in the form of production, and reads it."""
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


def test_an_unexpected_error_is_logged_with_its_place_but_not_with_what_users_wrote(written):
    try:
        fail(PRIVATE)
    except RuntimeError as error:
        line = written("internal_error", **logs.about(error))
    assert "14 characters" in line
    assert '"fail"' in line
    assert PRIVATE not in line
    assert json.loads(line)["level"] == "error"


def test_an_error_of_the_database_is_logged_without_the_row_that_it_quotes(written, owner):
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


class Unspeakable:
    def __str__(self):
        raise RuntimeError


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [Unspeakable(), nested(5000), {(1, 2): "\ud800"}, float("nan")])
def test_no_value_makes_a_line_fail(written, value):
    line = json.loads(written("told", path="\ud800", value=value), parse_constant=pytest.fail)
    assert (line["event"], line["path"]) == ("told", "\ud800")


def test_no_line_fails_for_lack_of_a_place(written, monkeypatch):
    written("first")

    class Full:
        def write(self, _):
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", SimpleNamespace(buffer=Full()))
        structlog.get_logger("test").error("told")
        patched.setattr("sys.stdout", None)
        structlog.get_logger("test").error("told")


@pytest.mark.processes
def test_long_lines_of_several_threads_stay_whole_where_python_does_not_buffer():
    """As in the Docker image, which sets PYTHONUNBUFFERED."""
    told = subprocess.run(
        [sys.executable, "-c", _SEVERAL_THREADS],
        env={"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        check=True,
    )
    assert [len(json.loads(line)["pad"]) for line in told.stdout.splitlines()] == [9000] * 400


def test_a_path_does_nothing_to_the_terminal_it_is_logged_in(client, logged):
    client.get("/x%1b[31mred%00")
    (line,) = (each for each in logged if each["event"] == "request")
    assert line["path"] == "/x\\x1b[31mred\\x00"
