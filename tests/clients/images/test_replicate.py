"""Replicate: all that a prediction may become, and what is found again."""

from __future__ import annotations

import base64
import dataclasses
import io
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from tests.fakes.replicate import TOKEN, png
from webapp.clients.images.contract import Begun, Ended, ImageError, Made, Refused, Wanted
from webapp.clients.images.replicate import Replicate
from webapp.clients.public.gate import Gate

WANTED = Wanted("a whale among stars", 7)


def made_by(generator, wanted=WANTED):
    """What becomes of a prediction that is begun."""
    begun = generator.begin(wanted)
    assert isinstance(begun, Begun)
    return generator.look(begun.name)


def test_a_picture_is_fetched_and_written_anew(replicate, service):
    service.picture = png(size=(80, 40), form="webp")
    made = made_by(replicate)
    assert isinstance(made, Made)
    picture = Image.open(io.BytesIO(made.picture))
    assert (picture.format, picture.size) == ("PNG", (80, 40))


def test_what_is_asked_for_is_as_replicate_says(replicate, service):
    replicate.begin(dataclasses.replace(WANTED, report_to="https://coffer.example/webhooks/r/1"))
    asked = service.seen[0]
    assert asked.path == "/v1/models/black-forest-labs/flux-schnell/predictions"
    assert asked.headers["prefer"] == "wait=10"
    assert "cancel-after" in asked.headers
    assert asked.json == {
        "input": {"prompt": "a whale among stars", "seed": 7, "output_format": "png"},
        "webhook": "https://coffer.example/webhooks/r/1",
        "webhook_events_filter": ["start", "completed"],
    }


def test_a_version_is_asked_for_by_itself(service, pictures):
    made = Replicate(TOKEN, "owner/name:" + "ab" * 32, pictures, base=service.base)
    made.begin(WANTED)
    made.close()
    assert service.seen[0].path == "/v1/predictions"
    assert service.seen[0].json["version"] == "ab" * 32


@pytest.mark.parametrize(
    ("end", "answer"),
    [
        ({"status": "failed", "error": "NSFW content detected. Try again."}, Refused),
        ({"status": "failed", "error": "The input was flagged as sensitive (E005)"}, Refused),
        ({"status": "succeeded", "output": []}, Refused),
        ({"status": "succeeded", "output": None}, Refused),
        ({"status": "failed", "error": "CUDA out of memory"}, Ended),
        ({"status": "failed", "error": None}, Ended),
        ({"status": "canceled"}, Ended),
        ({"status": "aborted"}, Ended),
        ({"status": "succeeded", "data_removed": True, "output": None}, Ended),
        ({"status": "processing"}, Made),  # although it says so, the picture is there
        ({"status": "processing", "output": None}, Begun),
        ({"status": "starting", "output": None}, Begun),
    ],
)
def test_every_end_of_a_prediction_is_known(replicate, service, end, answer):
    service.ends_next = [end]
    found = made_by(replicate)
    assert isinstance(found, answer)
    if isinstance(found, Ended):
        assert found.is_free == (end["status"] == "aborted")


def test_a_status_that_nobody_knows_is_looked_at_again(replicate, service):
    service.ends_next = [{"status": "pondering"}]
    with pytest.raises(ImageError) as error:
        made_by(replicate)
    assert not error.value.permanent


@pytest.mark.parametrize(
    ("picture", "answer"),
    [
        (png("black"), Refused),
        (png((8, 3, 0)), Refused),
        (b"<html>no picture</html>", Ended),
        (png()[:100], Ended),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 1000, Ended),
        (png(size=(4097, 10)), Ended),
    ],
)
def test_what_is_no_proper_picture_is_not_taken(replicate, service, picture, answer):
    service.picture = picture
    assert isinstance(made_by(replicate), answer)


