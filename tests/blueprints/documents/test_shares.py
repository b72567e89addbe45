"""Shares: what a sharee can reach in another workspace, at which level, and how it ends."""

from __future__ import annotations

import io
import threading
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from sql import queries
from tests.blueprints.documents.conftest import pdf
from tests.blueprints.examples import Examples, Place
from tests.blueprints.test_bad_input import assert_problem
from tests.factories import NOWHERE


def share_of_document(place: Place) -> object:
    return queries.shares.create_of_document(
        place.make.conn, document_id=place.thing("document_id"), **_with_somebody(place)
    )["id"]


def share_of_folder(place: Place) -> object:
    return queries.shares.create_of_folder(
        place.make.conn, folder_id=place.thing("folder_id"), **_with_somebody(place)
    )["id"]


def _with_somebody(place: Place) -> dict[str, object]:
    return {
        "workspace_id": place.workspace_id,
        "user_id": place.make.user()["id"],
        "level": "view",
        "shared_by": place.owner.id,
        "expires_at": None,
    }


EXAMPLES = Examples(
    things={"share_id": share_of_document, "folder_share_id": share_of_folder},
    bodies={
        "shares.create_of_document": {"handle": "sten", "level": "view"},
        "shares.create_of_folder": {"handle": "sten", "level": "view"},
        "shares.change_of_document": {"level": "write"},
        "shares.change_of_folder": {"level": "write"},
    },
    shared=dict.fromkeys(
        (
            f"shares.{what}_of_{thing}"
            for what in ("create", "list", "change", "end")
            for thing in ("document", "folder")
        ),
        "own",
    ),
)


@pytest.fixture
def ben(sign_in):
    """Somebody with another workspace, who has documents of his own."""
    client = sign_in("ben")
    client.get("/api/quota")  # creates the user
    return client


@pytest.fixture
def folder(ana):
    """Makes folders of Ana's, each inside the one before; gives the id of the last."""

    def make(*names, parent=None):
        for name in names:
            parent = ana.post("/api/folders", json={"name": name, "parent_id": parent}).json["id"]
        return parent

    return make


@pytest.fixture
def share(ana):
    """Shares something of Ana's with Ben; gives the address of the share."""

    def make(path, level="view", **more):
        answer = ana.post(f"{path}/shares", json={"handle": "ben", "level": level} | more)
        assert answer.status_code == 201, answer.json
        return answer.headers["Location"]

    return make


@pytest.fixture
def letter(ana, upload):
    """The address of one of Ana's documents."""
    return f"/api/documents/{upload(ana, pdf('letter'), tags='tax').json['id']}"


def listed(client, path="/api/documents", **query):
    answer = client.get(path, query_string=query)
    assert answer.status_code == 200, answer.json
    return {each["id"] for each in answer.json["items"]}


def expire(owner):
    owner.execute("UPDATE shares SET expires_at = now() - interval '1 second'")


@pytest.mark.long
def test_a_shared_document_is_read_at_its_address(ana, ben, letter, share):
    ends = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    share(letter, expires_at=ends)
    assert ana.get(letter).json["shared"] is None
    document = ben.get(letter).json
    assert (document["shared"]["level"], document["shared"]["by"]) == ("view", "ana")
    assert datetime.fromisoformat(document["shared"]["expires_at"]) == datetime.fromisoformat(ends)
    assert document | {"shared": None} == ana.get(letter).json
    assert ben.get(f"{letter}/text").status_code == 200
    assert ben.get(f"{letter}/download", buffered=True).data == pdf("letter")
    assert ben.get(f"{letter}/preview", buffered=True).status_code == 200


