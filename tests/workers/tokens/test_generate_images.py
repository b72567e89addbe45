"""Pictures by a service that costs something: each is paid for once, whatever happens."""

from __future__ import annotations

import hashlib

import pytest

from tests.fakes.replicate import FakeReplicate, png
from tests.fakes.vendor import running
from tests.workers.conftest import due_now
from tests.workers.tokens.studio import SmallPictures, kind_at
from webapp.clients.images.contract import Wanted
from webapp.clients.images.pictures import Pictures

pytestmark = pytest.mark.long

REFUSED = {"status": "failed", "error": "NSFW content detected."}
PROMPT, FALLBACK = "a whale among stars", "a harmless garden"


@pytest.fixture(scope="session")
def pictures():
    made = SmallPictures()
    yield made
    Pictures.close(made)


@pytest.fixture
def service():
    with running(FakeReplicate()) as server:
        yield server


@pytest.fixture
def studio(service, pictures, worker):
    """Gives a worker; of each setting of its clients there may be another."""
    return lambda **given: worker(kind_at(service, pictures, **given))


def rounds(at_work, owner, count=5):
    """So many rounds, as if there was all the time in the world between them."""
    for _ in range(count):
        due_now(owner)
        at_work.round()


def jobs(owner):
    rows = owner.execute(
        "SELECT service, status, prompt, external_id FROM image_generation_jobs ORDER BY id"
    )
    return rows.fetchall()


def spent(owner):
    """What was counted today: for all, and for each author."""
    rows = owner.execute("SELECT images FROM spend ORDER BY author_id NULLS FIRST").fetchall()
    return [images for (images,) in rows]


def sha256(prompt):
    return hashlib.sha256(prompt.encode()).hexdigest()


def test_a_picture_is_asked_for_fetched_and_counted(season, studio, service, owner):
    first, _ = season.mint(2)
    studio().round()
    assert season.statuses() == ["uploading", "uploading"]
    assert sorted(jobs(owner)) == [
        ("replicate", "succeeded", PROMPT, name) for name in sorted(service.predictions)
    ]
    token = season.token(first)
    assert (token["prompt_sha256"], token["is_fallback"]) == (sha256(PROMPT), False)
    assert spent(owner) == [2, 2]
    seeds = {made["input"]["seed"] for made in service.predictions.values()}
    assert len(seeds) == 2


def test_the_prompt_is_the_one_of_when_it_began(season, studio, service, owner):
    season.mint()
    service.ends_next = [{"status": "processing", "output": None}]
    at_work = studio()
    at_work.round()
    owner.execute("UPDATE authors SET prompt_text = 'another'")
    service.predictions["p0000000"] |= {
        "status": "succeeded",
        "output": [service.url + "/files/p0000000.png"],
    }
    rounds(at_work, owner)
    assert season.statuses() == ["uploading"]
    assert season.token(season.minted[0])["prompt_sha256"] == sha256(PROMPT)
    assert len(service.predictions) == 1


def test_authors_without_a_prompt_have_the_collections(season, studio, service):
    season.mint(author_id=season.author(prompt=None))
    studio().round()
    (made,) = service.predictions.values()
    assert made["input"]["prompt"] == "a default prompt"


@pytest.mark.parametrize(
    "refusal",
    [REFUSED, {"status": "failed", "error": "NSFW\0 \ud800"}, {"output": []}, "black"],
    ids=["error", "odd", "nothing", "black"],
)
def test_a_refused_prompt_is_replaced_once(season, studio, service, owner, refusal):
    (token_id,) = season.mint()
    if refusal == "black":
        service.ends_next = [{"output": [f"{service.url}/files/black"]}]
        service.predictions["black"] = {"input": {}, "created_at": None}
        service.picture = png("black")
    else:
        service.ends_next = [refusal]
    at_work = studio()
    at_work.round()
    service.picture = None
    at_work.round()
    token = season.token(token_id)
    assert (token["status"], token["is_fallback"]) == ("uploading", True)
    assert token["prompt_sha256"] == sha256(FALLBACK)
    assert [job[1:3] for job in jobs(owner)] == [("refused", PROMPT), ("succeeded", FALLBACK)]
    assert season.events(token_id)[-2:] == ["prompt_refused", "generated"]


