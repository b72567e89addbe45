"""AI providers that are assigned over HTTP: who may, what is told of them, and what is called."""

from __future__ import annotations

import pytest

from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from tests.clients.ai.chat_server import KEY, chat_server, refusal, says
from tests.people import age_sessions

EMBEDDED = {"kind": "embedded"}
EVERYBODYS = "/api/admin/ai-provider"

EXAMPLES = Examples(
    bodies={
        "ai_provider_of_everybody.assign_everybody": EMBEDDED,
        "ai_provider_of_workspace.assign_own": EMBEDDED,
    },
    not_kept={
        f"{EVERYBODYS}/try",
        "/api/workspaces/<uuid:workspace_id>/ai-provider/try",
    },
)


@pytest.fixture
def server():
    with chat_server() as serving:
        yield serving


@pytest.fixture
def ada(people):
    return people.person("ada", admin=True)


def path_of(person):
    return f"/api/workspaces/{person.workspace_id}/ai-provider"


def chat(server, **changes):
    return {"kind": "chat_completions", "url": server.url, "model": "m", "api_key": KEY} | changes


def used(person):
    """Where the provider of somebody's workspace comes from, and its model."""
    found = person.client.get(path_of(person)).json
    return found["origin"], found["model"]


@pytest.mark.long
def test_a_provider_is_tried_then_used_and_its_key_is_shown_to_nobody(olga, server, owner):
    answer = olga.client.put(path_of(olga), json=chat(server))
    assert answer.status_code == 200, answer.json
    assert answer.json == olga.client.get(path_of(olga)).json
    assert answer.json | {"updated_at": None} == {
        "origin": "workspace",
        "kind": "chat_completions",
        "url": server.url,
        "model": "m",
        "has_api_key": True,
        "updated_at": None,
    }
    (asked,) = server.requests
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert asked.body["model"] == "m"
    entry = owner.execute(
        "SELECT action, actor, workspace_id, details FROM audit_log ORDER BY id"
    ).fetchall()
    told = {"kind": "chat_completions", "host": "127.0.0.1", "model": "m", "has_api_key": True}
    assert entry == [("ai_provider.assigned", f"user:{olga.id}", olga.workspace_id, told)]
    (stored,) = owner.execute("SELECT key FROM ai_providers").fetchone()
    assert KEY.encode() not in stored
    tried = olga.client.post(f"{path_of(olga)}/try")
    assert (tried.status_code, tried.json["origin"], tried.json["model"]) == (200, "workspace", "m")
    assert 0 < tried.json["seconds"] < 30
    assert len(server.requests) == 2


@pytest.mark.long
def test_a_workspaces_own_goes_first_then_everybodys_then_that_of_the_settings(
    people, olga, ada, server, owner
):
    sten = people.person("sten")
    assert used(olga) == ("nowhere", None)
    assert olga.client.post(f"{path_of(olga)}/try").json["seconds"] is None
    assert ada.client.put(EVERYBODYS, json=chat(server, model="all")).status_code == 200
    assert ada.client.get(EVERYBODYS).json["url"] == server.url
    assert used(olga) == ("everybody", "all")
    # The address may be one that not everybody should know.
    assert olga.client.get(path_of(olga)).json["url"] is None
    assert olga.client.put(path_of(olga), json=chat(server, model="own")).status_code == 200
    assert [used(each) for each in (olga, sten)] == [("workspace", "own"), ("everybody", "all")]
    assert olga.client.put(path_of(olga), json=EMBEDDED).json["kind"] == "embedded"
    assert used(olga) == ("workspace", None)
    for client, path in ((olga.client, path_of(olga)), (ada.client, EVERYBODYS)):
        assert [client.delete(path).status_code for _ in range(2)] == [204, 204]
    assert used(olga) == ("nowhere", None)
    actions = owner.execute("SELECT action FROM audit_log ORDER BY id").fetchall()
    assert [action.partition(".")[2] for (action,) in actions] == [
        *("assigned", "assigned", "assigned", "removed", "removed")
    ]


@pytest.mark.long
def test_what_the_settings_name_is_told_without_its_address(make_app, server):
    set_up = {"ai_url": server.url, "ai_key": KEY, "ai_model": "of-settings"}
    client = make_app(**set_up).test_client()
    client.environ_base["HTTP_X_DEV_USER_ID"] = "ana"
    path = f"/api/workspaces/{client.get('/api/workspaces').json['items'][0]['id']}/ai-provider"
    shown = client.get(path).json
    assert (shown["origin"], shown["url"], shown["has_api_key"]) == ("settings", None, True)
    assert client.post(f"{path}/try").json["model"] == "of-settings"
    server.model = lambda request: refusal(404, f"no model for {KEY}")
    said = assert_failed(client.post(f"{path}/try"), 502)
    assert "check AI_URL and AI_MODEL" in said
    assert "'of-settings' at 127.0.0.1, named in the settings" in said


