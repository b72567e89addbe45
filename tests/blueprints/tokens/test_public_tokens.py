"""Tokens of public collections, as everybody sees them."""

from __future__ import annotations

import pytest

from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from tests.blueprints.tokens import minted
from tests.factories import NOWHERE
from webapp.clients.ipfs.cid import PROFILES, cid_of
from webapp.schemas.tokens.tokens import PublicTokenPage

OF_COLLECTION = "/api/collections/<uuid:collection_id>/tokens"

EXAMPLES = Examples(
    things={"collection_id": lambda place: minted.collection(place.make.conn, place.workspace_id)},
    ways_in={
        *(OF_COLLECTION, f"{OF_COLLECTION}/<int:number>"),
        f"{OF_COLLECTION}/<int:number>/metadata",
    },
)


@pytest.fixture
def path(collection_id):
    return f"/api/collections/{collection_id}/tokens"


@pytest.fixture
def mint(app_conn, collection_id):
    """Mints a token of the collection."""
    author_id = minted.author(app_conn, collection_id)

    def make(number=1, status="detected", **given):
        return minted.token(app_conn, collection_id, author_id, number, status, **given)

    return make


@pytest.mark.long
def test_tokens_are_listed_for_everybody_by_number(client, path, mint):
    for number, status in ((1, "revealed"), (3, "ready"), (2, "failed"), (4, "orphaned")):
        mint(number, status, error="https://provider.example/secret", error_code="secret")
    page = client.get(path, query_string={"limit": 2})
    assert not PublicTokenPage().validate(page.json)
    assert [each["token_id"] for each in page.json["items"]] == [3, 2]
    rest = client.get(path, query_string={"cursor": page.json["next_cursor"]}).json["items"]
    assert [(each["token_id"], each["image_cid"]) for each in rest] == [(1, minted.IMAGE)]
    assert "secret" not in page.text
    assert "secret" not in client.get(f"{path}/2").text


def test_what_a_token_shows_is_told_once_it_is_revealed(client, path, mint, owner):
    one = mint(1, "ready")
    shown = client.get(f"{path}/1").json
    assert (shown["status"], shown["image_cid"], shown["metadata_cid"]) == ("ready", None, None)
    owner.execute("UPDATE tokens SET status = 'revealed' WHERE id = %s", (one,))
    shown = client.get(f"{path}/1").json
    assert (shown["image_cid"], shown["metadata_cid"]) == (minted.IMAGE, minted.METADATA)


@pytest.mark.long
def test_metadata_is_the_very_bytes_that_the_chain_leads_to(
    client, app_conn, workspace_id, path, mint, owner
):
    told = '{"name":"Season #1 🗼","image":"ipfs://x"}'.encode()
    cid = cid_of(told, PROFILES["kubo-cid-v1"])
    app_conn.execute(
        "INSERT INTO ipfs_files (workspace_id, cid, media_type, size, bytes)"
        " VALUES (%s, %s, 'application/json', %s, %s)",
        (workspace_id, cid, len(told), told),
    )
    one = mint(1, "ready")
    owner.execute("UPDATE tokens SET metadata_cid = %s", (cid,))
    assert_problem(client.get(f"{path}/1/metadata"), 404, "not_found")
    owner.execute("UPDATE tokens SET status = 'revealed' WHERE id = %s", (one,))
    shown = client.get(f"{path}/1/metadata")
    assert (shown.data, shown.content_type) == (told, "application/json")
    assert cid_of(shown.data, PROFILES["kubo-cid-v1"]) == cid == shown.headers["ETag"].strip('"')
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    again = client.get(f"{path}/1/metadata", headers={"If-None-Match": f'"{cid}"'})
    assert (again.status_code, again.data) == (304, b"")
    for nothing in (f"{path}/2/metadata", f"{path}/{2**63}/metadata"):
        assert_problem(client.get(nothing), 404, "not_found")
    owner.execute("UPDATE collections SET is_public = false")
    assert_problem(client.get(f"{path}/1/metadata"), 404, "not_found")


@pytest.mark.long
def test_tokens_that_are_not_there_or_not_public_are_404(
    client, app_conn, workspace_id, path, mint
):
    mint(4, "orphaned")
    hidden = minted.collection(app_conn, workspace_id, is_public=False)
    minted.token(app_conn, hidden, minted.author(app_conn, hidden))
    for wrong in (
        *(f"{path}/4", f"{path}/5", f"{path}/{2**63}", f"{path}/{2**200}", f"{path}/-1"),
        *(f"/api/collections/{hidden}/tokens", f"/api/collections/{hidden}/tokens/1"),
        f"/api/collections/{NOWHERE}/tokens",
    ):
        assert_problem(client.get(wrong), 404, "not_found")


def test_a_workspace_that_is_about_to_be_deleted_shows_nothing(client, path, mint, owner):
    mint(1, "revealed")
    assert client.get(path).status_code == 200
    owner.execute("UPDATE workspaces SET deletion_id = id")
    assert_problem(client.get(path), 404, "not_found")
    assert_problem(client.get("/api/authors/leaderboard"), 404, "not_found")


@pytest.mark.parametrize("cursor", ["!", "LTE", "eA"])
def test_a_cursor_that_is_none_is_refused(client, path, cursor):
    assert_problem(client.get(f"{path}?cursor={cursor}"), 400, "invalid_cursor")
