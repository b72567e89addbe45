"""How often one may ask: counted for all processes together, and reported in headers."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from webapp.access.limits import SIGN_INS

# So few writes that none of them is refilled during a test, even on a slow machine.
READS, WRITES = 100, 4
NOTE = {"source_type": "note", "raw_text": "Buy milk."}
READ = "/api/auth/me"
# A public route under /api/auth, which anybody may try.
LOG_OUT = "/api/auth/logout"


@pytest.fixture
def process(make_app):
    """Makes apps, each as if it ran in its own process."""
    limits = {"rate_limit_reads": READS, "rate_limit_writes": WRITES}
    return lambda **changes: make_app(**limits | changes)


def client_of(app, person):
    """A client of another process that calls as somebody."""
    made = app.test_client()
    made.environ_base["HTTP_AUTHORIZATION"] = person.client.environ_base["HTTP_AUTHORIZATION"]
    return made


def statuses(client, times, path=READ, method="GET", **given):
    return [client.open(path, method=method, **given).status_code for _ in range(times)]


def use_up(owner, seconds_left=-3600):
    """Use up everything, for a long time; or all but what `seconds_left` seconds refill."""
    owner.execute(
        "UPDATE rate_limits SET used_until = now() + %s * interval '1 second'",
        (60 - seconds_left,),
    )


def from_address(app, address, **headers):
    """The answer to an attempt to log out from an address."""
    return app.test_client().post(
        LOG_OUT, json={}, headers=headers, environ_overrides={"REMOTE_ADDR": address}
    )


def counted(owner):
    """The names under which attempts to sign in are counted."""
    rows = owner.execute("SELECT key FROM rate_limits WHERE key ~ '^sign_ins:' ORDER BY key")
    return [key.removeprefix("sign_ins:") for (key,) in rows]


# What a client is told


@pytest.mark.long
def test_every_answer_says_how_much_is_left(process, people):
    client = client_of(process(), people.person("olga"))
    first, second = client.get(READ).headers, client.get(READ).headers
    assert first["RateLimit-Limit"] == str(READS)
    assert first["RateLimit-Policy"] == f"{READS};w=60"
    assert first["RateLimit-Remaining"] == "99"
    assert 98 <= int(second["RateLimit-Remaining"]) <= 99
    assert 1 <= int(first["RateLimit-Reset"]) <= 2
    assert "Retry-After" not in first


@pytest.mark.long
def test_answers_to_refused_and_missing_things_say_it_as_well(process, people):
    client = client_of(process(), people.person("olga"))
    for path in ("/api/admin/users", "/api/items/00000000-0000-7000-8000-000000000000"):
        answer = client.get(path)
        assert answer.status_code in (403, 404)
        assert answer.headers["RateLimit-Limit"] == str(READS)


@pytest.mark.long
def test_reads_and_writes_are_counted_apart(process, people, owner):
    client = client_of(process(), people.person("olga"))
    assert client.get(READ).headers["RateLimit-Limit"] == str(READS)
    written = client.post("/api/items", json=NOTE).headers
    assert written["RateLimit-Limit"] == str(WRITES)
    names = owner.execute("SELECT split_part(key, ':', 1) FROM rate_limits ORDER BY key")
    assert names.fetchall() == [("reads",), ("writes",)]


@pytest.mark.long
def test_whoever_asks_too_often_has_to_wait(process, people):
    client = client_of(process(), people.person("olga"))
    assert set(statuses(client, WRITES, "/api/items", "POST", json=NOTE)) == {201}
    answer = client.post("/api/items", json=NOTE)
    assert (answer.status_code, answer.json["code"]) == (429, "rate_limited")
    assert answer.content_type == "application/problem+json"
    assert 1 <= int(answer.headers["Retry-After"]) <= 15
    assert answer.headers["RateLimit-Remaining"] == "0"
    assert 45 <= int(answer.headers["RateLimit-Reset"]) <= 60
    assert client.get(READ).status_code == 200


@pytest.mark.long
def test_a_refused_request_does_nothing(process, people, owner):
    client = client_of(process(rate_limit_writes=1), people.person("olga"))
    answers = statuses(client, 3, "/api/items", "POST", json=NOTE)
    assert answers == [201, 429, 429]
    assert owner.execute("SELECT count(*) FROM items").fetchone() == (1,)


@pytest.mark.long
def test_a_refusal_burns_no_idempotency_key(process, people, owner):
    client = client_of(process(rate_limit_writes=1), people.person("olga"))
    client.post("/api/items", json=NOTE)
    headers = {"Idempotency-Key": "k"}
    assert client.post("/api/items", json=NOTE, headers=headers).status_code == 429
    use_up(owner, seconds_left=61)
    assert client.post("/api/items", json=NOTE, headers=headers).status_code == 201


# For all processes together


@pytest.mark.long
@pytest.mark.parametrize("limit", [1, 7, 50, 120])
def test_two_processes_share_what_there_is(process, people, limit):
    olga = people.person("olga")
    clients = [client_of(process(rate_limit_reads=limit), olga) for _ in range(2)]
    began = time.monotonic()
    answers = [clients[number % 2].get(READ).status_code for number in range(limit + 20)]
    answers += statuses(clients[0], 10) + statuses(clients[1], 10)
    refilled = (time.monotonic() - began) * limit / 60
    in_advance = 2 * (limit // 50)
    assert set(answers[: limit - in_advance]) == {200}
    assert answers.count(200) <= limit + in_advance + refilled + 1


@pytest.mark.long
def test_many_threads_of_two_processes_share_what_there_is(process, people):
    olga = people.person("olga")
    apps = [process(rate_limit_reads=60), process(rate_limit_reads=60)]

    def ask(number):
        return client_of(apps[number % 2], olga).get(READ).status_code

    began = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(160)))
    refilled = time.monotonic() - began  # one per second
    assert 60 - 2 <= answers.count(200) <= 60 + 2 + refilled + 1
    assert set(answers) <= {200, 429}


@pytest.mark.long
def test_what_a_process_holds_in_advance_is_a_fiftieth(process, people, owner):
    olga = people.person("olga")
    one, other = (client_of(process(), olga) for _ in range(2))
    one.get(READ)
    use_up(owner)
    assert statuses(one, 2) == [200, 429]
    assert statuses(other, 1) == [429]


@pytest.mark.long
def test_users_do_not_share(process, people):
    app = process(rate_limit_reads=2)
    olga, sten = (client_of(app, people.person(name)) for name in ("olga", "sten"))
    assert statuses(olga, 3) == [200, 200, 429]
    assert statuses(sten, 2) == [200, 200]


@pytest.mark.long
def test_sessions_keys_and_workspaces_of_one_user_share(process, people):
    app = process(rate_limit_reads=2)
    olga = people.person("olga")
    workspace_id = people.workspace(olga)
    _, key = people.key(olga, ["account:read"], workspace_id=workspace_id)
    by_key = {"X-API-Key": key}
    assert app.test_client().get(READ, headers=by_key).status_code == 200
    client = client_of(app, olga)
    assert client.get(READ, headers={"X-Workspace-Id": str(workspace_id)}).status_code == 200
    assert client.get(READ).status_code == 429
    assert app.test_client().get(READ, headers=by_key).status_code == 429


@pytest.mark.long
def test_it_is_filled_again_evenly(process, people, owner):
    client = client_of(process(rate_limit_reads=4), people.person("olga"))
    client.get(READ)
    use_up(owner, seconds_left=0)
    answer = client.get(READ)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 15
    # One every fifteen seconds.
    for seconds, uses in ((16, 1), (31, 2), (60, 4)):
        use_up(owner, seconds_left=seconds)
        assert statuses(client, uses + 1) == [200] * uses + [429]


@pytest.mark.long
def test_who_was_long_away_has_no_more_than_everybody(process, people, owner):
    client = client_of(process(rate_limit_reads=5), people.person("olga"))
    client.get(READ)
    owner.execute("UPDATE rate_limits SET used_until = now() - interval '30 days'")
    assert statuses(client, 6) == [200] * 5 + [429]


@pytest.mark.long
def test_zero_switches_it_off(process, people, owner):
    client = client_of(process(rate_limit_reads=0, rate_limit_writes=0), people.person("olga"))
    answer = client.get(READ)
    assert not [name for name, _ in answer.headers if name.startswith("RateLimit")]
    assert client.post("/api/items", json=NOTE).status_code == 201
    assert owner.execute("SELECT count(*) FROM rate_limits").fetchone() == (0,)


@pytest.mark.long
def test_zero_for_reads_leaves_writes_limited(process, people):
    client = client_of(process(rate_limit_reads=0, rate_limit_writes=1), people.person("olga"))
    assert set(statuses(client, 5)) == {200}
    assert statuses(client, 2, "/api/items", "POST", json=NOTE) == [201, 429]


# Where nobody has signed in yet


@pytest.mark.long
def test_one_address_tries_sixty_times_a_minute(app, owner):
    assert (SIGN_INS.most, SIGN_INS.seconds) == (60, 60)
    first = from_address(app, "203.0.113.1").status_code
    use_up(owner, seconds_left=1)
    assert from_address(app, "203.0.113.1").status_code == first
    use_up(owner)
    answers = [from_address(app, "203.0.113.1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [429, 429]
    assert first < 429
    assert answers[1].json["code"] == "rate_limited"
    assert answers[1].headers["RateLimit-Limit"] == "60"
    assert int(answers[1].headers["Retry-After"]) >= 1
    assert from_address(app, "203.0.113.2").status_code == first


@pytest.mark.parametrize(
    "path",
    [
        *("login", "login/totp", "refresh", "logout", "register", "confirm"),
        *("password/forgot", "password/reset"),
    ],
)
def test_every_way_in_is_counted_before_its_input_is_read(app, owner, path):
    client = app.test_client()
    client.post(f"/api/auth/{path}", data="{", content_type="application/json")
    assert counted(owner) == ["127.0.0.1"]
    use_up(owner)
    answer = client.post(f"/api/auth/{path}", data="{", content_type="application/json")
    assert answer.status_code == 429


@pytest.mark.long
def test_ways_in_are_limited_where_ordinary_requests_are_not(process, owner):
    app = process(rate_limit_reads=0, rate_limit_writes=0)
    from_address(app, "203.0.113.1")
    use_up(owner)
    assert from_address(app, "203.0.113.1").status_code == 429


@pytest.mark.parametrize(
    ("addresses", "names"),
    [
        (
            ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"],
            ["2001:db8:1:2::", "2001:db8:1::/48"],
        ),
        (
            ["2001:db8:1:2::1", "2001:db8:1:3::1"],
            ["2001:db8:1:2::", "2001:db8:1:3::", "2001:db8:1::/48"],
        ),
        (
            ["2001:db8:1:2::1", "2001:db8:2:2::1"],
            ["2001:db8:1:2::", "2001:db8:1::/48", "2001:db8:2:2::", "2001:db8:2::/48"],
        ),
        (["::ffff:203.0.113.1", "203.0.113.1", "::ffff:cb00:7101"], ["203.0.113.1"]),
        (["::ffff:203.0.113.1", "::ffff:203.0.113.2"], ["203.0.113.1", "203.0.113.2"]),
        (["203.0.113.1", "203.0.113.2"], ["203.0.113.1", "203.0.113.2"]),
        (["::1"], ["::", "::/48"]),
        (["", "unix:"], ["0.0.0.0"]),
    ],
    ids=[
        *(
            "one /64",
            "two /64",
            "two /48",
            "mapped and plain",
            "two mapped",
            "two of IPv4",
            "loopback",
        ),
        "no address",
    ],
)
def test_an_address_counts_as_one_client(app, owner, addresses, names):
    for address in addresses:
        assert from_address(app, address).status_code < 429
    assert counted(owner) == names


def test_who_has_a_48_of_ipv6_does_four_times_as_much_and_not_65536_times(app, owner):
    first = from_address(app, "2001:db8:1:1::1").status_code
    used = dict(
        owner.execute(
            "SELECT key, extract(epoch FROM used_until - now())::float FROM rate_limits"
        ).fetchall()
    )
    assert used["sign_ins:2001:db8:1::/48"] <= SIGN_INS.worth / 4
    owner.execute(
        "UPDATE rate_limits SET used_until = now() + interval '1 hour' WHERE key ~ '/48$'"
    )
    assert from_address(app, "2001:db8:1:2::1").status_code == 429
    assert from_address(app, "2001:db8:2:1::1").status_code == first


def test_an_address_with_a_scope_is_accepted(app):
    given = {"email": "olga@example.com", "password": "wrong"}
    answer = app.test_client().post(
        "/api/auth/login", json=given, environ_overrides={"REMOTE_ADDR": "fe80::1%eth0"}
    )
    assert answer.status_code == 401


# Proxies


@pytest.mark.long
@pytest.mark.parametrize(
    ("proxies", "forwarded", "name"),
    [
        (0, "198.51.100.1", "203.0.113.1"),
        (0, "198.51.100.1, 198.51.100.2", "203.0.113.1"),
        (1, None, "203.0.113.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "192.0.2.66, 198.51.100.1", "198.51.100.1"),
        (1, "127.0.0.1, ::1, 198.51.100.1", "198.51.100.1"),
        (1, "192.0.2.66,,198.51.100.1", "198.51.100.1"),
        (2, "192.0.2.66, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", "203.0.113.1"),
    ],
    ids=[
        *("ignored", "ignored list", "no header", "one hop", "forged", "forged twice"),
        *("forged empty", "two hops", "too few hops"),
    ],
)
def test_as_many_hops_are_believed_as_the_setting_says(process, owner, proxies, forwarded, name):
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    from_address(process(trusted_proxies=proxies), "203.0.113.1", **headers)
    assert counted(owner) == [name]


@pytest.mark.long
def test_a_forged_header_gives_no_fresh_allowance(process, owner):
    app = process(trusted_proxies=1)
    from_address(app, "10.0.0.1", **{"X-Forwarded-For": "198.51.100.1"})
    use_up(owner)
    for forged in ("192.0.2.1", "192.0.2.2", "198.51.100.99"):
        headers = {"X-Forwarded-For": f"{forged}, 198.51.100.1"}
        assert from_address(app, "10.0.0.1", **headers).status_code == 429


@pytest.mark.long
@pytest.mark.parametrize("header", ["X-Real-Ip", "Forwarded", "X-Client-Ip", "True-Client-Ip"])
def test_no_other_header_names_the_client(process, owner, header):
    value = "for=198.51.100.1" if header == "Forwarded" else "198.51.100.1"
    from_address(process(trusted_proxies=1), "203.0.113.1", **{header: value})
    assert counted(owner) == ["203.0.113.1"]


@pytest.mark.long
def test_the_audit_log_has_the_address_that_is_believed(process, owner):
    app = process(trusted_proxies=1)
    app.test_client().post(
        "/api/auth/login",
        json={"email": "olga@example.com", "password": "wrong"},
        headers={"X-Forwarded-For": "192.0.2.66, 2001:db8::7"},
    )
    assert owner.execute("SELECT host(address) FROM audit_log").fetchone() == ("2001:db8::7",)