def assert_failed(answer, status):
    assert_problem(answer, status, "ai_provider_failed")
    assert KEY not in answer.text
    return answer.json["detail"]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (refusal(401, f"not {KEY}"), "does not accept the key; check its key (HTTP 401)"),
        (refusal(404, "no such model"), "check its url and its model (HTTP 404)"),
        (refusal(503, "overloaded"), "has a problem at the moment (HTTP 503)"),
        (says("I am a poet."), "was not the JSON object asked for"),
    ],
    ids=["key", "model", "busy", "no JSON"],
)
def test_one_that_does_not_work_is_not_assigned_and_the_answer_says_why(
    olga, server, owner, reply, said
):
    server.model = lambda request: reply
    detail = assert_failed(olga.client.put(path_of(olga), json=chat(server)), 422)
    assert said in detail
    assert "It is 'm' at 127.0.0.1, assigned to this workspace." in detail
    assert owner.execute("SELECT count(*) FROM ai_providers").fetchone() == (0,)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://10.0.0.5/v1", "private or reserved network"),
        ("https://169.254.169.254/latest", "private or reserved network"),
        ("https://[fd00::1]/v1", "private or reserved network"),
        ("https://8.8.8.8:6379/v1", "port 6379"),
        ("http://8.8.8.8/v1", "must begin with https://"),
    ],
)
def test_nobody_reaches_inside_by_http_whoever_they_are(olga, ada, server, url, said):
    for client, path in ((olga.client, path_of(olga)), (ada.client, EVERYBODYS)):
        assert said in assert_failed(client.put(path, json=chat(server, url=url)), 422)


@pytest.mark.long
def test_a_stored_key_is_sent_only_where_it_was_given_for(olga, server):
    def assign(**changes):
        body = chat(server, **changes)
        return olga.client.put(path_of(olga), json={k: v for k, v in body.items() if v != "same"})

    assign()
    assert assign(api_key="same", model="better").json["has_api_key"] is True
    assert server.requests[-1].headers["Authorization"] == f"Bearer {KEY}"
    with chat_server() as other:
        answer = assign(api_key="same", url=other.url)
        assert_problem(answer, 422, "invalid_input", "api_key")
        assert assign(api_key=None, url=other.url).json["has_api_key"] is False
        (asked,) = other.requests
    assert "Authorization" not in asked.headers


@pytest.mark.parametrize("whose", ["workspace", "everybody"])
def test_to_assign_one_takes_a_recent_log_in_and_no_key_can(people, olga, ada, owner, whose):
    person, path = (olga, path_of(olga)) if whose == "workspace" else (ada, EVERYBODYS)
    scopes = ["workspace:settings:manage", "admin:settings:manage", "account:read"]
    _, secret = people.key(person, scopes)
    by_key = people.client(X_API_Key=secret)
    assert_problem(by_key.put(path, json=EMBEDDED), 403, "reauthentication_required")
    age_sessions(owner)
    assert_problem(person.client.put(path, json=EMBEDDED), 403, "reauthentication_required")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "anthropic"}, "kind"),
        ({"url": "ftp://example.com"}, "url"),
        ({"url": "https://user:secret@example.com"}, "url"),
        ({"url": "https://example.com/" + "x" * 2048}, "url"),
        ({"url": None}, "url"),
        ({"model": " "}, "model"),
        ({"model": "x" * 201}, "model"),
        ({"api_key": ""}, "api_key"),
        ({"api_key": "a b"}, "api_key"),
        ({"api_key": "kéy"}, "api_key"),
        ({"api_key": "k\n"}, "api_key"),
        ({"api_key": "x" * 1001}, "api_key"),
        ({"secret": 1}, "secret"),
    ],
    ids=str,
)
def test_a_wrong_part_is_named(olga, server, change, field):
    answer = olga.client.put(path_of(olga), json=chat(server) | change)
    assert_problem(answer, 422, "invalid_input", field)
    assert server.requests == []


def test_the_embedded_one_takes_no_address_and_the_other_needs_one(olga):
    answer = olga.client.put(path_of(olga), json={"kind": "chat_completions"})
    assert_problem(answer, 422, "invalid_input", "url", "model")
    answer = olga.client.put(path_of(olga), json=EMBEDDED | {"model": "m", "api_key": "k"})
    assert_problem(answer, 422, "invalid_input", "model", "api_key")


@pytest.mark.long
def test_a_key_of_a_secret_key_that_is_gone_has_to_be_given_again(olga, server, make_app):
    olga.client.put(path_of(olga), json=chat(server))
    other = make_app(secret_key="another secret, also of 32 characters!").test_client()
    other.environ_base["HTTP_X_DEV_USER_ID"] = "olga"
    assert "assign it again" in assert_failed(other.post(f"{path_of(olga)}/try"), 502)
    body = chat(server)
    del body["api_key"]
    assert "assign it again" in assert_failed(other.put(path_of(olga), json=body), 422)
    assert other.put(path_of(olga), json=chat(server)).status_code == 200
    assert len(server.requests) == 2