@pytest.mark.long
def test_what_a_level_does_not_allow_is_refused_with_the_level(ben, letter, share):
    at = share(letter)
    for method, path, body in (
        ("PATCH", letter, {"title": "x"}),
        ("PATCH", letter, {"add_tags": ["x"]}),
        *(("POST", f"{letter}/{name}", {}) for name in ("retry", "reprocess", "discard")),
        ("POST", f"{letter}/restore", {}),
        ("POST", f"{letter}/move", {"folder_id": None}),
        ("POST", f"{letter}/shares", {"handle": "cleo", "level": "view"}),
        ("GET", f"{letter}/shares", None),
        ("PATCH", at, {"level": "write"}),
        ("DELETE", at, None),
        ("DELETE", letter, None),
    ):
        answer = ben.open(path, method=method, json=body)
        assert_problem(answer, 403, "share_forbids")
        assert answer.json["level"] == "view"


@pytest.mark.long
def test_write_is_to_edit_and_to_read_again_but_not_to_dispose(ana, ben, letter, share, owner):
    share(letter, "write")
    change = {"title": "By Ben", "add_tags": ["garden", "tax"], "remove_tags": ["tax"]}
    changed = ben.patch(letter, json=change)
    assert changed.status_code == 200, changed.json
    assert (changed.json["title"], changed.json["tags"]) == ("By Ben", ["garden"])
    owner.execute("UPDATE documents SET status = 'failed'")
    assert ben.post(f"{letter}/retry").json["status"] == "processing"
    for refused in (
        ben.post(f"{letter}/discard"),
        ben.post(f"{letter}/restore"),
        ben.post(f"{letter}/move", json={"folder_id": None}),
        ben.post(f"{letter}/shares", json={"handle": "ana", "level": "view"}),
        ben.post(f"{letter}/links", json={}),
        ben.delete(letter),
        # This would discard it later.
        ben.patch(letter, json={"expires_at": "2027-01-01T00:00:00Z", "add_tags": ["x"]}),
        ben.patch(letter, json={"expires_at": None}),
    ):
        assert_problem(refused, 403, "share_forbids")
        assert refused.json["level"] == "write"
    assert ben.get(letter).json["title"] == "By Ben"
    tags = {each["name"] for each in ana.get("/api/tags").json["items"]}
    assert tags == {"garden", "tax"}
    assert ben.get("/api/tags").json["items"] == []
    assert ben.get("/api/quota").json["used_bytes"] == 0


@pytest.mark.long
def test_a_conditional_edit_of_a_sharee_is_checked(ana, ben, letter, share):
    share(letter, "write")
    etag = {"If-Match": ben.get(letter).headers["ETag"]}
    assert ben.patch(letter, json={"title": "One"}, headers=etag).status_code == 200
    assert_problem(
        ben.patch(letter, json={"title": "Two"}, headers=etag), 412, "precondition_failed"
    )


