"""Settings come from the environment alone, and all mistakes are reported at once."""

from __future__ import annotations

import json
import os
from dataclasses import fields

import pytest

from webapp import settings
from webapp.settings import __main__ as written
from webapp.settings import observability
from webapp.settings.declaration import variable_of

URL = "postgresql://app:hunter2@localhost/coffer"
PRODUCTION = {
    "COFFER_ENV": "production",
    "DATABASE_URL": URL,
    "SECRET_KEY": "0123456789abcdef0123456789abcdef",
}


@pytest.fixture
def load(monkeypatch, tmp_path):
    """Loads settings from these variables and no others."""
    for name in list(os.environ):
        if name.isupper() and name not in ("PATH", "HOME"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def load_from(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return settings.load()

    return load_from


def mistakes(load, **variables):
    with pytest.raises(settings.SettingsError) as wrong:
        load(**variables)
    return {line.partition(":")[0] for line in wrong.value.mistakes}


def test_production_needs_a_database_and_a_secret(load):
    assert mistakes(load) == {"DATABASE_URL", "SECRET_KEY"}


def test_a_complete_production(load):
    loaded = load(**PRODUCTION, PORT="9000", CORS_ORIGINS="https://a.example,https://b.example")
    assert loaded.in_production
    assert loaded.database_migrate_url == URL
    assert loaded.port == 9000
    assert loaded.cors_origins == ("https://a.example", "https://b.example")
    assert not loaded.docs_enabled
    assert loaded.database_pool_size == loaded.web_threads + 1


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"COFFER_ENV": "prod"}, "COFFER_ENV"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SECRET_KEY": "for development only, and known to everybody"}, "SECRET_KEY"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"DATABASE_LISTEN_URL": "mysql://x"}, "DATABASE_LISTEN_URL"),
        ({"EVENTS_KEPT_DAYS": "29"}, "EVENTS_KEPT_DAYS"),
        ({"DATABASE_MIGRATE_URL": "host=x"}, "DATABASE_MIGRATE_URL"),
        ({"PORT": "0"}, "PORT"),
        ({"PORT": "http"}, "PORT"),
        ({"LOG_LEVEL": "info"}, "LOG_LEVEL"),
        ({"WEB_CONCURRENCY": "0", "WEB_THREADS": "-1"}, "WEB_CONCURRENCY WEB_THREADS"),
        ({"MAX_BODY_BYTES": "1MB"}, "MAX_BODY_BYTES"),
        ({"AI_URL": "https://api.example.com/v1"}, "AI_MODEL"),
        ({"AI_URL": "api.example.com", "AI_MODEL": "m"}, "AI_URL"),
        ({"FETCH_ALLOW_LOOPBACK": "true"}, "FETCH_ALLOW_LOOPBACK"),
        ({"WEBHOOK_ALLOW_LOOPBACK": "true"}, "WEBHOOK_ALLOW_LOOPBACK"),
        ({"DRIVE_ENDPOINT": "http://127.0.0.1:1"}, "DRIVE_ENDPOINT"),
        ({"ONEDRIVE_CLIENT_ID": "x"}, "ONEDRIVE_CLIENT_SECRET PUBLIC_URL"),
        ({"DOCS_ENABLED": "perhaps"}, "DOCS_ENABLED"),
        ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN"),
        ({"METRICS_TOKEN": "a token with spaces in it"}, "METRICS_TOKEN"),
        ({"WORKER_METRICS": "9100"}, "WORKER_METRICS"),
        ({"WORKER_METRICS": "127.0.0.1:99999"}, "WORKER_METRICS"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        (
            {"PORT": "x", "LOG_LEVEL": "x", "AI_URL": "x"},
            "PORT LOG_LEVEL AI_URL AI_MODEL",
        ),
    ],
    ids=str,
)
def test_every_mistake_is_named(load, wrong, named):
    assert mistakes(load, **(PRODUCTION | wrong)) == set(named.split())


def test_an_empty_variable_is_as_if_it_were_not_set(load):
    loaded = load(**PRODUCTION, AI_URL="", AI_KEY="", AI_MODEL="", DATABASE_MIGRATE_URL="")
    assert (loaded.ai_url, loaded.ai_key, loaded.ai_model) == (None, None, None)
    assert loaded.database_migrate_url == URL


def test_all_empty_variables_are_as_if_they_were_not_set(load):
    empty = {variable_of(each): "" for each in fields(settings.Settings)}
    assert load(**(empty | PRODUCTION)) == load(**PRODUCTION)


def test_a_list_may_have_spaces_around_its_commas(load):
    loaded = load(**PRODUCTION, CORS_ORIGINS=" https://a.example , https://b.example,")
    assert loaded.cors_origins == ("https://a.example", "https://b.example")


