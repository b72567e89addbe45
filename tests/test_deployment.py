"""The files that deploy Coffer agree with each other and with the code."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
import zipfile
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from webapp.clients.storage.choice import store_from
from webapp.settings import Settings
from webapp.settings.declaration import variable_of
from workers.terminal.folder import commands

PROJECT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]


def procfile(name):
    lines = (PROJECT / name).read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines)


def test_the_procfile_names_the_four_processes():
    assert list(procfile("Procfile")) == ["release", "web", "worker", "clock"]


@pytest.mark.parametrize("name", ["Procfile", "Procfile.dev"])
def test_every_process_is_a_command_that_exists(name):
    for command in procfile(name).values():
        program, *arguments = command.split()
        if program == "coffer":
            assert arguments[0] in commands()
        else:
            assert command.startswith("gunicorn -c python:webapp.gunicorn")
            assert arguments[-1] == "wsgi:application"


def test_compose_runs_the_same_commands():
    dockerfile = (PROJECT / "Dockerfile").read_text()
    web = re.search(r"CMD \[(.*)\]", dockerfile)[1].replace('"', "").split(", ")
    processes = procfile("Procfile")
    assert " ".join(web) == processes["web"]
    for service, process in (("migrate", "release"), ("worker", "worker"), ("clock", "clock")):
        assert " ".join(SERVICES[service]["command"]) == processes[process]


@pytest.mark.parametrize("service", ["web", "worker", "clock"])
def test_nothing_starts_before_database_and_store_are_healthy_and_migrated(service):
    assert SERVICES[service]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "minio": {"condition": "service_healthy"},
        "migrate": {"condition": "service_completed_successfully"},
    }
    assert "healthcheck" in SERVICES["postgres"]
    assert "healthcheck" in SERVICES["minio"]


@pytest.mark.parametrize("service", ["migrate", "web", "worker", "clock"])
def test_compose_passes_every_setting_and_nothing_else(service):
    given = SERVICES[service]["environment"]
    left_out = {variable_of(each) for each in fields(Settings)} - given.keys()
    # Those whose defaults fit the containers, one for tests, and one that only the owner gets.
    assert left_out - {"DATABASE_MIGRATE_URL"} == {
        *("PORT", "DATABASE_POOLER", "DATABASE_LISTEN_URL", "FETCH_ALLOW_LOOPBACK")
    }
    assert given.keys() <= {variable_of(each) for each in fields(Settings)}
    assert given["COFFER_ENV"] == "production"


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_that_is_taken_over_can_do_little(service):
    told = SERVICES[service]
    assert told["read_only"] is True
    assert "/tmp" in told["tmpfs"]
    assert told["cap_drop"] == ["ALL"]
    assert "cap_add" not in told
    assert "privileged" not in told
    assert told["security_opt"] == ["no-new-privileges:true"]
    # Compose cannot copy text from its own file into a read-only container.
    assert "content" not in str(COMPOSE.get("configs", {}))


def test_clients_reach_the_web_through_the_proxy_alone():
    proxy = SERVICES["proxy"]
    assert [name for name, told in SERVICES.items() if "ports" in told] == ["proxy"]
    assert proxy["depends_on"] == {"web": {"condition": "service_healthy"}}
    for service in ("proxy", "web"):
        assert "healthcheck" in SERVICES[service]
    given = SERVICES["web"]["environment"]
    assert given["TRUSTED_PROXIES"] == "${TRUSTED_PROXIES:-1}"
    configuration = (PROJECT / "docker" / "nginx.conf").read_text()
    assert "./docker/nginx.conf:/etc/nginx/nginx.conf:ro" in proxy["volumes"]
    # Otherwise the proxy would refuse what the web accepts.
    largest = re.search(r"client_max_body_size (\d+)m;", configuration)[1]
    for most in (Settings.import_max_bytes, Settings.document_max_bytes):
        assert int(largest) * 1024 * 1024 >= most


def test_compose_names_a_valid_store_and_keeps_clients_out_of_it():
    named = SERVICES["web"]["environment"]["STORAGE_URL"]
    url = re.sub(r"\$\{MINIO_PASSWORD:-(\w+)\}", r"\1", named)
    store = store_from(re.fullmatch(r"\$\{STORAGE_URL:-(.*)\}", url)[1])
    assert store.is_shared
    assert store.download_url("a/b", 60) is None
    assert "ports" not in SERVICES["minio"]


def test_the_app_has_a_role_of_its_own():
    environment = SERVICES["web"]["environment"]
    assert "DATABASE_MIGRATE_URL" not in environment
    assert "coffer_app" in environment["DATABASE_URL"]
    assert "coffer_owner" in SERVICES["migrate"]["environment"]["DATABASE_MIGRATE_URL"]


def test_the_image_does_not_run_as_root():
    last_user = re.findall(r"^USER (\w+)$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    assert last_user == ["coffer"]


def test_the_lock_files_pin_what_setup_cfg_asks_for():
    config = configparser.ConfigParser()
    config.read(PROJECT / "setup.cfg")

    def names(text):
        found = re.findall(r"^([A-Za-z0-9_.-]+)", text, re.MULTILINE)
        return {name.lower().replace("_", "-") for name in found}

    needed = names(config["options"]["install_requires"].replace("\n    ", "\n"))
    extras = config["options.extras_require"]
    asked = ("dev", "meaning", "otel", "s3", "tokens")
    extra = names("".join(extras[each].replace("\n    ", "\n") for each in asked))
    pinned = {
        lock: names("\n".join(re.findall(r"^\S+==", (PROJECT / lock).read_text(), re.MULTILINE)))
        for lock in (
            *("requirements.lock", "requirements-meaning.lock", "requirements-s3.lock"),
            *("requirements-tokens.lock", "requirements-dev.lock"),
        )
    }
    clean = {name.replace("==", "") for name in pinned["requirements.lock"]}
    clean_dev = {name.replace("==", "") for name in pinned["requirements-dev.lock"]}
    assert needed <= clean
    assert pinned["requirements-s3.lock"] - pinned["requirements.lock"] == {"obstore"}
    dockerfile = (PROJECT / "Dockerfile").read_text()
    held = ("requirements-meaning.lock", "requirements-s3.lock", "requirements-tokens.lock")
    assert f"--require-hashes -r {' -r '.join(held)}" in dockerfile
    assert "wordllama" in pinned["requirements-meaning.lock"]
    assert {"eth-abi", "eth-account"} <= pinned["requirements-tokens.lock"]
    assert needed | extra <= clean_dev


@pytest.mark.processes
def test_a_wheel_has_everything_that_runs(tmp_path):
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"),
            *("--no-build-isolation", "--wheel-dir", tmp_path, PROJECT),
        ],
        check=True,
        cwd=tmp_path,
    )
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    tracked = {
        str(path.relative_to(PROJECT))
        for folder in ("migrations", "sql", "webapp", "workers")
        for path in (PROJECT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert tracked <= held
