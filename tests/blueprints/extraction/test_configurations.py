"""Configurations over HTTP: versions, one of which is active."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sql import queries
from tests.blueprints.documents.conftest import upload
from tests.blueprints.examples import Examples, Place
from tests.blueprints.test_bad_input import assert_problem
from tests.fuzzing import examples
from webapp.identity.ids import new_id
from webapp.parsing.extraction.extracted import Type
from webapp.parsing.tables.table import Method
from webapp.schemas.extraction import configuration_bodies
from webapp.schemas.extraction.configuration_bodies import ConfigurationBody

__all__ = ["upload"]

PATH = "/api/configurations"
BODY = {
    "tables": {"pages": "1-3, 7-", "methods": ["ruled"], "min_rows": 2, "join_pages": False},
    "columns": [
        {"name": "amount", "match": "Amount", "type": "decimal", "decimal": ",", "required": True},
        {"name": "day", "type": "date", "date_order": "dmy"},
    ],
}


def configuration_in(place: Place, document_type: str = "invoice") -> object:
    """A draft."""
    return queries.configurations.create(
        place.make.conn,
        id=new_id(),
        workspace_id=place.workspace_id,
        document_type=document_type,
        title=None,
        body="{}",
        created_by=place.owner.id,
    )


def active_type_in(place: Place) -> object:
    """A type of documents with an active configuration."""
    made = configuration_in(place, "letters to olga")
    queries.configurations.activate(place.make.conn, id=made, workspace_id=place.workspace_id)
    return "letters to olga"


EXAMPLES = Examples(
    things={"configuration_id": configuration_in, "active_type": active_type_in},
    bodies={"configurations.change": {"title": "x"}},
)


@pytest.fixture
def make(ana):
    """Makes a configuration; gives what the response shows."""

    def make(document_type="invoice", **more):
        answer = ana.post(PATH, json={"document_type": document_type} | more)
        assert answer.status_code == 201, answer.json
        assert answer.headers["Location"] == f"{PATH}/{answer.json['id']}"
        return answer.json

    return make


def path_of(configuration, verb=""):
    return f"{PATH}/{configuration['id']}{verb}"


@pytest.mark.long
def test_versions_of_a_type_are_numbered(ana, make):
    first, second, other = make(), make("Invoice", title="T", body=BODY), make("order")
    assert [each["version"] for each in (first, second, other)] == [1, 2, 1]
    assert (first["status"], first["body"], first["title"]) == ("draft", {}, None)
    assert (second["body"], second["title"], second["is_active"]) == (BODY, "T", False)
    assert ana.get(path_of(second)).json == second


@pytest.mark.long
def test_one_of_a_type_is_active(ana, make):
    assert_problem(ana.get(f"{PATH}/active/invoice"), 404, "no_active_configuration")
    first, second, other = make("a/b"), make("A/B"), make("order")
    for each in (first, other, second):
        answer = ana.post(path_of(each, "/activate"))
        assert (answer.status_code, answer.json["is_active"]) == (200, True)
    assert ana.get(f"{PATH}/active/a/B").json["id"] == second["id"]
    assert ana.get(path_of(first)).json["status"] == "retired"
    assert_problem(ana.post(path_of(second, "/activate")), 409, "invalid_state_transition")
    assert_problem(ana.post(path_of(first, "/retire")), 409, "invalid_state_transition")
    assert ana.post(path_of(first, "/activate")).json["status"] == "active"
    assert ana.post(path_of(first, "/retire")).json["status"] == "retired"
    assert_problem(ana.get(f"{PATH}/active/a/b"), 404, "no_active_configuration")
    events = [each["event"] for each in ana.get(path_of(first, "/events")).json["items"]]
    assert events == [
        f"configuration.{event}"
        for event in ("created", "activated", "retired", "activated", "retired")
    ]


@pytest.mark.long
def test_lists_are_filtered(ana, make):
    first, second, other = make(), make(), make("order")
    ana.post(path_of(second, "/activate"))

    def listed(query):
        return [each["id"] for each in ana.get(f"{PATH}?{query}").json["items"]]

    assert listed("") == [other["id"], second["id"], first["id"]]
    assert listed("document_type=INVOICE") == [second["id"], first["id"]]
    assert listed("status=draft") == [other["id"], first["id"]]
    assert listed("is_active=true") == [second["id"]]
    page = ana.get(f"{PATH}?limit=2").json
    assert listed(f"limit=2&cursor={page['next_cursor']}") == [first["id"]]


@pytest.mark.long
def test_what_has_been_active_stays_as_it_is(ana, make):
    made = make()
    etag = ana.get(path_of(made)).headers["ETag"]
    changed = ana.patch(path_of(made), json={"body": BODY, "title": "x"})
    assert (changed.json["body"], changed.json["title"]) == (BODY, "x")
    stale = {"If-Match": etag}
    assert_problem(
        ana.patch(path_of(made), json={"title": "y"}, headers=stale), 412, "precondition_failed"
    )
    for verb in ("/activate", "/retire"):
        answer = ana.post(path_of(made, verb), headers=stale)
        assert_problem(answer, 412, "precondition_failed")
    ana.post(path_of(made, "/activate"))
    for _ in range(2):
        answer = ana.patch(path_of(made), json={"body": {}})
        assert_problem(answer, 409, "configuration_in_use")
        assert_problem(ana.delete(path_of(made)), 409, "configuration_in_use")
        ana.post(path_of(made, "/retire"))
    named = ana.patch(path_of(made), json={"body": BODY, "title": None})
    assert (named.json["title"], named.json["body"]) == (None, BODY)


@pytest.mark.long
def test_drafts_are_removed(ana, make, owner):
    made = make()
    assert ana.delete(path_of(made)).status_code == 204
    assert ana.get(path_of(made)).status_code == ana.delete(path_of(made)).status_code == 404
    (last,) = owner.execute("SELECT event FROM events ORDER BY id DESC LIMIT 1").fetchone()
    assert last == "configuration.removed"


@pytest.mark.long
def test_a_draft_by_which_a_job_has_run_stays_as_it_is(ana, make, upload, owner):
    made = make()
    owner.execute(
        "INSERT INTO jobs (workspace_id, document_id, version_id, configuration_id,"
        " configuration_version, created_by)"
        " SELECT workspace_id, id, version_id, %s, 1, created_by FROM documents WHERE id = %s",
        (made["id"], upload(ana).json["id"]),
    )
    assert_problem(ana.patch(path_of(made), json={"body": BODY}), 409, "configuration_in_use")
    assert_problem(ana.delete(path_of(made)), 409, "configuration_in_use")


@pytest.mark.long
def test_versions_made_and_activated_at_once_are_all_different_and_one_is_active(
    sign_in, make, ana
):
    start, answers = Barrier(4), []

    def work():
        client = sign_in("ana")
        start.wait(10)
        for _ in range(5):
            made = client.post(PATH, json={"document_type": "invoice"})
            answers.extend([made, client.post(path_of(made.json, "/activate"))])

    threads = [Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert {answer.status_code for answer in answers} == {200, 201}
    versions = [answer.json["version"] for answer in answers if answer.status_code == 201]
    assert sorted(versions) == list(range(1, 21))
    assert len(ana.get(f"{PATH}?is_active=true").json["items"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"table": {}}, "body.table"),
        ({"tables": []}, "body.tables"),
        ({"tables": {"pages": "3-1"}}, "body.tables.pages"),
        ({"tables": {"pages": "0"}}, "body.tables.pages"),
        ({"tables": {"methods": []}}, "body.tables.methods"),
        ({"tables": {"methods": ["magic"]}}, "body.tables.methods.0"),
        ({"tables": {"min_rows": -1}}, "body.tables.min_rows"),
        ({"tables": {"min_rows": 1.5}}, "body.tables.min_rows"),
        ({"tables": {"min_confidence": 1.1}}, "body.tables.min_confidence"),
        ({"tables": {"header_rows": 21}}, "body.tables.header_rows"),
        ({"tables": {"join_pages": "yes"}}, "body.tables.join_pages"),
        ({"columns": [{}]}, "body.columns.0.name"),
        ({"columns": [{"name": "a"}, {"name": "A"}]}, "body.columns.1.name"),
        ({"columns": [{"name": "a", "type": "money"}]}, "body.columns.0.type"),
        ({"columns": [{"name": "a", "decimal": "."}]}, "body.columns.0.decimal"),
        ({"columns": [{"name": "a", "match": "a", "pattern": "a"}]}, "body.columns.0.pattern"),
        ({"columns": [{"name": "a", "pattern": "a" * 501}]}, "body.columns.0.pattern"),
        ({"columns": [{"name": str(n)} for n in range(201)]}, "body.columns"),
        ({"fields": [{"name": "a"}]}, "body.fields.0.pattern"),
        (
            {"fields": [{"name": "a", "pattern": "a", "date_order": "dmy"}]},
            "body.fields.0.date_order",
        ),
        ({"columns": [{"name": f"{n}" + "ä" * 90} for n in range(100)]}, "body"),
    ],
    ids=str,
)
def test_mistakes_in_a_body_are_named(ana, body, field):
    answer = ana.post(PATH, json={"document_type": "invoice", "body": body})
    assert_problem(answer, 422, "invalid_input", field)


def test_schemas_know_all_types_and_methods():
    assert get_args(Type) == configuration_bodies.TYPES
    assert get_args(Method) == configuration_bodies.METHODS


COLUMNS = st.fixed_dictionaries(
    {"name": st.text("abcäß", min_size=1, max_size=8)},
    optional={"type": st.sampled_from(configuration_bodies.TYPES), "required": st.booleans()},
)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "tables": st.fixed_dictionaries(
            {},
            optional={
                "pages": st.from_regex(r"[1-9]{1,3}-?(, ?[1-9]-)?", fullmatch=True),
                "min_rows": st.integers(0, 1000),
                "min_confidence": st.floats(0, 1),
                "join_pages": st.booleans(),
            },
        ),
        "columns": st.lists(COLUMNS, unique_by=lambda column: column["name"].casefold()),
    },
)


@examples(20)
@given(BODIES)
def test_a_body_is_kept_as_it_was_given(body):
    assert ConfigurationBody().load(body) == body