def test_after_two_refusals_the_picture_is_drawn(season, studio, service, owner):
    (token_id,) = season.mint()
    service.ends_next = [REFUSED, REFUSED]
    rounds(studio(), owner, 3)
    token = season.token(token_id)
    assert (token["status"], token["is_fallback"]) == ("uploading", True)
    assert [job[:3] for job in jobs(owner)] == [
        ("replicate", "refused", PROMPT),
        ("replicate", "refused", FALLBACK),
        ("embedded", "succeeded", FALLBACK),
    ]
    assert len(service.predictions) == 2


def test_what_was_aborted_costs_nothing_and_is_asked_for_again(season, studio, service, owner):
    season.mint()
    service.ends_next = [{"status": "aborted"}]
    at_work = studio()
    at_work.round()
    assert spent(owner) == [0, 0]
    assert season.statuses() == ["detected"]
    rounds(at_work, owner, 1)
    assert season.statuses() == ["uploading"]
    assert spent(owner) == [1, 1]


def test_too_many_requests_let_everybody_wait_and_are_no_attempts(
    season, studio, service, owner, app_conn
):
    season.mint()
    service.answers_next = [(429, {"detail": "Throttled.", "retry_after": 40}, {})]
    studio().round()
    season.mint(3)
    due_now(owner)
    assert studio().round() == 0  # by another worker
    assert len(service.seen) == 1
    assert owner.execute("SELECT DISTINCT attempts FROM outbox").fetchall() == [(0,)]
    owner.execute("DELETE FROM rate_limits")
    rounds(studio(), owner, 1)
    assert season.statuses() == ["uploading"] * 4
    assert len(service.predictions) == 4
    assert spent(owner) == [4, 4]


# Workers that died


def asked(season, owner, seconds, external_id=None):
    """A token whose worker died so long after it asked; the job's seed."""
    (token_id,) = season.mint()
    owner.execute("UPDATE tokens SET status = 'generating'")
    job = season.insert(
        "image_generation_jobs",
        token_id=token_id,
        author_id=season.author_id,
        prompt=PROMPT,
        is_fallback=False,
        seed=4711,
    )
    owner.execute(
        "UPDATE image_generation_jobs SET status = 'running', service = 'replicate',"
        " asked_at = now() - %s * interval '1 s', charged_on = current_date, external_id = %s"
        " WHERE id = %s",
        (seconds, external_id, job),
    )


def test_what_somebody_asked_for_who_died_is_found_again(season, studio, service, owner, pictures):
    asked(season, owner, 1)
    at_work = studio()
    generator = at_work._lines["generate_images"]._hands._clients.generator
    generator.begin(Wanted("another", 1))
    lost = generator.begin(Wanted(PROMPT, 4711))
    at_work.round()
    assert season.statuses() == ["uploading"]
    assert jobs(owner)[0][3] == lost.name
    assert len(service.predictions) == 2


def test_what_is_not_found_is_asked_for_again_but_not_too_early(season, studio, service, owner):
    asked(season, owner, 5)
    at_work = studio()
    at_work.round()
    assert (season.statuses(), len(service.predictions)) == (["generating"], 0)
    owner.execute("UPDATE image_generation_jobs SET asked_at = asked_at - interval '30 s'")
    rounds(at_work, owner, 1)
    assert (season.statuses(), len(service.predictions)) == (["uploading"], 1)


def test_what_has_a_name_is_only_looked_at(season, studio, service, owner):
    at_work = studio()
    generator = at_work._lines["generate_images"]._hands._clients.generator
    begun = generator.begin(Wanted("p", 1))
    asked(season, owner, 5, external_id=begun.name)
    at_work.round()
    assert (season.statuses(), len(service.predictions)) == (["uploading"], 1)


