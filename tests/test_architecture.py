"""Arrows point one way, and every setting is documented."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
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

# What each package may import of ours; the first that fits a module counts.
ALLOWED = {
    "sql": ("sql",),
    "webapp.failure": (),
    "webapp.parsing": ("webapp.parsing", "webapp.failure"),
    "webapp.reading": ("webapp.reading",),
    "webapp.rules": ("webapp.rules",),
    "webapp.mails": ("webapp.mails", "webapp.identity"),
    "webapp.clients": ("webapp.clients", "webapp.failure", "webapp.parsing", "webapp.reading"),
    "webapp.setting_mistakes": ("webapp.clients.mail",),
    "webapp.settings": ("sql.server", "webapp.setting_mistakes"),
    "webapp.identity": ("webapp.identity",),
    "webapp.logs": ("webapp.settings",),
    "webapp.imports": (
        *("webapp.imports", "webapp.schemas.common", "webapp.schemas.items"),
        *("webapp.schemas.tasks", "webapp.rules.same_page", "webapp.rules.first_line"),
    ),
    "webapp": ("webapp", "sql"),
    "workers.engine": (
        *("workers.engine", "webapp.failure", "webapp.settings", "webapp.logs", "webapp.tracing"),
        "sql",
    ),
    "workers": (
        "workers",
        "webapp.clients",
        "webapp.failure",
        "webapp.identity",
        "webapp.mails",
        "webapp.parsing",
        "webapp.reading",
        "webapp.settings",
        "webapp.logs",
        "webapp.tracing",
        "sql",
    ),
}


def imports_of(path: Path) -> set[str]:
    """What a module of ours imports of ours, also inside functions and for types."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] in ("sql", "webapp", "workers")}


def loaded_by(*modules: str) -> set[str]:
    """What is in sys.modules after importing modules in a fresh process."""
    code = f"import {', '.join(modules)}, sys; print(*sys.modules)"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(asked.stdout.split())


@pytest.mark.parametrize("module", WORKERS)
def test_workers_run_without_flask(module):
    loaded = loaded_by(module)
    assert not {"flask", "werkzeug", "flask_smorest", "webapp.app"} & loaded


def test_what_is_heavy_is_not_imported_until_it_is_needed():
    heavy = {"trafilatura", "py3langid", "lxml", "numpy", "httpx2", "yoyo", "cronsim"}
    heavy |= {"prometheus_client", "opentelemetry", "cryptography", "argon2", "zxcvbn", "joserfc"}
    assert not heavy & loaded_by("workers.work", "workers.clock", "workers.migrate")


def test_clients_know_neither_the_web_nor_the_database():
    loaded = loaded_by(*(name.removesuffix(".__init__") for name in CLIENTS))
    assert not {"flask", "psycopg", "sql", "webapp.settings"} & loaded


def test_identity_knows_neither_the_web_nor_the_database():
    modules = (PROJECT / "webapp" / "identity").glob("*.py")
    loaded = loaded_by(*(f"webapp.identity.{path.stem}" for path in modules))
    assert not {"flask", "psycopg", "sql", "webapp.settings"} & loaded


@pytest.mark.parametrize("package", ["sql", "webapp", "workers"])
def test_imports_point_one_way(package):
    for path in (PROJECT / package).rglob("*.py"):
        module = ".".join(path.relative_to(PROJECT).with_suffix("").parts)
        allowed = next(
            names for prefix, names in ALLOWED.items() if f"{module}.".startswith(f"{prefix}.")
        )
        for name in imports_of(path):
            assert any(f"{name}.".startswith(f"{each}.") for each in allowed), (module, name)


def test_only_settings_and_the_embedded_server_read_the_environment():
    # gunicorn.py reads none of it: it tells Prometheus's library a folder, which is to be told so.
    readers = {
        str(path.relative_to(PROJECT))
        for package in ("sql", "webapp", "workers")
        for path in (PROJECT / package).rglob("*.py")
        if re.search(r"os\.environ|os\.getenv|Env\(", path.read_text())
    }
    assert readers == {"webapp/settings.py", "sql/server.py", "webapp/gunicorn.py"}
    told = (PROJECT / "webapp" / "gunicorn.py").read_text()
    assert re.findall(r"environ.*", told) == ['environ["PROMETHEUS_MULTIPROC_DIR"] = _metrics']


def test_every_setting_is_documented_and_every_documented_one_exists():
    source = (PROJECT / "webapp" / "settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))
    example = (PROJECT / ".env.example").read_text()
    documented = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))
    assert read == documented


def test_a_noun_has_one_stem_in_every_layer():
    def stems(folder, suffix):
        return {path.stem for path in (PROJECT / folder).rglob(f"*{suffix}")} - {"__init__"}

    blueprints = stems("webapp/blueprints", ".py")
    assert stems("webapp/schemas", ".py") - {"common"} <= blueprints
    for noun in blueprints & stems("sql/queries", ".sql"):
        assert noun in {
            *("items", "events", "tags", "tasks", "users", "audit_log"),
            *("sessions", "totp", "api_keys", "workspaces", "members", "invitations", "search"),
            *("imports", "library", "exports"),
        }


def problem_codes():
    """The codes of every Problem in the source."""
    found = set()
    for path in (PROJECT / "webapp").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem":
                found |= {each.value for each in node.args[1:2] if isinstance(each, ast.Constant)}
    return found


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
    assert written == listed