def test_a_picture_inside_the_answer_is_taken(replicate, service):
    inline = "data:image/png;base64," + base64.b64encode(png()).decode()
    service.ends_next = [{"output": inline}, {"output": "data:image/png;base64,§"}]
    assert isinstance(made_by(replicate), Made)
    assert isinstance(made_by(replicate), Ended)


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/x.png",
        "https://replicate.delivery.example.com/x.png",
        "https://notreplicate.delivery/x.png",
        "http://replicate.delivery/x.png",
        "http://127.0.0.1/x.png",
        "https://169.254.169.254/latest",
        "file:///etc/passwd",
        "https://[::1",
    ],
)
def test_pictures_come_from_replicates_own_hosts_only(service, pictures, address):
    strict = Replicate(TOKEN, "a/b", pictures, base=service.base)
    service.ends_next = [{"output": [address]}]
    with pytest.raises(ImageError, match="not its own"):
        made_by(strict)
    strict.close()


def test_a_name_of_theirs_that_leads_inside_is_not_followed(service, pictures):
    inside = Gate(resolve=lambda host, port, **_: [(2, 1, 6, "", ("10.0.0.7", port))])
    strict = Replicate(TOKEN, "a/b", pictures, base=service.base, gate=inside)
    service.ends_next = [{"output": ["https://pbxt.replicate.delivery/x.png"]}]
    with pytest.raises(ImageError, match="private"):
        made_by(strict)
    strict.close()


def test_a_picture_that_is_gone_has_to_be_made_again(replicate, service):
    begun = replicate.begin(WANTED)
    service.ends_next = []
    service.predictions[begun.name]["output"] = [f"{service.url}/files/other.png"]
    assert isinstance(replicate.look(begun.name), Ended)
    assert isinstance(replicate.look("p7777777"), Ended)  # they do not know it


@pytest.mark.parametrize(
    ("body", "headers", "wait"),
    [
        ({"detail": "Throttled.", "retry_after": 7}, {"Retry-After": "3"}, 7),
        ({"detail": "Throttled."}, {"Retry-After": "3"}, 3),
        ({"detail": "Throttled.", "retry_after": -1}, {}, None),
        (b"busy", {}, None),
    ],
)
def test_too_many_requests_are_told_with_the_wait(replicate, service, body, headers, wait):
    service.answers_next = [(429, body, headers)]
    with pytest.raises(ImageError) as error:
        replicate.begin(WANTED)
    assert (error.value.slows_down, error.value.retry_after) == (True, wait)


@pytest.mark.parametrize(
    ("status", "body", "permanent"),
    [
        (401, {"title": "Unauthenticated", "detail": "No token"}, False),
        (402, {"title": "Insufficient credit"}, False),
        (422, {"detail": "- input: Additional property seed is not allowed\n"}, True),
        (404, {"detail": "Not found"}, True),
        (500, b"<html>", False),
        (502, b"", False),
        (201, {"status": "starting"}, False),
        (201, b"[]", False),
        (0, b"", False),
    ],
)
def test_errors_say_whether_another_attempt_helps(replicate, service, status, body, permanent):
    service.answers_next = [(status, body, {})]
    with pytest.raises(ImageError) as error:
        replicate.begin(WANTED)
    assert (error.value.permanent, error.value.slows_down) == (permanent, False)
    assert TOKEN not in str(error.value)


def test_a_prompt_may_be_refused_before_it_begins(replicate, service):
    service.answers_next = [(422, {"detail": "The prompt was flagged by moderation."}, {})]
    assert isinstance(replicate.begin(WANTED), Refused)


def test_an_attempt_whose_answer_was_lost_is_found_among_many(replicate, service):
    service.page = 3
    since = datetime.now(UTC)
    replicate.begin(dataclasses.replace(WANTED, seed=8))
    wanted = replicate.begin(WANTED)
    for seed in range(10, 20):
        replicate.begin(dataclasses.replace(WANTED, seed=seed))
    assert replicate.find(WANTED, since) == wanted.name
    assert replicate.find(dataclasses.replace(WANTED, prompt="another"), since) is None
    # No further back than it was asked for.
    pages = len(service.seen)
    assert replicate.find(WANTED, since + timedelta(hours=1)) is None
    assert len(service.seen) == pages + 1


def test_the_list_does_not_lead_elsewhere(replicate, service):
    elsewhere = {"results": [], "next": "https://example.com/v1/predictions"}
    service.answers_next = [(200, elsewhere, {})]
    with pytest.raises(ImageError, match="elsewhere"):
        replicate.find(WANTED, datetime.now(UTC))
