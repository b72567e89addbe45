"""Coffer as it is installed with what setup.cfg names, without the lock files."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent.parent
OURS = ("sql", "webapp", "workers")
NEEDED = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "migrations", *OURS)
# The modules of extras, which are not installed here, and one that only type checkers know.
WITHOUT = {
    *("_typeshed", "cv2", "obstore", "onnxruntime", "opentelemetry", "rapidocr"),
    *("eth_abi", "eth_account", "eth_hash", "eth_keys", "wordllama"),
}
SETTINGS = {
    "COFFER_ENV": "development",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",  # nothing connects to it
}


def run(*command, **environment):
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd="/", env=environment or None
    )


def uv(*arguments):
    return run(sys.executable, "-m", "uv", *arguments)


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The Python of a new environment in which Coffer was installed from a wheel."""
    folder = tmp_path_factory.mktemp("installation")
    assert uv("venv", "--python", sys.executable, folder / "environment").returncode == 0
    python = folder / "environment" / "bin" / "python"
    if uv("pip", "install", "--python", python, "setuptools>=77").returncode:
        pytest.skip("The package index cannot be reached.")
    # A copy, because a build leaves its own files next to what it builds.
    checkout = folder / "checkout"
    checkout.mkdir()
    for name in NEEDED:
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, checkout / name)
    built = uv(
        *("build", "--wheel", "--no-build-isolation", "--python", python),
        *("--out-dir", folder / "wheels", checkout),
    )
    assert built.returncode == 0, built.stderr
    assert uv("pip", "uninstall", "--python", python, "setuptools").returncode == 0
    installed = uv("pip", "install", "--python", python, *(folder / "wheels").glob("*.whl"))
    assert installed.returncode == 0, installed.stderr
    return python


def imports(nodes):
    """The first part of each name that these nodes import."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def test_all_that_is_imported_is_installed(python):
    ours, theirs = [], set()
    for path in sorted(path for package in OURS for path in (PROJECT / package).rglob("*.py")):
        tree = ast.parse(path.read_text())
        theirs |= set(imports(ast.walk(tree)))  # also inside functions
        if WITHOUT.isdisjoint(imports(tree.body)):
            name = ".".join(path.relative_to(PROJECT).with_suffix("").parts)
            ours.append(name.removesuffix(".__init__"))
    theirs -= sys.stdlib_module_names | WITHOUT | set(OURS)
    code = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    done = run(python, "-c", code, *ours, *sorted(theirs), **SETTINGS)
    assert done.returncode == 0, done.stderr


def test_workers_can_do_all_their_work(python):
    code = (
        "from workers.work import KINDS\n"
        "checks = [kind.check for kind in KINDS if kind.check is not None]\n"
        "for check in checks: check()\n"
        "print(len(checks))"
    )
    done = run(python, "-c", code, **SETTINGS)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 2


def test_a_worker_whose_readers_are_not_there_says_so_and_does_not_start(python):
    """The last test of this environment: it removes what jusText needs but does not require."""
    assert uv("pip", "uninstall", "--python", python, "lxml_html_clean").returncode == 0
    done = run(python.with_name("coffer"), "enrich_items", "--once", **SETTINGS)
    assert (done.returncode, done.stdout) == (1, "")
    (said,) = done.stderr.strip().splitlines()
    assert said.startswith(
        "Error: webapp.parsing.page cannot be loaded in a child process: ImportError"
    )
    assert "lxml_html_clean" in said