def test_a_picture_that_is_gone_is_made_again(season, studio, service, owner):
    asked(season, owner, 4000, external_id="p1234567")
    rounds(studio(), owner, 2)
    assert season.statuses() == ["uploading"]
    assert [job[1] for job in jobs(owner)] == ["failed", "succeeded"]


# Budgets


def test_what_is_over_an_authors_budget_waits(season, studio, service, owner):
    season.mint(2)
    season.mint(author_id=season.author(prompt="another"))
    at_work = studio(budget_of_author=1)
    rounds(at_work, owner, 2)
    assert sorted(season.statuses()) == ["detected", "uploading", "uploading"]
    assert len(service.predictions) == 2
    assert spent(owner) == [2, 1, 1]
    (attempts,) = owner.execute(
        "SELECT attempts FROM outbox WHERE kind = 'generate_images'"
    ).fetchone()
    assert attempts == 0
    owner.execute("UPDATE spend SET day = day - 1")
    rounds(at_work, owner, 1)
    assert season.statuses() == ["uploading"] * 3


def test_what_is_over_the_budget_of_all_is_not_even_claimed(season, studio, service, owner):
    season.mint(3)
    at_work = studio(budget_of_all=2)
    rounds(at_work, owner, 3)
    assert sorted(season.statuses()) == ["detected", "uploading", "uploading"]
    assert spent(owner) == [2, 2]
    (waiting,) = (each for each in season.minted if season.token(each)["status"] == "detected")
    assert season.events(waiting) == ["detected"]


# Tokens that the chain takes away


def test_the_picture_of_an_orphaned_token_is_kept_for_when_it_is_minted_again(
    season, studio, service, owner
):
    (token_id,) = season.mint()

    class Late:
        """Ends when the token is gone."""

        def pop(self, _):
            owner.execute("UPDATE tokens SET status = 'orphaned'")
            return {}

        def __bool__(self):
            return True

    service.ends_next = Late()
    at_work = studio()
    at_work.round()
    assert season.statuses() == ["orphaned"]
    assert [job[1] for job in jobs(owner)] == ["succeeded"]
    service.ends_next = []
    owner.execute("UPDATE tokens SET status = 'detected'")
    rounds(at_work, owner, 1)
    assert season.statuses() == ["uploading"]
    assert season.token(token_id)["image_cid"] is not None
    assert len(service.predictions) == 1


def test_a_token_that_is_minted_again_for_another_has_anothers_picture(
    season, studio, service, owner
):
    (token_id,) = season.mint()
    service.ends_next = [{"status": "processing", "output": None}]
    at_work = studio()
    at_work.round()
    owner.execute("UPDATE tokens SET status = 'orphaned'")
    other = season.author(prompt="another's prompt")
    owner.execute("UPDATE tokens SET status = 'detected', author_id = %s", (other,))
    rounds(at_work, owner, 1)
    token = season.token(token_id)
    assert (token["status"], token["prompt_sha256"]) == ("uploading", sha256("another's prompt"))
    assert [job[1] for job in jobs(owner)] == ["failed", "succeeded"]


def test_a_token_without_a_picture_fails_and_may_be_retried(season, studio, service, owner):
    (token_id,) = season.mint()
    service.answers_next = [(422, {"detail": "No such input: seed"}, {})]
    at_work = studio()
    at_work.round()
    token = season.token(token_id)
    assert (token["status"], token["error_code"]) == ("failed", "no_picture")
    assert "No such input" in token["error"]
    assert [job[1] for job in jobs(owner)] == ["failed"]
    assert generate_again(owner, at_work)
    assert season.statuses() == ["uploading"]


def generate_again(owner, at_work):
    owner.execute("UPDATE tokens SET status = 'detected'")
    return at_work.round() == 1
