"""What surrounds items, once it has moved: places in folders, rules, feeds, annotations."""

from __future__ import annotations

import pytest

from tests.archives.account import contents, patch, post
from tests.archives.written import A, B, C, archive_of, item
from tests.clients.site import Site
from tests.clients.web.feeds import entry, rss, served
from workers.check_feeds import check_feeds

pytestmark = pytest.mark.long

NOTE = {"source_type": "note", "raw_text": "x", "enrich": False}
TIMES = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
HASH = "\\x" + "0f" * 32


def test_an_item_that_is_there_already_is_put_into_its_folders_again(olga, write, put):
    folder = post(olga, "folders", {"name": "Kept"})["id"]
    made = post(olga, "items", NOTE | {"folder_ids": [folder]})["id"]
    archive = write(olga)
    patch(olga, f"items/{made}", {"folder_ids": []})
    done = put(olga, archive)
    assert (done["status"], done["mistakes"]) == ("completed", [])
    folders = olga.client.get(f"/api/items/{made}").json["folders"]
    assert [each["id"] for each in folders] == [folder]
    assert len(olga.client.get(f"/api/library?folder_id={folder}").json["items"]) == 1


def test_a_folder_of_the_same_name_gets_the_items(people, olga, write, put):
    folder = post(olga, "folders", {"name": "Kept"})["id"]
    post(olga, "items", NOTE | {"folder_ids": [folder]})
    sten = people.person("sten")
    mine = post(sten, "folders", {"name": "KEPT"})["id"]
    assert put(sten, write(olga))["mistakes"] == []
    (moved,) = sten.client.get(f"/api/library?folder_id={mine}").json["items"]
    assert [each["id"] for each in moved["folders"]] == [mine]


def test_rules_do_not_give_again_what_was_taken_away_before_the_move(people, olga, write, put):
    folder = post(olga, "folders", {"name": "Ruled"})["id"]
    rule = {"name": "Notes", "applies_to": "items", "source_types": ["note"]}
    post(olga, "rules", rule | {"folder_id": folder, "tags": ["ruled"]})
    made = post(olga, "items", NOTE)
    assert made["tags"] == ["ruled"]
    patch(olga, f"items/{made['id']}", {"folder_ids": [], "remove_tags": ["ruled"]})
    sten = people.person("sten")
    assert put(sten, write(olga))["mistakes"] == []
    (moved,) = sten.client.get("/api/rules").json["items"]
    (here,) = sten.client.get("/api/folders").json["items"]
    assert (moved["folder_id"], moved["tags"]) == (here["id"], ["ruled"])
    (ruled,) = post(sten, f"rules/{moved['id']}/items/apply")["items"]
    assert (ruled["matches"], ruled["gives"]) == (
        True,
        {"tags": [], "folder_id": None, "action": None},
    )


def test_a_feed_goes_on_where_it_was(people, olga, owner, worker, write, put):
    checking = worker(check_feeds)
    with Site() as site:
        site.pages["/feed"] = served(rss(entry(1), entry(2)))
        feed = post(olga, "feeds", {"url": site.url("/feed"), "tags": ["news"]})["id"]
        assert checking.round() == 1
        archive = write(olga)
        assert olga.client.delete(f"/api/feeds/{feed}").status_code == 204
        sten = people.person("sten")
        assert put(sten, archive)["mistakes"] == []
        # Whatever became of its items.
        owner.execute("DELETE FROM items WHERE workspace_id = %s", (sten.workspace_id,))
        assert checking.round() == 1
        assert pending(sten) == []
        site.pages["/feed"] = served(rss(entry(3), entry(1), entry(2)))
        (moved,) = sten.client.get("/api/feeds").json["items"]
        assert (moved["status"], moved["tags"], moved["title"]) == (
            "active",
            ["news"],
            "Garden news",
        )
        post(sten, f"feeds/{moved['id']}/check")
        assert checking.round() == 1
    assert len(pending(sten)) == 1


def pending(person):
    return [each["id"] for each in person.client.get("/api/items/pending").json["items"]]


def feed(**given):
    return {
        "id": B,
        "url": "https://example.com/feed",
        "tags": [],
        "interval_minutes": 60,
        "status": "stopped",
        "failures": 0,
        "next_check_at": "2026-01-01T00:00:00Z",
        "entries": [{"entry": HASH, "page": None, "gone_at": None}],
        **TIMES,
    } | given


def annotation(**given):
    return {"id": B, "item_id": A, "note": "n", **TIMES} | given


def saved(**given):
    return {"id": B, "name": "Fence", "q": "fence", **TIMES} | given


def rule(**given):
    return {
        "id": B,
        "name": "R",
        "position": 1,
        "is_active": True,
        "applies_to": "items",
        "addresses": ["example.com"],
        "source_types": [],
        "with_tags": [],
        "phrases": [],
        "match": "any",
        "within": ["text"],
        "tags": ["t"],
        **TIMES,
    } | given


