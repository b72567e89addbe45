"""The API does what its description says, whatever it is sent: schemathesis tries."""

from __future__ import annotations

import orjson
import pytest
import schemathesis
from hypothesis import given
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks

from tests.fuzzing import examples
from webapp.app import create_app
from webapp.routes.description import api
from webapp.settings import Settings
from webapp.version import VERSION

load_all_checks()

# Not checked: that input which satisfies the schema is accepted. A note of white space satisfies it
# and is refused all the same, and so is an article with neither text nor URL.
CHECKS = [
    check
    for check in schemathesis.checks.CHECKS.get_all()
    if check.__name__ != "positive_data_acceptance"
]
# Read from the description itself, so that none is left out.
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in orjson.loads(
        api.of(
            create_app(
                Settings(
                    environment="development",
                    database_url="postgresql://nowhere.invalid/x",
                    database_migrate_url="postgresql://nowhere.invalid/x",
                    secret_key="x" * 32,
                )
            )
        ).document
    )["paths"].items()
    for method, operation in operations.items()
    if method != "parameters"
}


def takes_something(label):
    """Whether anything that a client sends could be wrong."""
    return bool(OPERATIONS[label].get("requestBody") or OPERATIONS[label].get("parameters"))


@pytest.fixture(scope="session")
def described(shared_app):
    return schemathesis.openapi.from_wsgi("/api/openapi.json", shared_app)


@pytest.mark.fuzz
@pytest.mark.parametrize(
    ("label", "mode"),
    [(label, GenerationMode.POSITIVE) for label in OPERATIONS]
    + [(label, GenerationMode.NEGATIVE) for label in OPERATIONS if takes_something(label)],
)
def test_every_operation_answers_as_described(described, make, owner, label, mode):
    operation = described.find_operation_by_label(label)
    mine = make.user("ana")
    owner.execute("UPDATE users SET is_admin = true WHERE handle = 'ana'")
    real = {"workspace_id": mine["workspace_id"], "user_id": make.user()["id"]}

    @examples(4)
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers_as_described(case):
        if mode is GenerationMode.POSITIVE and "item_id" in case.path_parameters:
            # A real item, so that not every guess at an id ends in 404.
            status = "failed" if label.endswith("retry") else "ready_to_confirm"
            case.path_parameters["item_id"] = str(make.item(mine, status=status)["id"])
        for name in case.path_parameters.keys() & real.keys():
            case.path_parameters[name] = str(real[name])
        case.call_and_validate(headers={"X-Dev-User-Id": "ana"}, checks=CHECKS)

    answers_as_described()


def test_it_is_valid(described):
    OpenAPIV31SpecValidator(described.raw_schema).validate()
    assert described.raw_schema["info"]["version"] == VERSION
    assert described.raw_schema["servers"] == [{"url": "/"}]


def test_every_operation_says_whether_one_has_to_sign_in():
    public = {label for label, operation in OPERATIONS.items() if operation["security"] == []}
    assert "POST /api/auth/login" in public
    assert "GET /api/items/pending" not in public


def test_no_parameter_may_be_null_and_nothing_is_null_by_default(described):
    def parts(value):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            if isinstance(inner, dict | list):
                yield from parts(inner)

    for operation in OPERATIONS.values():
        for parameter in operation["parameters"]:
            assert isinstance(parameter["schema"]["type"], str)
    schemas = described.raw_schema["components"]["schemas"]
    assert not [each for each in parts(schemas) if "default" in each and each["default"] is None]


def test_an_address_may_be_too_long_where_it_has_a_query():
    assert "414" in OPERATIONS["GET /api/search"]["responses"]
    assert "414" not in OPERATIONS["POST /api/search"]["responses"]


def test_patterns_are_those_of_json_schema(described):
    """Which looks anywhere in a string, and knows no `\\Z`."""
    schemas = orjson.loads(orjson.dumps(described.raw_schema))["components"]["schemas"]
    assert schemas["NewTag"]["properties"]["color"]["pattern"] == "^#[0-9A-Fa-f]{6}$"
    assert "\\\\Z" not in orjson.dumps(described.raw_schema).decode()


def test_what_a_change_leaves_out_has_no_default(described):
    change = described.raw_schema["components"]["schemas"]["TaskChange"]["properties"]
    assert [name for name, each in change.items() if "default" in each] == []


def test_what_can_be_asked_for_conditionally_may_be_unchanged():
    assert "304" in OPERATIONS["GET /api/library"]["responses"]
    assert "304" not in OPERATIONS["POST /api/tags"]["responses"]