@pytest.mark.long
def test_a_shared_folder_shares_what_is_below_it_while_it_is_there(ana, ben, folder, upload, share):
    outer = folder("Secret house")
    shared = folder("Plans", parent=outer)
    inner = folder("2026", parent=shared)
    beside = folder("Diary", parent=outer)
    document = upload(ana, pdf("plan"), folder_id=inner).json["id"]
    upload(ana, pdf("diary"), folder_id=beside)
    share(f"/api/folders/{shared}", "write")
    path = f"/api/documents/{document}"
    assert ben.get(path).json["folder_id"] == inner
    assert ben.patch(path, json={"title": "Plan"}).status_code == 200
    top, below = (ben.get(f"/api/folders/{each}").json for each in (shared, inner))
    assert (top["parent_id"], top["path"]) == (None, ["Plans"])
    assert (below["parent_id"], below["path"]) == (shared, ["Plans", "2026"])
    assert top["shared"] == {"level": "write", "by": "ana", "expires_at": None}
    for secret in (outer, beside):
        assert_problem(ben.get(f"/api/folders/{secret}"), 404, "not_found")
    assert listed(ben, "/api/folders", shared="with_me") == {shared, inner}
    assert listed(ben, "/api/folders", shared="with_me", topmost="true") == {shared}
    assert listed(ben, "/api/folders", shared="with_me", parent_id=shared) == {inner}
    assert listed(ben, "/api/folders", shared="with_me", parent_id=outer) == set()
    assert listed(ben, shared="with_me", folder_id=inner) == {document}
    assert listed(ben, shared="with_me", folder_id=shared, recursive="true") == {document}
    assert listed(ben, shared="with_me", folder_id=outer, recursive="true") == set()
    for refused in (
        ben.patch(f"/api/folders/{shared}", json={"name": "x"}),
        ben.patch(f"/api/folders/{shared}", json={"parent_id": None}),
        ben.delete(f"/api/folders/{shared}"),
    ):
        assert_problem(refused, 403, "share_forbids")

    ana.post(f"{path}/move", json={"folder_id": beside})
    assert_problem(ben.get(path), 404, "not_found")
    ana.patch(f"/api/folders/{beside}", json={"parent_id": shared})
    assert ben.get(path).json["folder_id"] == beside
    ana.patch(f"/api/folders/{shared}", json={"parent_id": None})
    assert ben.get(path).status_code == 200
    ana.delete(f"/api/folders/{shared}")
    assert_problem(ben.get(path), 404, "not_found")
    assert listed(ben, shared="with_me") == set()


@pytest.mark.long
def test_a_document_shared_by_itself_says_nothing_of_its_folder(ana, ben, folder, upload, share):
    inside = folder("Secret house")
    document = upload(ana, pdf("x"), folder_id=inside).json["id"]
    share(f"/api/documents/{document}")
    assert ben.get(f"/api/documents/{document}").json["folder_id"] is None
    (shown,) = ben.get("/api/documents?shared=with_me").json["items"]
    assert shown["folder_id"] is None
    assert listed(ben, shared="with_me", folder_id=inside) == set()
    assert ben.get("/api/folders?shared=with_me").json["items"] == []


@pytest.mark.long
def test_shared_things_are_listed_as_shared_and_nowhere_else(ana, ben, letter, upload, share):
    upload(ana, pdf("other"))
    own = upload(ben, pdf("mine"), tags="tax").json["id"]
    share(letter)
    document = letter.rpartition("/")[2]
    assert listed(ben) == {own}
    assert listed(ben, tag="tax") == {own}
    assert listed(ben, shared="with_me") == {document}
    assert listed(ben, shared="with_me", tag="tax", kind="pdf") == {document}
    assert listed(ben, shared="with_me", category="none") == set()
    assert listed(ben, shared="by_me") == set()
    assert listed(ana, shared="by_me") == {document}
    assert listed(ana, shared="with_me") == set()
    assert {each["name"]: each["usage"] for each in ben.get("/api/tags").json["items"]} == {
        "tax": ben.get("/api/tags").json["items"][0]["usage"]
    }
    ana.post(f"{letter}/discard")
    assert_problem(ben.get(letter), 404, "not_found")
    assert listed(ben, shared="with_me") == set()
    assert listed(ben, "/api/documents/trash") == set()
    ana.post(f"{letter}/restore")
    assert ben.get(letter).status_code == 200
    answer = ben.get("/api/documents?shared=nobody")
    assert_problem(answer, 422, "invalid_input", "shared")


@pytest.mark.long
def test_lists_of_shared_documents_have_pages(ana, ben, upload, share):
    documents = {upload(ana, pdf(str(n))).json["id"] for n in range(3)}
    for each in documents:
        share(f"/api/documents/{each}")
    first = ben.get("/api/documents?shared=with_me&limit=2").json
    assert len(first["items"]) == 2
    rest = listed(ben, shared="with_me", cursor=first["next_cursor"])
    assert {each["id"] for each in first["items"]} | rest == documents