@pytest.mark.parametrize(
    ("part", "line", "said"),
    [
        ("feeds", feed(url="file:///etc/passwd"), "Must begin with http"),
        ("feeds", feed(url="https://me:secret@example.com/"), "Must not contain a user name"),
        ("feeds", feed(url=None), "url"),
        ("feeds", feed(url=["x"]), "url"),
        ("feeds", feed(site_url="javascript:alert(1)"), "Must begin with http"),
        ("feeds", feed(interval_minutes=1), "interval_minutes"),
        ("feeds", feed(tags=["x"] * 21), "tags"),
        ("feeds", feed(status="new"), "It breaks a rule: transitions."),
        ("feeds", feed(entries=[{"entry": "\\x00", "page": None}]), "Its entries are not"),
        ("feeds", feed(entries=[{}]), "not as it should be"),
        ("annotations", annotation(color="ultraviolet", quote="q"), "color"),
        ("annotations", annotation(color="red"), "Is only of a quote."),
        ("annotations", annotation(note=None), "Give a quote or a note."),
        ("annotations", annotation(item_id=C), "What its item_id refers to is not there."),
        ("saved_searches", saved(q="is:unheard"), "Its q cannot be searched for."),
        ("saved_searches", saved(name=""), "name"),
        ("rules", rule(addresses=["exa mple.com"]), "addresses"),
        ("rules", rule(with_tags=["x" * 51]), "with_tags"),
        ("rules", rule(applies_to="documents"), "It breaks a rule: rules for documents"),
        ("folder_items", {"item_id": A, "folder_id": C}, "What its folder_id refers to is not"),
        ("item_rulings", {"item_id": A, "field": "folder_id", "value": C}, "Its folder_id is not"),
        ("item_rulings", {"item_id": A, "field": "title", "value": "x"}, "It breaks a rule"),
        ("item_rulings", {"item_id": C, "field": "tag", "value": "x"}, "What its item_id refers"),
    ],
)
def test_what_the_api_would_not_take_is_refused(people, put, part, line, said):
    done = put(people.person("ina"), archive_of({"items": [item()], part: [line]}))
    assert (done["status"], done["added"], done["refused"]) == ("incomplete", 1, 1), done
    (mistake,) = done["mistakes"]
    assert (mistake["file"], mistake["line"]) == (f"{part}.jsonl", 1)
    assert said in mistake["message"], mistake


def test_lines_that_are_as_they_should_be_are_taken(people, put):
    person = people.person("ina")
    parts = {
        "items": [item()],
        "feeds": [feed(url="https://Example.com/a b#part")],
        "annotations": [annotation()],
        "saved_searches": [saved()],
        "rules": [rule()],
        "item_rulings": [{"item_id": A, "field": "tag", "value": "t"}],
    }
    done = put(person, archive_of(parts))
    assert (done["status"], done["added"], done["mistakes"]) == ("completed", 6, [])
    (followed,) = person.client.get("/api/feeds").json["items"]
    assert (followed["url"], followed["next_check_at"]) == ("https://example.com/a%20b", None)


def test_an_item_has_no_more_annotations_than_one_of_the_api(people, put):
    notes = [
        annotation(id=f"01900000-0000-7000-8000-{number:012x}", note=str(number))
        for number in range(1, 1003)
    ]
    lines = {"items": [item()], "annotations": notes}
    done = put(people.person("ina"), archive_of(lines))
    assert (done["added"], done["refused"]) == (1 + 1000, 2)
    assert done["mistakes"][-1]["message"] == "There are 1000 annotations, which is the most."


def test_somebody_elses_saved_searches_and_feeds_stay_theirs(people, olga, write, put):
    post(olga, "saved-searches", {"name": "Fence", "q": "fence"})
    post(olga, "feeds", {"url": "https://example.com/feed"})
    archive = write(olga)
    sten = people.person("sten")
    for added in (3, 1):  # with the settings
        assert put(sten, archive)["added"] == added
    for path in ("feeds", "saved-searches"):
        (hers,) = olga.client.get(f"/api/{path}").json["items"]
        (his,) = sten.client.get(f"/api/{path}").json["items"]
        assert hers["id"] != his["id"]


def test_bookmarks_are_nested_in_their_folders(olga, write):
    outer = post(olga, "folders", {"name": "Outer"})["id"]
    inner = post(olga, "folders", {"name": "Inner & <odd>", "parent_id": outer})["id"]
    for path, folders in (("in", [inner]), ("out", []), ("around", [outer])):
        link = {"source_type": "article", "source_url": f"https://example.com/{path}"}
        post(olga, "items", link | {"folder_ids": folders})
    found = contents(write(olga))["bookmarks.html"].decode()
    assert found == olga.client.get("/api/export/bookmarks.html").text
    places = [
        found.index(each)
        for each in (
            *(">Outer</H3>", "example.com/around", ">Inner &amp; &lt;odd&gt;</H3>"),
            *("example.com/in", "</DL><p>\n</DL><p>\n", "example.com/out"),
        )
    ]
    assert places == sorted(places)


def test_what_takes_several_batches_is_all_there_once(people, olga, owner, write, put):
    folder = post(olga, "folders", {"name": "Full"})["id"]
    made = post(olga, "items", NOTE)["id"]
    whose = {"workspace": olga.workspace_id, "user": olga.id, "folder": folder, "item": made}
    owner.execute(
        "WITH made AS (INSERT INTO items"
        " (workspace_id, created_by, source_type, raw_text, title, status)"
        " SELECT %(workspace)s, %(user)s, 'note', 'x', 'x', 'confirmed'"
        " FROM generate_series(1, 600) RETURNING id)"
        " INSERT INTO folder_items SELECT %(workspace)s, %(folder)s, id FROM made",
        whose,
    )
    owner.execute(
        "INSERT INTO item_rulings SELECT %(workspace)s, %(item)s, 'tag', format(E'a  %%s b\n ', n)"
        " FROM generate_series(1, 1100) AS n",
        whose,
    )
    archive = write(olga)
    found = contents(archive)
    for name, most in (("folder_items", 600), ("item_rulings", 1100)):
        lines = found[f"{name}.jsonl"]
        assert len(lines) == len({str(line) for line in lines}) == most
    done = put(people.person("sten"), archive)
    assert (done["status"], done["added"]) == ("completed", 1 + 1 + 601 + 600 + 1100)
