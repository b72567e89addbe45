"""A server with OpenAI's images API."""

from __future__ import annotations

import base64

import pytest

from tests.fakes.replicate import png
from tests.fakes.vendor import Vendor, running
from webapp.clients.images.contract import Ended, ImageError, Made, Refused, Wanted
from webapp.clients.images.self_hosted import SelfHosted

WANTED = Wanted("a whale among stars", 7)


class Server(Vendor):
    """Answers with what `picture` says of one."""

    picture = b""

    def answer(self, asked):
        if asked.method == "GET":
            return 200, self.picture, {}
        encoded = base64.b64encode(self.picture).decode()
        return 200, {"created": 1, "data": [{"b64_json": encoded}]}, {}


@pytest.fixture
def server():
    with running(Server()) as made:
        made.picture = png()
        yield made


@pytest.fixture
def generator(server, pictures):
    made = SelfHosted(f"{server.url}/v1", "sk-secret", "sdxl", pictures)
    yield made
    made.close()


def test_a_picture_is_asked_for_as_openai_says(generator, server):
    assert isinstance(generator.begin(WANTED), Made)
    (asked,) = server.seen
    assert asked.path == "/v1/images/generations"
    assert asked.headers["authorization"] == "Bearer sk-secret"
    assert asked.json == {
        "prompt": "a whale among stars",
        "n": 1,
        "size": "1024x1024",
        "model": "sdxl",
        "response_format": "b64_json",
    }


def test_a_server_that_refuses_the_format_is_asked_without_it_from_then_on(generator, server):
    said = {"error": {"message": "Unknown parameter: 'response_format'.", "code": "unknown"}}
    server.answers_next = [(400, said, {})]
    assert isinstance(generator.begin(WANTED), Made)
    assert isinstance(generator.begin(WANTED), Made)
    assert ["response_format" in asked.json for asked in server.seen] == [True, False, False]


def test_a_picture_at_the_server_itself_is_fetched_and_at_another_is_not(generator, server):
    here = {"data": [{"url": "/files/1.png"}]}
    there = {"data": [{"url": "https://example.com/1.png"}]}
    server.answers_next = [(200, here, {})]
    assert isinstance(generator.begin(WANTED), Made)
    server.answers_next = [(200, there, {})]
    with pytest.raises(ImageError, match="another server"):
        generator.begin(WANTED)


@pytest.mark.parametrize(
    ("status", "said", "answer"),
    [
        (400, {"error": {"code": "content_policy_violation", "message": "No."}}, Refused),
        (400, {"error": {"code": "moderation_blocked", "message": "No."}}, Refused),
        (200, {"data": []}, Refused),
        (200, {"data": [{"b64_json": base64.b64encode(png("black")).decode()}]}, Refused),
        (200, {"data": [{"b64_json": "§"}]}, Ended),
        (200, {"data": [{"b64_json": "AAAA"}]}, Ended),
        (200, {"data": [{}]}, Ended),
    ],
)
def test_refusals_and_what_is_no_picture_are_told_apart(generator, server, status, said, answer):
    server.answers_next = [(status, said, {})]
    assert isinstance(generator.begin(WANTED), answer)


@pytest.mark.parametrize(
    ("status", "permanent", "slows_down"),
    [(429, False, True), (503, False, False), (401, False, False), (404, True, False)],
)
def test_errors_say_what_helps(generator, server, status, permanent, slows_down):
    server.answers_next = [(status, {"error": {"message": "x"}}, {"Retry-After": "9"})]
    with pytest.raises(ImageError) as error:
        generator.begin(WANTED)
    told = (error.value.permanent, error.value.slows_down, error.value.retry_after)
    assert told == (permanent, slows_down, 9)
    assert "sk-secret" not in str(error.value)
