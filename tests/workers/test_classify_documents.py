"""Classifying documents: by rules, by learned labels, by an AI provider and by the text."""

from __future__ import annotations

import io
import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.clients.ai.chat_server import chat_server, refusal, says
from workers.classify_documents import classify_documents
from workers.engine.loop import Worker

_numbers = itertools.count()

BILL = """Stadtwerke Musterstadt
Invoice date: 3.4.2024

Your energy bill for March. The meter was read by our engineer, and the electricity that you used
costs forty euros. Please transfer the amount within two weeks, or let us collect it from your
account. The tariff, the standing charge and the kilowatt hours of the last months are on the second
page."""
RECIPE = """Potato soup

Peel the potatoes, chop the onions and fry both in butter with some thyme. Pour in the broth and let
the soup simmer until everything is soft. Season with salt, pepper and nutmeg, stir in the cream and
serve it with fresh bread and parsley."""


def rule(client, *phrases, **given):
    answer = client.post("/api/rules", json={"name": "r", "phrases": phrases, **given})
    assert answer.status_code == 201, answer.json


@pytest.fixture
def classify(worker):
    """Classifies everything that waits, with the embedded provider."""
    waiting = worker(classify_documents)

    def all_of_them():
        while waiting.round():
            pass

    return all_of_them


@pytest.fixture
def document(ana, is_ready):
    """Makes a document that has just been read; gives its address."""

    def make(text, client=ana, **fields):
        name = f"{next(_numbers)}.pdf"
        form = {"file": (io.BytesIO(b"%PDF-1.7\n" + name.encode()), name), **fields}
        made = client.post("/api/documents", data=form, content_type="multipart/form-data")
        assert made.status_code == 201, made.json
        is_ready(made.json["id"], text)
        return f"/api/documents/{made.json['id']}"

    return make


def suggested(client, path):
    return {
        (each["field"], each["value"]): (each["source"], each["status"])
        for each in client.get(f"{path}/suggestions").json["items"]
    }


def pending(client, path):
    return {each["field"]: each["value"] for each in client.get(path).json["suggestions"]}


def counts(owner):
    """Everything that has been learned, by field."""
    rows = owner.execute(
        "SELECT field, label, documents, words, vocabulary,"
        "       (SELECT coalesce(sum(w.documents), 0) FROM learned_words w WHERE label_id = l.id),"
        "       (SELECT count(*) FROM learned_words AS w WHERE label_id = l.id)"
        "  FROM learned_labels AS l WHERE documents > 0 ORDER BY field, label"
    ).fetchall()
    for *_, words, vocabulary, sum_of_words, number in rows:
        assert (words, vocabulary) == (sum_of_words, number)
    return [(field, label, documents) for field, label, documents, *_ in rows]


@pytest.mark.long
def test_a_document_that_was_read_is_classified_by_itself(ana, document, classify, owner):
    path = document(BILL)
    assert ana.get(path).json["is_classified"] is False
    classify()
    found = ana.get(path).json
    assert found["is_classified"] is True
    assert (found["dated_on"], found["title"]) == ("2024-04-03", "Stadtwerke Musterstadt")
    assert "forty euros" in found["summary"]
    event = ana.get(f"{path}/events").json["items"][-1]
    assert event["event"] == "document.classified"
    assert event["payload"]["applied"] == {"dated_on": "text", "summary": "text"} | (
        {"title": "text"} if "title" in event["payload"]["applied"] else {}
    )
    assert event["actor"] == "worker:classify_documents"
    assert owner.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
    assert suggested(ana, path)["dated_on", "2024-04-03"] == ("text", "applied")


@pytest.mark.long
def test_rules_are_applied_at_once_and_leave_what_a_person_wrote(ana, document, classify):
    folder = ana.post("/api/folders", json={"name": "Bills"}).json["id"]
    given = {"category": "Bill", "correspondent": "Stadtwerke", "folder_id": folder}
    ana.post(
        "/api/rules", json={"name": "r", "phrases": ["energy bill"], "tags": ["home"], **given}
    )
    ana.post(
        "/api/rules", json={"name": "s", "phrases": ["energy"], "category": "x", "tags": ["y"]}
    )
    path, own, other = document(BILL), document(BILL, category="Mine"), document(RECIPE)
    ana.patch(own, json={"correspondent": None, "dated_on": None})
    classify()
    found = ana.get(path).json
    assert {name: found[name] for name in given} == given
    assert found["tags"] == ["home", "y"]
    assert suggested(ana, path)["category", "Bill"] == ("rule", "applied")
    kept = ana.get(own).json
    assert (kept["category"], kept["correspondent"], kept["dated_on"]) == ("Mine", None, None)
    assert kept["folder_id"] == folder
    assert ana.get(other).json["category"] is None


