"""The command line: fast, plain, and each worker by its own name."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sql import connection
from webapp.failure import Failure
from workers import cli, queue, work
from workers.engine.kind import Kind
from workers.terminal.command import Duration, command_for
from workers.terminal.folder import commands

FOLDER = Path(cli.__file__).parent
SUBJECT = "00000000-0000-0000-0000-000000000001"
PASSWORD = "nine owls under a copper moon\n"


def example(parameter):
    """A valid value for a command's parameter."""
    if isinstance(parameter.type, click.types.UUIDParameterType):
        return SUBJECT
    if isinstance(parameter.type, work.KindName):
        return work.KINDS[0].name
    return "ana@example.com" if parameter.name == "email" else "1"


def runs(name, command):
    """A command line for a command or each command of a group, with all required arguments."""
    if isinstance(command, click.Group):
        return [[name, *run] for each in command.commands.items() for run in runs(*each)]
    arguments = [name]
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            arguments.append(example(parameter))
        elif parameter.required:
            arguments += [parameter.opts[0], example(parameter)]
    return [arguments]


RUNS = [run for name in commands() for run in runs(name, cli.main.get_command(None, name))]


def coffer(*arguments, typed=None, **environment):
    """Run a command with only these settings, and with `typed` as its input."""
    nothing = dict.fromkeys(name for name in os.environ if name.isupper() and name != "PATH")
    return CliRunner().invoke(
        cli.main, arguments, input=typed, env=nothing | {"COFFER_ENV": "test"} | environment
    )


def test_every_module_is_a_command():
    assert set(commands()) == {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "cli"}


def test_commands_of_operators_come_first_and_then_the_workers_each_by_name():
    listed = [(each.is_worker, each.name) for each in commands().values()]
    assert listed == sorted(listed)
    assert len({is_worker for is_worker, _ in listed}) == 2


@pytest.mark.long
def test_help_is_shown_without_importing_any_command():
    told = "from workers.cli import main; main(['--help'], standalone_mode=False)"
    code = f"import sys; {told}; print(*sys.modules, file=sys.stderr)"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(asked.stderr.split())
    assert not loaded & {
        "psycopg",
        "structlog",
        "webapp",
        *(f"workers.{each}" for each in commands()),
    }


@pytest.mark.parametrize("name", commands())
def test_every_command_explains_itself(name):
    command = cli.main.get_command(None, name)
    answer = CliRunner().invoke(cli.main, [name, "--help"])
    assert answer.exit_code == 0
    assert command.help.splitlines()[0] in " ".join(answer.output.split())


@pytest.mark.processes
def test_a_worker_runs_as_a_module_too():
    def words(*command):
        asked = subprocess.run(command, capture_output=True, text=True, check=True)
        return asked.stdout.partition("[OPTIONS]")[2].split()

    script = Path(sys.executable).with_name("coffer")
    as_module = words(sys.executable, "-m", "workers.enrich_items", "--help")
    assert as_module == words(script, "enrich_items", "--help")


def test_help_lists_every_command_with_its_first_line():
    listed = " ".join(CliRunner().invoke(cli.main, ["--help"]).output.split())
    for name in commands():
        first = cli.main.get_command(None, name).help.splitlines()[0]
        assert f"{name} {first}" in listed


def test_the_help_of_a_group_cuts_no_line_off():
    said = CliRunner().invoke(queue.command, ["--help"]).output
    assert "..." not in said.partition("Commands:")[2]
    assert "in flight and dead." in " ".join(said.split())


def test_work_runs_every_kind_that_has_a_worker():
    declared = {
        (name, kind.name)
        for name in commands()
        for kind in vars(importlib.import_module(f"workers.{name}")).values()
        if isinstance(kind, Kind)
    }
    assert declared == {(kind.name, kind.name) for kind in work.KINDS}


def test_a_dash_is_as_good_as_an_underscore():
    assert CliRunner().invoke(cli.main, ["enrich-items", "--help"]).exit_code == 0


def test_an_unknown_command_is_one_line_and_an_exit_code():
    answer = coffer("wrok")
    assert answer.exit_code == 2
    assert "No such command 'wrok'" in answer.stderr


@pytest.mark.parametrize("run", RUNS, ids=" ".join)
def test_wrong_settings_are_reported_all_at_once(run):
    answer = coffer(*run, typed=PASSWORD * 2, PORT="x", LOG_LEVEL="LOUD", AI_URL="ftp://x")
    assert answer.exit_code == 1
    assert isinstance(answer.exception, SystemExit)
    for variable in ("PORT", "LOG_LEVEL", "AI_URL", "AI_MODEL", "DATABASE_URL"):
        assert f"\n  {variable}: " in answer.stderr


@pytest.mark.parametrize("run", RUNS, ids=" ".join)
def test_a_database_that_is_away_is_one_plain_line(run, monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE", 0)
    away = "postgresql://x:hunter2@127.0.0.1:1/x"
    answer = coffer(*run, typed=PASSWORD * 2, DATABASE_URL=away)
    assert answer.exit_code == 1
    assert isinstance(answer.exception, SystemExit)
    (line,) = [line for line in answer.stderr.splitlines() if line.startswith("Error")]
    assert "the database does not answer" in line
    assert "hunter2" not in answer.output


@pytest.mark.parametrize(
    ("given", "seconds"), [("30s", 30), ("5m", 300), ("1.5h", 5400), ("200ms", 0.2), ("7", 7)]
)
def test_durations(given, seconds):
    assert Duration().convert(given, None, None) == pytest.approx(seconds)


@pytest.mark.parametrize("given", ["0", "-1s", "5 s", "soon", "", "1d"])
def test_what_is_no_duration_is_refused(given):
    answer = CliRunner().invoke(cli.main, ["work", "--every", given])
    assert answer.exit_code == 2
    assert "is not a duration" in answer.output


def test_a_worker_that_cannot_do_its_work_says_why_and_does_not_start(migrated):
    def check():
        raise Failure("The reader is not installed.")

    worker = command_for([Kind(name="able"), Kind(name="unable", check=check)], None)
    settings = {"COFFER_ENV": "development", "DATABASE_URL": migrated.url}
    answer = CliRunner().invoke(worker, ["--once"], env=settings)
    assert (answer.exit_code, answer.stderr) == (1, "Error: The reader is not installed.\n")
    answer = CliRunner().invoke(worker, ["--once", "--kinds", "able"], env=settings)
    assert answer.exit_code == 0


@pytest.mark.long
def test_migrate_says_what_it_did(migrated):
    answer = coffer(
        "migrate",
        DATABASE_URL=migrated.url,
        DATABASE_MIGRATE_URL=migrated.owner_url,
    )
    assert (answer.exit_code, answer.stdout) == (0, "nothing to apply\n")


@pytest.mark.parametrize("kinds", ["", ",", "nonsense", "enrich_items,nonsense"])
def test_no_kinds_or_unknown_ones_do_not_mean_all(kinds):
    answer = coffer("work", "--once", "--kinds", kinds)
    assert answer.exit_code == 2
    assert "enrich_items" in answer.stderr
