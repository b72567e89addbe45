"""The API matches its description, whatever it is sent, as tested by schemathesis."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import assume, given

from tests import fuzzing
from tests.blueprints.examples import Place, of_all_nouns
from tests.fuzzing import examples
from tests.people import People
from webapp.version import VERSION

# It is not checked that input which satisfies the schema is accepted. A note of white space
# satisfies it but is refused, and so is an article with neither text nor URL.
NOT_CHECKED = {"positive_data_acceptance"}


@pytest.fixture(scope="session")
def described(shared_app):
    import schemathesis  # takes seconds, and only this process needs it

    return schemathesis.openapi.from_wsgi("/api/openapi.json", shared_app)


@pytest.fixture(scope="session")
def checks(described):
    import schemathesis.checks

    schemathesis.checks.load_all_checks()
    every = schemathesis.checks.CHECKS.get_all()
    return [check for check in every if check.__name__ not in NOT_CHECKED]


@pytest.fixture(scope="session")
def operations(described):
    """All operations by label, such as `GET /api/items/{item_id}`; read from the description
    itself, so that none is left out."""
    return {
        f"{method.upper()} {path}": operation
        for path, operations in described.raw_schema["paths"].items()
        for method, operation in operations.items()
        if method != "parameters"
    }


@pytest.mark.fuzz
# A connection that the app's pool opens in the meantime draws its lifetime from `random`, which
# Hypothesis mistakes for one of our strategies.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
def test_every_operation_answers_as_described(
    described, operations, checks, shared_app, make, owner, forget, subtests
):
    from schemathesis import GenerationMode

    # Generating input that does not fit the description takes longer than everything else.
    modes = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if fuzzing.deep else [])]
    for label, operation in operations.items():
        for mode in modes if can_be_wrong(operation) else modes[:1]:
            forget()
            people = People(shared_app, make, owner)
            ana = people.person("ana", admin=True)
            place = Place(people, ana, people.workspace(ana))
            with subtests.test(label, mode=mode.value):
                operation_answers_as_described(described, label, mode, checks, place)


def can_be_wrong(operation):
    """Whether there is input that does not fit the description; if a body may be any bytes, or a
    path any text, there is none."""
    bodies = operation.get("requestBody", {"content": {}})["content"].values()
    places = [each for each in operation.get("parameters", []) if each["in"] != "path"]
    paths = [each for each in operation.get("parameters", []) if each["in"] == "path"]
    return (
        bool(places)
        or any(body.get("schema") for body in bodies)
        or any(set(each["schema"]) - {"type", "title"} for each in paths)
    )


def operation_answers_as_described(described, label, mode, checks, place):
    things = of_all_nouns().things
    cases = described.find_operation_by_label(label).as_strategy(generation_mode=mode)

    @examples(1, many=30)
    @given(case=cases)
    def answers_as_described(case):
        # White space around a string is removed before its length is checked, which a schema
        # cannot express.
        assume(mode.value == "positive" or not is_padded([case.body, case.query]))
        headers = {"X-Dev-User-Id": "ana"}
        if mode.value == "positive":
            # Real things, so that not every guess at an id ends in 404.
            headers["X-Workspace-Id"] = str(place.workspace_id)
            for name in [each for each in things if each in case.path_parameters]:
                place.made[name] = things[name](place)
                case.path_parameters[name] = str(place.made[name])
        case.call_and_validate(headers=headers, checks=checks)

    answers_as_described()


def is_padded(value):
    """Whether a string in a value begins or ends with white space."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return isinstance(value, str) and value != value.strip()
    return any(map(is_padded, value))


@pytest.mark.long
def test_it_is_valid(described):
    from openapi_spec_validator import OpenAPIV31SpecValidator

    OpenAPIV31SpecValidator(described.raw_schema).validate()
    assert described.raw_schema["info"]["version"] == VERSION
    assert described.raw_schema["servers"] == [{"url": "/"}]


def test_every_operation_says_whether_one_has_to_sign_in(operations):
    public = {label for label, operation in operations.items() if operation["security"] == []}
    assert "POST /api/auth/login" in public
    assert "GET /api/items/pending" not in public


def test_no_parameter_may_be_null_and_nothing_is_null_by_default(described, operations):
    def parts(value):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            if isinstance(inner, dict | list):
                yield from parts(inner)

    for operation in operations.values():
        for parameter in operation["parameters"]:
            assert isinstance(parameter["schema"]["type"], str)
    schemas = described.raw_schema["components"]["schemas"]
    assert not [each for each in parts(schemas) if "default" in each and each["default"] is None]


def test_an_address_may_be_too_long_where_it_has_a_query(operations):
    assert "414" in operations["GET /api/search"]["responses"]
    assert "414" not in operations["POST /api/search"]["responses"]


@pytest.mark.long
def test_patterns_are_those_of_json_schema(described):
    """A pattern there may match anywhere in a string, and there is no `\\Z`."""
    schemas = orjson.loads(orjson.dumps(described.raw_schema))["components"]["schemas"]
    assert schemas["NewTag"]["properties"]["color"]["pattern"] == "^#[0-9A-Fa-f]{6}$"
    assert "\\\\Z" not in orjson.dumps(described.raw_schema).decode()


def test_what_a_change_leaves_out_has_no_default(described):
    change = described.raw_schema["components"]["schemas"]["TaskChange"]["properties"]
    assert [name for name, each in change.items() if "default" in each] == []


def test_what_can_be_asked_for_conditionally_may_be_unchanged(operations):
    assert "304" in operations["GET /api/library"]["responses"]
    assert "304" not in operations["POST /api/tags"]["responses"]
