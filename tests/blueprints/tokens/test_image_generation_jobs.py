"""What Replicate reports."""

from __future__ import annotations

import json
import time

import pytest

from tests.blueprints.examples import Examples
from tests.factories import NOWHERE
from tests.workers.tokens.conftest import season  # noqa: F401 -- a fixture
from webapp.clients.webhooks.signature import new_secret, signature

EXAMPLES = Examples(
    words={"image_job_id": NOWHERE},
    ways_in={"/webhooks/replicate/<uuid:image_job_id>"},
)
SECRET = new_secret()


@pytest.fixture
def job(season):  # noqa: F811
    """An attempt whose answer nobody has heard; its token waits for a minute."""
    (token,) = season.mint()
    season.owner.execute("UPDATE tokens SET status = 'generating'")
    made = season.insert(
        "image_generation_jobs",
        token_id=token,
        author_id=season.author_id,
        prompt="p",
        is_fallback=False,
        seed=7,
    )
    season.owner.execute(
        "UPDATE image_generation_jobs"
        " SET status = 'running', service = 'replicate', asked_at = now()"
    )
    season.owner.execute("UPDATE outbox SET run_after = now() + interval '1 minute'")
    return made


@pytest.fixture
def report(make_app):
    client = make_app(replicate_webhook_secret=SECRET).test_client()

    def send(job, said, *, secret=SECRET, at=None, **changes):
        body = json.dumps(said).encode()
        timestamp = int(time.time() if at is None else at)
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(timestamp),
            "webhook-signature": f"v1,AAAA {signature(secret, 'msg_1', timestamp, body)}",
        } | changes
        return client.post(f"/webhooks/replicate/{job}", data=body, headers=headers)

    return send


def state(owner):
    return owner.execute(
        "SELECT external_id, run_after <= now()"
        "  FROM image_generation_jobs, outbox WHERE kind = 'generate_images'"
    ).fetchone()


@pytest.mark.long
def test_a_report_names_an_attempt_whose_answer_was_lost_and_wakes_its_work(report, job, owner):
    assert report(job, {"id": "abc1", "status": "starting"}).status_code == 204
    assert state(owner) == ("abc1", True)
    # Another prediction for the same attempt changes nothing.
    assert report(job, {"id": "abc2", "status": "succeeded"}).status_code == 204
    assert state(owner) == ("abc1", True)


@pytest.mark.long
def test_a_report_cannot_give_an_attempt_the_prediction_of_another(report, job, season, owner):  # noqa: F811
    assert report(job, {"id": "abc1"}).status_code == 204
    (token,) = season.mint()
    other = season.insert(
        "image_generation_jobs",
        token_id=token,
        author_id=season.author_id,
        prompt="p",
        is_fallback=False,
        seed=8,
    )
    owner.execute(
        "UPDATE image_generation_jobs SET status = 'running', service = 'replicate' WHERE id = %s",
        (other,),
    )
    for said in ({"id": "abc1"}, {"id": "abc2", "input": {"prompt": "p", "seed": 7}}):
        answer = report(other, said)
        assert (answer.status_code, answer.json["code"]) == (409, "prediction_of_another")
    for asked in ({"seed": 8}, {"seed": None}, 7):
        assert report(other, {"id": "abc3", "input": asked}).status_code == 204


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": new_secret()},
        {"at": 1_000_000},
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-signature": "v1,ü"},
        {"webhook-signature": ""},
    ],
)
def test_a_report_of_somebody_else_is_refused(report, job, owner, wrong):
    answer = report(job, {"id": "abc1"}, **wrong)
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_signature")
    assert state(owner) == (None, False)


@pytest.mark.parametrize("said", [{"id": 7}, {"id": "../x"}, {"id": "a" * 101}, [], "abc1", {}])
def test_a_report_without_a_name_is_refused(report, job, said):
    answer = report(job, said)
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_payload")


def test_a_report_about_nothing_is_refused(report, job, client):
    assert report(NOWHERE, {"id": "abc1"}).status_code == 404
    assert client.post(f"/webhooks/replicate/{job}").status_code == 404  # there is no secret