def test_what_is_wrong_with_a_value_is_reported_once(load):
    with pytest.raises(settings.SettingsError) as wrong:
        load(**PRODUCTION, ARGON2_MEMORY_KIB="0", WEB_THREADS="many")
    assert wrong.value.mistakes == [
        "WEB_THREADS: Not a valid integer.",
        "ARGON2_MEMORY_KIB: must be 64 to 1048576",
    ]


WORK = {"name": "work", "issuer": "https://a.example", "client_id": "c", "client_secret": "s"}


@pytest.mark.parametrize(
    "given",
    [
        "x",
        "5",
        "{}",
        "[5]",
        json.dumps([WORK | {"name": 5}]),
        json.dumps([WORK | {"client_secret": ""}]),
        json.dumps([WORK | {"sign_up": "yes"}]),
        json.dumps([WORK | {"more": "x"}]),
        json.dumps([WORK | {"name": "Work"}]),
        json.dumps([WORK | {"issuer": "http://a.example"}]),
        json.dumps([WORK | {"issuer": "https://[a"}]),
        json.dumps([WORK, WORK]),
    ],
)
def test_providers_of_single_sign_on_are_checked(load, given):
    public = {"PUBLIC_URL": "https://coffer.example"}
    assert mistakes(load, **PRODUCTION, **public, SSO_PROVIDERS=given) == {"SSO_PROVIDERS"}


@pytest.mark.parametrize("registration", [True, False])
def test_a_provider_brings_new_users_where_anybody_may_register(load, registration):
    loaded = load(
        COFFER_ENV="development",
        DATABASE_URL=URL,
        REGISTRATION_ENABLED=str(registration),
        SSO_PROVIDERS=json.dumps([WORK, WORK | {"name": "other", "sign_up": True}]),
    )
    assert [each.sign_up for each in loaded.sso_providers] == [registration, True]


def test_the_files_that_follow_from_the_declarations_are_what_they_give():
    assert written.EXAMPLE.read_text() == written.example(), "run `make settings`"
    compose = written.COMPOSE.read_text()
    assert compose == written.compose(compose), "run `make settings`"


def test_secrets_are_not_shown(load):
    secrets = {"AI_KEY": "sk-secret", "METRICS_TOKEN": "a-token-for-prometheus"}
    secrets["SECRET_KEYS_FORMER"] = "another-secret-of-32-characters-or-more"
    secrets["ONEDRIVE_CLIENT_SECRET"] = "a-secret-of-ours-at-microsoft"
    secrets["SMTP_URL"] = "smtp://coffer:letmein@mail.example"
    provider = json.dumps([WORK | {"client_secret": "a-secret-of-the-provider"}])
    more = {"PUBLIC_URL": "https://x", "MAIL_FROM": "c@example.com", "SSO_PROVIDERS": provider}
    shown = repr(load(**PRODUCTION, AI_URL="https://x", AI_MODEL="m", **secrets, **more))
    for secret in ("hunter2", PRODUCTION["SECRET_KEY"], *secrets.values(), "of-the-provider"):
        assert secret not in shown


def test_a_file_adds_what_the_environment_does_not_say(load, tmp_path):
    (tmp_path / ".env").write_text(f"COFFER_ENV=development\nDATABASE_URL={URL}\nPORT=9001\n")
    loaded = load(PORT="9002")
    assert (loaded.environment, loaded.database_url, loaded.port) == ("development", URL, 9002)


@pytest.mark.parametrize("environment", ["test", "production"])
def test_outside_development_no_file_is_read(load, tmp_path, environment):
    (tmp_path / ".env").write_text("PORT=9001\n")
    assert load(**(PRODUCTION | {"COFFER_ENV": environment})).port == 8080


def test_an_environment_that_names_a_database_is_not_made_development_by_a_file(load, tmp_path):
    (tmp_path / ".env").write_text("COFFER_ENV=development\n")
    loaded = load(DATABASE_URL=URL, SECRET_KEY=PRODUCTION["SECRET_KEY"])
    assert loaded.in_production


def test_development_needs_nothing_but_a_database(load):
    loaded = load(COFFER_ENV="development", DATABASE_URL=URL)
    assert loaded.in_development
    assert loaded.docs_enabled


def test_traces_need_their_library_and_the_mistake_says_which(load, monkeypatch):
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}
    assert load(**PRODUCTION, **endpoint).otel_endpoint == "http://localhost:4318"
    monkeypatch.setattr(observability, "find_spec", lambda name: None)
    with pytest.raises(settings.SettingsError, match=r"pip install '\.\[otel\]'"):
        load(**PRODUCTION, **endpoint)