@pytest.mark.long
def test_the_timeline_says_no_more_of_the_workspace(ana, ben, letter, share, folder):
    share(letter, "write")
    ana.post(f"{letter}/move", json={"folder_id": folder("Secret")})
    ana.patch(letter, json={"category": "x"})
    ben.patch(letter, json={"title": "x"})
    events = ben.get(f"{letter}/events").json["items"]
    assert [each["event"] for each in events] == [
        *("document.uploaded", "document.edited", "document.edited"),
    ]
    assert [each["actor"] == "member" for each in events] == [True, True, False]
    assert [each["request_id"] is None for each in events] == [True, True, False]
    everything = [each["event"] for each in ana.get(f"{letter}/events").json["items"]]
    assert "document.moved" in everything


@pytest.mark.long
def test_shares_are_listed_changed_and_ended(ana, ben, letter, share, sign_in):
    at = share(letter)
    sign_in("cleo").get("/api/quota")
    ana.post(f"{letter}/shares", json={"handle": "CLEO", "level": "write"})
    shown = ana.get(f"{letter}/shares").json["items"]
    assert [(each["handle"], each["level"]) for each in shown] == [
        ("cleo", "write"),
        ("ben", "view"),
    ]
    changed = ana.patch(at, json={"level": "write"}).json
    assert (changed["level"], changed["expires_at"], changed["shared_by"]) == (
        *("write", None),
        "ana",
    )
    assert ben.patch(letter, json={"title": "x"}).status_code == 200
    answer = ana.patch(at, json={"expires_at": "2020-01-01T00:00:00Z"})
    assert_problem(answer, 422, "invalid_input", "expires_at")
    assert ana.delete(at).status_code == 204
    assert_problem(ben.get(letter), 404, "not_found")
    assert len(ana.get(f"{letter}/shares").json["items"]) == 1
    assert_problem(ana.delete(at), 404, "not_found")
    assert_problem(ana.patch(at, json={"level": "view"}), 404, "not_found")


@pytest.mark.long
def test_whom_something_can_be_shared_with(ana, ben, letter, share, owner):
    path = f"{letter}/shares"
    answer = ana.post(path, json={"handle": "nobody", "level": "view"})
    assert_problem(answer, 404, "no_such_user")
    answer = ana.post(path, json={"handle": "ana", "level": "view"})
    assert_problem(answer, 422, "invalid_input", "handle")
    answer = ana.post(path, json={"handle": "ben", "level": "own"})
    assert_problem(answer, 422, "invalid_input", "level")
    share(letter)
    answer = ana.post(path, json={"handle": "ben", "level": "write"})
    assert_problem(answer, 409, "already_shared")
    for other in (f"/api/documents/{NOWHERE}", f"/api/folders/{NOWHERE}"):
        answer = ana.post(f"{other}/shares", json={"handle": "ben", "level": "view"})
        assert_problem(answer, 404, "not_found")
    owner.execute("UPDATE users SET disabled_at = now() WHERE handle = 'ben'")
    answer = ana.post(path, json={"handle": "ben", "level": "view"})
    assert_problem(answer, 404, "no_such_user")


@pytest.mark.long
def test_an_expired_share_is_no_share(ana, ben, letter, share, owner):
    share(letter, "write")
    once = {"Idempotency-Key": "k"}
    assert ben.post(f"{letter}/reprocess", headers=once).status_code == 409  # it is being read
    owner.execute("UPDATE documents SET status = 'failed'")
    assert ben.post(f"{letter}/retry", headers=once).status_code == 200
    assert ben.post(f"{letter}/retry", headers=once).headers["Idempotency-Replayed"] == "true"
    expire(owner)
    assert_problem(ben.post(f"{letter}/retry", headers=once), 404, "not_found")
    assert_problem(ben.get(letter), 404, "not_found")
    assert listed(ben, shared="with_me") == set()
    assert ana.get(f"{letter}/shares").json["items"] == []
    assert listed(ana, shared="by_me") == set()
    share(letter)
    assert ben.get(letter).json["shared"]["level"] == "view"
    expire(owner)
    queries.shares.expire(owner, limit=10)
    assert owner.execute("SELECT count(*) FROM shares").fetchone() == (0,)


