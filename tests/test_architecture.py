"""Dependencies point one way, and the pages agree with the code."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
WORKERS = sorted(
    ".".join(path.relative_to(PROJECT).with_suffix("").parts)
    for path in (PROJECT / "workers").rglob("*.py")
    if path.stem != "__init__"
)
CLIENTS = sorted(
    ".".join(path.relative_to(PROJECT).with_suffix("").parts)
    for path in (PROJECT / "webapp" / "clients").rglob("*.py")
)

# Which of our rooms each room may import besides itself, from the ground up; so none imports
# anything above it. The page docs/architecture.md has the same table.
ROOMS = {
    "sql": (),
    "webapp.version": (),
    "webapp.failure": (),
    "webapp.rules": (),
    "webapp.reading": (),
    "webapp.identity": (),
    "webapp.mails": ("webapp.identity",),
    "webapp.parsing": ("webapp.failure", "webapp.rules"),
    "webapp.clients": (
        *("webapp.version", "webapp.failure", "webapp.parsing", "webapp.reading", "webapp.rules"),
    ),
    "webapp.settings": ("sql", "webapp.clients"),
    "webapp.telemetry": ("webapp.settings",),
    "webapp.filing": (
        *("sql", "webapp.clients", "webapp.failure", "webapp.identity", "webapp.parsing"),
        *("webapp.rules", "webapp.settings"),
    ),
    "webapp.schemas": ("webapp.identity", "webapp.rules"),
    "webapp.imports": ("webapp.parsing", "webapp.rules", "webapp.schemas"),
    "webapp.search": ("sql",),
    "webapp.exporting": ("sql", "webapp.failure", "webapp.rules"),
    "webapp.archives": (
        *("sql", "webapp.version", "webapp.clients", "webapp.exporting", "webapp.failure"),
        *("webapp.filing", "webapp.parsing", "webapp.rules", "webapp.schemas", "webapp.search"),
    ),
    "webapp.http": ("sql", "webapp.settings", "webapp.telemetry"),
    "webapp.serving": ("webapp.http", "webapp.telemetry"),
    "webapp.access": ("sql", "webapp.http", "webapp.identity", "webapp.settings"),
    "webapp.routes": (
        *("sql", "webapp.version", "webapp.access", "webapp.http", "webapp.schemas"),
        "webapp.settings",
    ),
    "webapp.signing_in": (
        *("sql", "webapp.access", "webapp.clients", "webapp.http", "webapp.identity"),
        *("webapp.rules", "webapp.settings"),
    ),
    "webapp.blueprints": (
        *("sql", "webapp.access", "webapp.clients", "webapp.exporting", "webapp.filing"),
        *("webapp.http", "webapp.identity", "webapp.mails", "webapp.parsing", "webapp.routes"),
        *("webapp.rules", "webapp.schemas", "webapp.search", "webapp.settings"),
        "webapp.signing_in",
    ),
    "webapp": (  # app.py, gunicorn.py, dev.py
        *("sql", "webapp.access", "webapp.blueprints", "webapp.http", "webapp.routes"),
        *("webapp.serving", "webapp.settings", "webapp.telemetry"),
    ),
    "workers.engine": ("sql", "webapp.failure", "webapp.settings", "webapp.telemetry"),
    "workers.terminal": (
        *("sql", "webapp.failure", "webapp.settings", "webapp.telemetry", "workers.engine"),
    ),
    "workers": (  # the commands
        *("sql", "webapp.archives", "webapp.clients", "webapp.exporting", "webapp.failure"),
        "webapp.filing",
        *(
            "webapp.identity",
            "webapp.mails",
            "webapp.parsing",
            "webapp.reading",
            "webapp.rules",
            "webapp.settings",
        ),
        *("webapp.telemetry", "workers.engine", "workers.terminal"),
    ),
}

PATHS = {
    ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("sql", "webapp", "workers")
    for path in (PROJECT / package).rglob("*.py")
}


def room_of(module: str) -> str:
    """The room that a module is in: the longest name of a room that its own name begins with."""
    return max(
        (room for room in ROOMS if f"{module}.".startswith(f"{room}.")), key=len, default=module
    )


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Every statement below a node, without expressions: a fifth of what ast.walk visits."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.stmt | ast.excepthandler | ast.match_case):
            yield inner
            yield from statements(inner)


def imports_of(path: Path) -> set[str]:
    """Which of our modules a file imports, also inside functions and for types."""
    found = set()
    for node in statements(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            named = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in PATHS else str(node.module) for name in named}
    return found & PATHS.keys()


@cache
def imports() -> dict[str, set[str]]:
    return {module: imports_of(path) for module, path in PATHS.items()}


def loaded_by(*steps: list[str]) -> list[set[str]]:
    """What is in sys.modules after each step of importing modules, in one new process."""
    told = "; print(*sys.modules); "
    code = "import sys; " + "".join(f"import {', '.join(modules)}{told}" for modules in steps)
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [set(line.split()) for line in asked.stdout.splitlines()]


@pytest.mark.processes
def test_workers_run_without_flask_and_import_what_is_heavy_when_they_need_it():
    heavy = {"trafilatura", "py3langid", "lxml", "numpy", "httpx2", "yoyo", "cronsim"}
    heavy |= {"prometheus_client", "opentelemetry", "cryptography", "argon2", "zxcvbn", "joserfc"}
    heavy |= {"feedparser"}
    started, everything = loaded_by(["workers.work", "workers.clock", "workers.migrate"], WORKERS)
    assert not heavy & started
    assert not {"flask", "werkzeug", "flask_smorest", "webapp.app"} & everything


@pytest.mark.processes
def test_identity_and_clients_know_neither_the_web_nor_the_database():
    paths = (PROJECT / "webapp" / "identity").glob("*.py")
    identity = [f"webapp.identity.{path.stem}" for path in paths]
    clients = [name.removesuffix(".__init__") for name in CLIENTS]
    for loaded in loaded_by(identity, clients):
        assert not {"flask", "psycopg", "sql", "webapp.settings"} & loaded


def test_every_module_imports_only_what_its_room_may():
    upward = {
        (module, name)
        for module, names in imports().items()
        for name in names
        if room_of(name) not in (room_of(module), *ROOMS[room_of(module)])
    }
    assert upward == set()


def test_no_room_is_allowed_what_it_does_not_use():
    used = {
        (room_of(module), room_of(name)) for module, names in imports().items() for name in names
    }
    assert {(room, each) for room in ROOMS for each in ROOMS[room]} - used == set()


def test_rooms_stand_on_those_below_them():
    order = list(ROOMS)
    assert [
        (room, each)
        for room in order
        for each in ROOMS[room]
        if order.index(each) > order.index(room)
    ] == []


def as_row(room: str) -> str:
    return f"| `{room}` | {', '.join(f'`{each}`' for each in ROOMS[room]) or 'nothing of ours'} |"


def test_the_page_of_the_architecture_has_the_same_table():
    page = (PROJECT / "docs" / "architecture.md").read_text()
    assert "\n".join(as_row(room) for room in ROOMS) in page


def test_no_files_import_each_other_in_a_circle():
    TopologicalSorter(imports()).prepare()  # raises CycleError, which names the circle


def test_only_settings_and_the_embedded_server_read_the_environment():
    # gunicorn.py does not read it, it only sets a folder there for Prometheus's library.
    readers = {
        str(path.relative_to(PROJECT))
        for package in ("sql", "webapp", "workers")
        for path in (PROJECT / package).rglob("*.py")
        if re.search(r"os\.environ|os\.getenv|Env\(", path.read_text())
    }
    assert readers == {"webapp/settings/__init__.py", "sql/server.py", "webapp/gunicorn.py"}
    told = (PROJECT / "webapp" / "gunicorn.py").read_text()
    assert re.findall(r"environ.*", told) == ['environ["PROMETHEUS_MULTIPROC_DIR"] = _metrics']


def test_what_an_app_has_is_asked_for_by_its_type():
    askers = {
        name
        for name in tracked("webapp/*.py", "tests/*.py", "benchmarks/*.py")
        if re.search(r"app\w*\.extensions", (PROJECT / name).read_text())
    }
    assert askers - {"tests/test_architecture.py"} == {"webapp/http/installed.py"}


def test_a_noun_has_one_stem_in_every_layer():
    def stems(folder, suffix):
        return {path.stem for path in (PROJECT / folder).rglob(f"*{suffix}")} - {"__init__"}

    blueprints = stems("webapp/blueprints", ".py")
    assert stems("webapp/schemas", ".py") - {"common"} <= blueprints


def tracked(*patterns: str) -> list[str]:
    """The files of the project, without the virtual environments among them."""
    command = ["git", "ls-files", *patterns]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PROJECT)
    return listed.stdout.splitlines()


def prose_of(path: Path, text: str) -> str:
    """What a file says to its readers: all of a page, the comments and docstrings of a program."""
    if path.suffix != ".py":
        return text
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, documented)]
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    comments = [each.string for each in tokens if each.type == tokenize.COMMENT]
    return "\n".join([*(ast.get_docstring(node) or "" for node in nodes), *comments])


def test_rules_are_stated_in_words_and_not_by_codes_of_a_page_that_readers_do_not_have():
    code = re.compile(r"(?<![A-Za-z0-9./#-])[PWITADXN][0-9]{1,2}(?![A-Za-z0-9])")
    texts = {name: (PROJECT / name).read_text() for name in tracked("*.py", "*.sql", "*.md")}
    suspected = {name: text for name, text in texts.items() if code.search(text)}
    found = {name: code.findall(prose_of(Path(name), text)) for name, text in suspected.items()}
    assert {name: codes for name, codes in found.items() if codes} == {}


def problem_codes():
    """The codes of every Problem in the source."""
    found = set()
    for path in (PROJECT / "webapp").rglob("*.py"):
        for node in ast.walk(tree_of(path)) if "Problem(" in path.read_text() else ():
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem":
                found |= {each.value for each in node.args[1:2] if isinstance(each, ast.Constant)}
    return found


def test_eth_account_is_only_imported_where_the_recursion_limit_is_kept():
    kept = {Path("webapp/clients/chain/accounts.py"), Path("tests/accounts.py")}
    importing = {
        Path(name)
        for name in tracked("webapp/*.py", "workers/*.py", "tests/*.py", "benchmarks/*.py")
        if re.search(
            r"^\s*(from|import) eth_(account|keyfile)|\"eth_(account|keyfile)\.",
            (PROJECT / name).read_text(),
            re.MULTILINE,
        )
    }
    assert importing == kept


def test_every_problem_is_documented():
    documented = (PROJECT / "docs" / "api.md").read_text()
    assert {code for code in problem_codes() if f"`{code}`" not in documented} == set()


def test_every_action_of_the_audit_log_is_documented_and_every_documented_one_exists():
    said = "\n".join(
        path.read_text()
        for folder in ("webapp", "workers")
        for path in (PROJECT / folder).rglob("*.py")
    )
    documented = (PROJECT / "docs" / "security.md").read_text().split("## The audit log")[1]
    listed = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", documented))
    assert {action for action in listed if f'"{action}"' not in said} == set()
    written = {
        action
        for action in re.findall(r'"([a-z_]+\.[a-z_]+)"', said)
        if action.split(".")[0] in {each.split(".")[0] for each in listed}
    }
    assert written - noted_events() == listed


def noted_events():
    """Events that workers note, which are written like actions."""
    (declared,) = (PROJECT / "migrations").glob("*-event-names.sql")
    return set(re.findall(r"\('([a-z_.]+)',", declared.read_text()))