@pytest.mark.long
@pytest.mark.parametrize(("level", "is_applied"), [("view", True), ("write", False)])
def test_whoever_edits_from_outside_does_not_learn_the_rules(
    ana, sign_in, document, classify, level, is_applied
):
    sign_in("ben").get("/api/quota")  # creates the user
    rule(ana, "energy", category="Secret")
    path = document(BILL)
    ana.post(f"{path}/shares", json={"handle": "ben", "level": level})
    classify()
    assert (sign_in("ben").get(path).json["category"] == "Secret") == is_applied
    assert suggested(ana, path)["category", "Secret"][1] == ("applied" if is_applied else "pending")


@pytest.mark.long
def test_what_people_decide_is_learned_and_unlearned(ana, document, classify, owner):
    bill, soup = document(BILL, tags="home"), document(RECIPE, category="Recipe")
    classify()
    assert counts(owner) == [
        *(("category", "", 1), ("category", "Recipe", 1)),
        *(("tag", "", 1), ("tag", counts(owner)[-1][1], 1)),
    ]
    ana.patch(bill, json={"category": "Letter", "remove_tags": ["home"]})
    ana.patch(bill, json={"category": "Bill"})
    ana.patch(soup, json={"category": None})
    assert counts(owner) == [("category", "", 2), ("category", "Bill", 1)]
    ana.post(f"{bill}/discard")
    ana.post(f"{soup}/discard")
    assert counts(owner) == [("category", "", 2), ("category", "Bill", 1)]
    ana.delete(bill)
    assert counts(owner) == [("category", "", 1)]
    ana.delete(soup)
    assert counts(owner) == []
    assert owner.execute("SELECT count(*) FROM learned_words").fetchone() == (0,)


@pytest.mark.long
def test_what_was_learned_is_given_to_documents_like_it(ana, document, classify, sign_in, owner):
    folders = [
        ana.post("/api/folders", json={"name": name}).json["id"]
        for name in ("Bills", "Recipes", "In")
    ]
    bills, soups = ([document(text) for _ in range(4)] for text in (BILL, RECIPE))
    classify()
    for path in bills:
        bill = {"category": "Bill", "correspondent": "Stadtwerke", "add_tags": ["home"]}
        ana.patch(path, json=bill)
        ana.post(f"{path}/move", json={"folder_id": folders[0]})
    for path in soups:
        ana.patch(path, json={"category": "Recipe", "correspondent": "Oma", "add_tags": ["food"]})
        ana.post(f"{path}/move", json={"folder_id": folders[1]})
    alike, watched = document(BILL.replace("March", "April")), document(BILL)
    with owner.transaction():  # as a connection to a drive would
        owner.execute("SET LOCAL coffer.actor = 'worker:x'")
        owner.execute(
            "UPDATE documents SET folder_id = %s WHERE id = %s",
            (folders[2], watched.rpartition("/")[2]),
        )
    ben = sign_in("ben")
    elsewhere = document(BILL, ben)
    classify()
    found = ana.get(alike).json
    assert (found["category"], found["correspondent"]) == ("Bill", "Stadtwerke")
    assert (found["tags"], found["folder_id"]) == (["home"], folders[0])
    assert suggested(ana, alike)["category", "Bill"] == ("learned", "applied")
    # A document stays where others have put it, unless a rule or a person says otherwise.
    assert ana.get(watched).json["folder_id"] == folders[2]
    assert pending(ana, watched)["folder_id"] == folders[0]
    assert ben.get(elsewhere).json["category"] is None
    assert ("category", "Bill") not in suggested(ben, elsewhere)


@pytest.mark.long
def test_what_was_applied_is_not_learned_until_a_person_writes_it(ana, document, classify, owner):
    ana.post(
        "/api/rules", json={"name": "r", "phrases": ["soup"], "category": "Recipe", "tags": ["a"]}
    )
    path = document(RECIPE)
    classify()
    assert counts(owner) == []
    ana.patch(path, json={"category": "Recipe", "add_tags": ["a"]})
    assert suggested(ana, path)["category", "Recipe"] == ("rule", "accepted")
    assert [each for each in counts(owner) if each[0] == "category"] == [
        *(("category", "", 1), ("category", "Recipe", 1)),
    ]