@pytest.mark.long
def test_of_two_ways_to_a_document_the_better_counts(ana, ben, folder, upload, share):
    outer = folder("A")
    inner = folder("B", parent=outer)
    path = f"/api/documents/{upload(ana, pdf('x'), folder_id=inner).json['id']}"
    on_document, on_inner = share(path, "write"), share(f"/api/folders/{inner}")
    assert ben.get(path).json["shared"]["level"] == "write"
    assert ben.get(path).json["folder_id"] == inner
    share(f"/api/folders/{outer}", "write")
    assert ben.get(f"/api/folders/{inner}").json["path"] == ["A", "B"]
    ana.delete(on_document)
    assert ben.patch(path, json={"title": "x"}).status_code == 200
    assert ana.delete(on_inner).status_code == 204
    assert listed(ben, shared="with_me") == {path.rpartition("/")[2]}


def test_shares_are_reached_from_the_personal_workspace_alone(ben, letter, share):
    share(letter)
    team = ben.post("/api/workspaces", json={"name": "Team"}).json["id"]
    elsewhere = {"X-Workspace-Id": team}
    assert_problem(ben.get(letter, headers=elsewhere), 404, "not_found")
    answer = ben.get("/api/documents?shared=with_me", headers=elsewhere)
    assert answer.json["items"] == []


@pytest.mark.long
def test_the_audit_log_tells_of_shares_and_of_downloads_by_others(ana, ben, letter, share, owner):
    at = share(letter)
    ana.patch(at, json={"level": "write"})
    for headers in ({}, {"Range": "bytes=3-"}, {"Range": "bytes=0-3"}):
        assert ben.get(f"{letter}/download", headers=headers, buffered=True).status_code < 300
    ben.head(f"{letter}/download", buffered=True)
    ana.get(f"{letter}/download", buffered=True)
    ana.delete(at)
    rows = owner.execute("SELECT action, actor, user_id, details FROM audit_log ORDER BY id")
    entries = rows.fetchall()
    assert [action for action, *_ in entries] == [
        *("share.made", "share.changed", "share.downloaded", "share.downloaded", "share.ended")
    ]
    assert {row[3]["document_id"] for row in entries} == {letter.rpartition("/")[2]}
    assert len({row[2] for row in entries}) == 1  # Ben's
    assert [row[1] == f"user:{row[2]}" for row in entries] == [False, False, True, True, False]


@pytest.mark.long
def test_an_archive_has_what_is_shared_and_the_audit_log_tells_of_it(
    ana, ben, folder, upload, share, owner
):
    shared = folder("letters")
    places = [
        *({"folder_id": shared}, {"folder_id": folder("old", parent=shared)}),
        {},  # where nothing is shared
    ]
    ids = [
        upload(ana, pdf(word), f"{word}.pdf", **place).json["id"]
        for word, place in zip(("one", "two", "three"), places, strict=True)
    ]
    path = "/api/documents/archive"
    share(f"/api/folders/{shared}")

    def names(answer):
        assert answer.status_code == 200, answer.json
        return zipfile.ZipFile(io.BytesIO(answer.data)).namelist()

    folder_of_ben = ben.get(path, query_string={"folder_id": shared}, buffered=True)
    assert names(folder_of_ben) == ["one.pdf", "old/two.pdf"]
    assert names(ben.post(path, json={"ids": ids[:2]}, buffered=True)) == ["one.pdf", "two.pdf"]
    assert ben.post(path, json={"ids": ids}).status_code == 404
    details = [
        row[0]
        for row in owner.execute(
            "SELECT details FROM audit_log WHERE action = 'share.downloaded' ORDER BY id"
        )
    ]
    assert details == [
        {"documents": 2, "folder_id": shared},
        {"documents": 2, "document_ids": ids[:2]},
    ]


