"""`coffer ai-provider`: operators assign AI providers, also at addresses of their own network."""

from __future__ import annotations

import pytest

from tests.clients.ai.chat_server import KEY, chat_server, refusal
from tests.factories import NOWHERE
from tests.workers.test_cli import coffer


@pytest.fixture
def server():
    with chat_server() as serving:
        yield serving


@pytest.fixture
def asked(database, settings):
    """Runs one of the commands, where users may not name this machine."""

    def run(*arguments, typed=None):
        answer = coffer(
            "ai-provider",
            *map(str, arguments),
            typed=typed,
            DATABASE_URL=database.url,
            SECRET_KEY=settings.secret_key,
        )
        assert answer.exception is None or isinstance(answer.exception, SystemExit)
        assert "Traceback" not in answer.output
        assert KEY not in answer.output
        return answer

    return run


@pytest.mark.long
def test_a_provider_is_tried_assigned_shown_and_taken_away(asked, people, server, owner):
    olga = people.person("olga")
    here = ("--workspace", olga.workspace_id)
    assert "none is assigned" in asked("show").stdout
    named = ("--url", server.url, "--model", "m")
    answer = asked("set", *named, "--key-stdin", typed=f"{KEY}\n")
    assert (answer.exit_code, answer.stdout) == (0, "assigned to everybody\n")
    assert "it answered within" in answer.stderr
    assert server.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    assert asked("set", "--embedded", *here).exit_code == 0
    said = f"assigned to everybody: m at {server.url}, with a key\n"
    assert asked("show").stdout == said
    assert asked("show", *here).stdout == f"assigned to workspace {olga.workspace_id}: embedded\n"
    assert asked("remove", *here).stdout == f"removed from workspace {olga.workspace_id}\n"
    assert "none was assigned" in asked("remove", *here).stdout
    assert asked("show", *here).stdout == said
    entries = owner.execute(
        "SELECT action, actor, workspace_id, details ->> 'model' FROM audit_log ORDER BY id"
    ).fetchall()
    assert entries == [
        ("ai_provider.assigned", "operator", None, "m"),
        ("ai_provider.assigned", "operator", olga.workspace_id, None),
        ("ai_provider.removed", "operator", olga.workspace_id, None),
    ]


@pytest.mark.long
def test_what_an_operator_assigned_may_be_tried_by_http_but_its_key_not_be_moved(
    asked, people, server
):
    ada = people.person("ada", admin=True)
    asked("set", "--url", server.url, "--model", "m", "--key-stdin", typed=KEY)
    assert ada.client.post("/api/admin/ai-provider/try").json["origin"] == "everybody"
    body = {"kind": "chat_completions", "url": "https://example.com/v1", "model": "m"}
    answer = ada.client.put("/api/admin/ai-provider", json=body)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "--embedded"),
        (["--url", "http://x"], 2, "--url and --model"),
        (["--embedded", "--model", "m"], 2, "--embedded"),
        (["--url", "x", "--model", "m"], 1, "must be an address"),
        (["--url", "SERVER", "--model", "m", "--key-stdin"], 1, "no key"),
        (["--url", "SERVER", "--model", "m"], 1, "does not accept the key"),
        (["--embedded", "--workspace", NOWHERE], 1, "there is no workspace"),
    ],
    ids=str,
)
def test_what_cannot_be_assigned_is_one_line_and_changes_nothing(
    asked, server, owner, arguments, code, said
):
    server.model = lambda request: refusal(401, "no")
    given = [server.url if each == "SERVER" else each for each in arguments]
    answer = asked("set", *given, typed="\n")
    assert answer.exit_code == code
    assert said in answer.stderr.splitlines()[-1]
    assert owner.execute("SELECT count(*) FROM ai_providers").fetchone() == (0,)
    assert owner.execute("SELECT count(*) FROM audit_log").fetchone() == (0,)