@pytest.mark.long
def test_reprocessing_classifies_again_and_restoring_does_not(ana, document, classify, is_ready):
    path = document(RECIPE)
    classify()
    rule(ana, "soup", category="Recipe")
    ana.post(f"{path}/discard")
    ana.post(f"{path}/restore")
    is_ready(path.rpartition("/")[2], RECIPE)
    classify()
    assert ana.get(path).json["category"] is None
    ana.post(f"{path}/reprocess")
    is_ready(path.rpartition("/")[2], RECIPE)
    classify()
    assert ana.get(path).json["category"] == "Recipe"
    events = [each["event"] for each in ana.get(f"{path}/events").json["items"]]
    assert events.count("document.classified") == 2


@pytest.mark.long
def test_a_new_text_is_what_is_learned_from(ana, document, classify, is_ready, owner):
    path = document(BILL, category="Bill")
    classify()
    before = owner.execute("SELECT words FROM learned_labels WHERE label = 'Bill'").fetchone()
    ana.post(f"{path}/reprocess")
    is_ready(path.rpartition("/")[2], "Something short and new")
    classify()
    assert counts(owner) == [("category", "", 1), ("category", "Bill", 1)]
    after = owner.execute("SELECT words FROM learned_labels WHERE label = 'Bill'").fetchone()
    assert after < before


FOUND = {
    "title": "Energy bill for March",
    "summary": "Forty euros are due.",
    "category": {"name": "invoice", "confidence": 0.96},
    "correspondent": {"name": "stadtwerke", "confidence": 0.8},
    "date": {"day": "2024-04-02", "confidence": 0.9},
    "tags": [{"name": "energy", "confidence": 0.99}],
    "language": "en",
}


@pytest.fixture
def classify_by(settings, database):
    """Makes rounds of classification by a chat provider."""
    made = []

    def by(server):
        asking = replace(settings, ai_url=server.url, ai_model="m", ai_key="sk-secret")
        made.append(Worker([classify_documents], asking))
        return made[-1].round

    yield by
    for each in made:
        each.close()


@pytest.fixture
def provider():
    with chat_server() as server:
        yield server


@pytest.mark.long
def test_an_ai_provider_tells_what_rules_and_learning_do_not(ana, document, provider, classify_by):
    rule(ana, "soup", category="Recipe")
    known = document(RECIPE)
    ana.patch(known, json={"correspondent": "Stadtwerke"})
    path = document(BILL)
    provider.model = lambda request: says(FOUND)
    classify_by(provider)()
    found = ana.get(path).json
    assert (found["title"], found["category"]) == ("Energy bill for March", "invoice")
    assert (found["correspondent"], found["tags"]) == (None, [])
    # The date in the text is surer.
    assert found["dated_on"] == "2024-04-03"
    assert pending(ana, path) == {"correspondent": "Stadtwerke", "tag": "energy"} or pending(
        ana, path
    ) == {"correspondent": "stadtwerke", "tag": "energy"}
    assert ana.get(known).json["category"] == "Recipe"
    material = provider.requests[-1].material
    assert {"name", "text", "known_categories", "known_correspondents", "known_tags"} <= set(
        material
    )


@pytest.mark.long
def test_without_its_ai_provider_a_document_is_classified_by_the_rest(
    ana, document, provider, classify_by, owner
):
    rule(ana, "energy", category="Bill")
    path = document(BILL)
    provider.model = lambda request: refusal(401, "no such key")
    classify_by(provider)()
    found = ana.get(path).json
    assert (found["category"], found["dated_on"]) == ("Bill", "2024-04-03")
    assert owner.execute("SELECT kind FROM dead_letters").fetchall() == [("classify_documents",)]


@pytest.mark.long
def test_a_person_who_is_quicker_than_the_worker_wins(ana, document, provider, classify_by):
    path = document(BILL)

    def slowly(request):
        ana.patch(path, json={"category": "Mine", "title": "Mine"})
        return says(FOUND)

    provider.model = slowly
    classify_by(provider)()
    found = ana.get(path).json
    assert (found["category"], found["title"]) == ("Mine", "Mine")
    assert found["summary"] == "Forty euros are due."