def test_a_part_alone_is_a_download_too(ben, letter, share, owner):
    share(letter)
    for _ in range(2):
        ben.get(f"{letter}/download", headers={"Range": "bytes=3-"}, buffered=True)
    rows = owner.execute("SELECT count(*) FROM audit_log WHERE action = 'share.downloaded'")
    assert rows.fetchone() == (1,)


def test_two_shares_at_once_make_one(sign_in, ana, ben, letter):
    clients = [ana, sign_in("ana")]
    statuses = in_parallel(
        *(
            lambda client=client: (
                client.post(f"{letter}/shares", json={"handle": "ben", "level": "view"}).status_code
            )
            for client in clients
        )
    )
    assert sorted(statuses) == [201, 409]
    assert len(ana.get(f"{letter}/shares").json["items"]) == 1


def in_parallel(*calls):
    found = []
    threads = [threading.Thread(target=lambda call=call: found.append(call())) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.long
def test_a_share_that_ends_while_it_is_used_allows_all_of_an_edit_or_none(
    ana, ben, sign_in, letter, share
):
    for number in range(10):
        at = share(letter, "write")
        edit = {"title": f"By Ben {number}", "add_tags": [f"tag {number}"]}
        found = dict(
            in_parallel(
                lambda edit=edit: ("edit", ben.patch(letter, json=edit).status_code),
                lambda at=at: ("end", ana.delete(at).status_code),
            )
        )
        assert found["end"] == 204
        assert found["edit"] in (200, 404)
        now = sign_in("ana").get(letter).json
        is_done = found["edit"] == 200
        assert (now["title"] == edit["title"]) == is_done
        assert (edit["add_tags"][0] in now["tags"]) == is_done
        assert_problem(ben.patch(letter, json=edit), 404, "not_found")


@pytest.mark.long
def test_whoever_ends_a_share_waits_for_a_change_through_it(database, ben, letter, share, owner):
    """Once it has ended, nothing is changed through it."""
    share(letter, "write")
    mine = {"id": letter.rpartition("/")[2]}
    mine["workspace_id"] = owner.execute(
        "SELECT id FROM workspaces WHERE personal_of = (SELECT id FROM users WHERE handle = 'ben')"
    ).fetchone()[0]
    with database.connect(role="app") as one, database.connect(role="app") as other:
        other.execute("SET lock_timeout = '100ms'")
        with one.transaction():
            assert queries.documents.home_to_change(one, **mine, needed="write")
            with pytest.raises(Exception, match="lock timeout"):
                other.execute("DELETE FROM shares")
        other.execute("DELETE FROM shares")
    assert_problem(ben.get(letter), 404, "not_found")


@pytest.mark.long
def test_the_items_of_a_shared_folder_are_not_shared(ana, ben, folder, share):
    shared = folder("Shared")
    body = {"source_type": "note", "raw_text": "Oak", "enrich": False, "folder_ids": [shared]}
    item = ana.post("/api/items", json=body).json
    share(f"/api/folders/{shared}", "write")
    (listed,) = ben.get("/api/folders?shared=with_me").json["items"]
    assert listed["items"] is ben.get(f"/api/folders/{shared}").json["items"] is None
    assert ana.get(f"/api/folders/{shared}").json["items"] == 1
    assert_problem(ben.get(f"/api/items/{item['id']}"), 404, "not_found")
    for path in ("/api/library", "/api/items/pending"):
        assert ben.get(path, query_string={"folder_id": shared}).json["items"] == []
    assert ben.get("/api/search", query_string={"q": "in:shared"}).json["items"] == []
    at = f"/api/folders/{shared}/items/{item['id']}"
    for answer in (ben.put(at), ben.delete(at)):
        assert_problem(answer, 403, "share_forbids")
