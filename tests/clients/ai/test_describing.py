"""What providers say about documents."""

from __future__ import annotations

import json
from datetime import date

import pytest

from tests.clients.ai.chat_server import GOOD, KEY, chat_server, completion, says
from webapp.clients.ai.answer import description_from
from webapp.clients.ai.choice import provider_from
from webapp.clients.ai.contract import DayGuess, Guess, Known
from webapp.clients.ai.extractive import ExtractiveProvider

BILL = "Stadtwerke Musterstadt\nInvoice of 3 April 2024\nYour energy costs forty euros this month."
KNOWN = Known(categories=["Letter", "Invoice"], correspondents=["STADTWERKE"], tags=["Energy"])


def read(**changes):
    return description_from(completion(json.dumps(GOOD | changes)), KNOWN)


@pytest.mark.parametrize(
    ("told", "guess"),
    [
        ({"name": "invoice", "confidence": 0.8}, Guess("Invoice", 0.8)),
        ({"value": "Contract", "confidence": "90 %"}, Guess("Contract", 0.9)),
        ("letter", Guess("Letter", 0.5)),
        ({"name": "x" * 300, "confidence": 1}, Guess("x" * 100, 1.0)),
        *((nothing, None) for nothing in (None, "", "unknown", [], 7, {}, {"name": None})),
    ],
)
def test_a_category_is_read_in_the_owners_spelling_or_is_none(told, guess):
    assert read(category=told).category == guess


@pytest.mark.parametrize(
    ("told", "guess"),
    [
        ({"day": "2024-04-03", "confidence": 0.9}, DayGuess(date(2024, 4, 3), 0.9)),
        ("2024-04-03T00:00:00Z", DayGuess(date(2024, 4, 3), 0.5)),
        *((nothing, None) for nothing in (None, "3 April", {"day": 7}, {"day": "2024-02-31"})),
    ],
)
def test_a_date_is_read_or_is_none(told, guess):
    assert read(date=told).dated_on == guess


def test_a_chat_provider_is_shown_what_the_owner_uses_and_asked_for_all():
    with chat_server() as server:
        server.model = lambda request: says(
            GOOD | {"correspondent": {"name": "stadtwerke", "confidence": 0.7}}
        )
        provider = provider_from(server.url, KEY, "m", timeout=10)
        found = provider.describe(BILL, name="scan.pdf", known=KNOWN)
        provider.close()
        (request,) = server.requests
    assert found.correspondent == Guess("STADTWERKE", 0.7)
    assert (found.category, found.enrichment.title) == (None, GOOD["title"])
    assert request.material == {
        "name": "scan.pdf",
        "known_categories": ["Letter", "Invoice"],
        "known_correspondents": ["STADTWERKE"],
        "known_tags": ["Energy"],
        "text": BILL,
    }
    asked = request.body["response_format"]["json_schema"]
    assert asked["name"] == "description"
    assert {"category", "correspondent", "date"} <= set(asked["schema"]["required"])


def test_the_embedded_provider_finds_known_names_in_the_beginning():
    found = ExtractiveProvider().describe(BILL, name="scan.pdf", known=KNOWN)
    assert found.category.name == "Invoice"
    assert found.correspondent.name == "STADTWERKE"
    assert found.dated_on is None
    late = "A word. " * 300 + BILL
    assert ExtractiveProvider().describe(late, name="scan.pdf", known=KNOWN).category is None
    assert ExtractiveProvider().describe(BILL, name="a").category is None