@pytest.mark.long
def test_what_a_document_has_already_is_not_suggested(ana, document, classify, owner):
    path = document("Seen on 01/02/2024")
    with owner.transaction():
        owner.execute("SET LOCAL coffer.actor = 'worker:read_documents'")
        owner.execute("UPDATE documents SET dated_on = '2024-01-02'")
    classify()
    assert pending(ana, path) == {}


@pytest.mark.long
def test_a_document_without_a_text_or_in_the_trash_is_left_alone(ana, document, classify):
    empty, gone = document(""), document(BILL)
    ana.post(f"{gone}/discard")
    classify()
    assert ana.get(empty).json["suggestions"] == []
    assert ana.get(gone).json["dated_on"] is None


@pytest.mark.long
def test_corrections_at_once_do_not_wait_for_each_other_in_circles(
    document, classify, sign_in, owner
):
    """Each changes two counts that others change too, in any order."""
    paths = [document(text) for text in (BILL, RECIPE, BILL + RECIPE, RECIPE + BILL)]
    classify()
    clients = [sign_in("ana") for _ in paths]

    def correct(client, path):
        return [
            client.patch(path, json={"category": category, tags: ["a", "b"]}).status_code
            for category, tags in (("Bill", "add_tags"), ("Recipe", "remove_tags")) * 4
        ]

    with ThreadPoolExecutor() as pool:
        told = list(pool.map(correct, clients, paths))
    assert {status for statuses in told for status in statuses} == {200}
    assert [each for each in counts(owner) if each[0] == "category"] == [
        *(("category", "", 4), ("category", "Recipe", 4)),
    ]


@pytest.mark.long
def test_a_worker_that_died_leaves_its_document_to_another(ana, document, worker, classify, owner):
    path = document(BILL)
    dead = worker(classify_documents)
    dead.claim()
    owner.execute("UPDATE outbox SET run_after = now()")
    classify()
    events = [each["event"] for each in ana.get(f"{path}/events").json["items"]]
    assert events.count("document.classified") == 1


def test_what_is_learned_is_looked_up_by_indexes_however_much_there_is(database, make):
    """The test of all queries cannot see into functions, so their plans are checked here."""
    mine = {"workspace_id": make.user()["workspace_id"]}
    told = []
    with database.connect(role="admin") as conn:
        conn.execute("LOAD 'auto_explain'")
        conn.execute("SET auto_explain.log_min_duration = 0")
        conn.execute("SET auto_explain.log_nested_statements = on")
        conn.execute("SET enable_seqscan = off")
        conn.add_notice_handler(lambda notice: told.append(notice.message_primary))
        conn.execute("SET client_min_messages = log")
        conn.execute("SELECT learned_evidence(%(workspace_id)s, '{a,b}')", mine)
        conn.execute("SELECT learn_from(ARRAY[uuidv7()]), learn_from(ARRAY[uuidv7()], true)")
    plans = "\n".join(told)
    assert "learned_words_pkey" in plans
    assert "Seq Scan" not in plans


MAIL = f"""Subject: Your energy bill
From: Stadtwerke <bill@stadtwerke.example>
To: Ana <ana@example.com>
Date: Fri, 5 Apr 2024 23:30:00 -0500

{BILL}"""


@pytest.mark.long
def test_a_mail_is_dated_by_its_header_and_its_sender_is_suggested(ana, document, classify, owner):
    path = document(MAIL)
    owner.execute("UPDATE document_versions SET kind = 'mail'")
    classify()
    found = ana.get(path).json
    assert (found["dated_on"], found["correspondent"]) == ("2024-04-05", None)
    assert found["summary"]
    assert not [each for each in ("Subject", "From", "@", "To:") if each in found["summary"]]
    assert suggested(ana, path)["correspondent", "Stadtwerke"] == ("header", "pending")
    assert suggested(ana, path)["dated_on", "2024-04-05"] == ("header", "applied")


@pytest.mark.long
def test_a_sender_that_is_a_correspondent_already_is_recognised(ana, document, classify, owner):
    ana.patch(document(RECIPE), json={"correspondent": "STADTWERKE"})
    classify()
    path = document(MAIL)
    no_text = document(MAIL.partition("\n\n")[0])
    owner.execute("UPDATE document_versions SET kind = 'mail'")
    classify()
    for each in (path, no_text):
        found = ana.get(each).json
        assert (found["dated_on"], found["correspondent"]) == ("2024-04-05", "STADTWERKE")
    assert ana.get(no_text).json["summary"] is None
