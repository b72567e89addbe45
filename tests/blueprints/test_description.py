"""The API does what its description says, whatever it is sent: schemathesis tries."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks

load_all_checks()

# Not checked: that input which satisfies the schema is accepted. A note of white space satisfies it
# and is refused all the same, and so is an article with neither text nor URL.
CHECKS = [
    check
    for check in schemathesis.checks.CHECKS.get_all()
    if check.__name__ != "positive_data_acceptance"
]
OPERATIONS = [
    "GET /health",
    "POST /api/items",
    "GET /api/items/pending",
    "GET /api/items/{item_id}",
    "PATCH /api/items/{item_id}",
    "POST /api/items/{item_id}/retry",
    "GET /api/items/{item_id}/events",
]


@pytest.fixture
def described(app):
    return schemathesis.openapi.from_wsgi("/api/openapi.json", app)


def test_every_operation_is_tried(described):
    assert {result.ok().label for result in described.get_all_operations()} == set(OPERATIONS)


@pytest.mark.parametrize(
    ("label", "mode"),
    [(label, GenerationMode.POSITIVE) for label in OPERATIONS]
    # The health check takes nothing that could be wrong.
    + [(label, GenerationMode.NEGATIVE) for label in OPERATIONS[1:]],
)
def test_every_operation_answers_as_described(described, make, label, mode):
    operation = described.find_operation_by_label(label)
    mine = make.user("ana")

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers_as_described(case):
        if mode is GenerationMode.POSITIVE and "item_id" in case.path_parameters:
            # A real item, so that not every guess at an id ends in 404.
            status = "failed" if label.endswith("retry") else "ready_to_confirm"
            case.path_parameters["item_id"] = str(make.item(mine, status=status)["id"])
        case.call_and_validate(headers={"X-Dev-User-Id": "ana"}, checks=CHECKS)

    answers_as_described()
