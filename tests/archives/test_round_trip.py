"""An archive holds everything, and gives it back elsewhere."""

from __future__ import annotations

from itertools import zip_longest

import pytest

from tests.archives.account import contents, fill
from workers.export_tables import export_tables

pytestmark = pytest.mark.long


def test_an_account_is_the_same_after_it_has_moved(
    people, olga, owner, is_ready, write, put, forget, worker
):
    fill(olga, owner, is_ready)
    assert worker(export_tables).round()
    archive = write(olga)
    before = contents(archive)
    forget()
    moved = people.person("moved")
    done = put(moved, archive)
    assert (done["status"], done["error"], done["mistakes"]) == ("completed", None, []), done
    assert done["refused"] == done["missed"] == done["duplicates"] == 0
    assert done["added"] == done["total"] > 20
    after = contents(write(moved))
    assert after.pop("manifest")["parts"].keys() == before.pop("manifest")["parts"].keys()
    assert before.pop("settings.jsonl") != after.pop("settings.jsonl")
    assert len([each for each in before["documents.jsonl"] if each["category"] == "export"]) == 2
    assert different(before, after) == {}
    # Nothing is done again, and nothing is left behind: feeds go on being checked.
    queued = "SELECT kind, count(*) FROM outbox WHERE kind <> 'delete_objects' GROUP BY 1"
    assert owner.execute(queued).fetchall() == [("check_feeds", 1)]
    assert len(after["feeds.jsonl"]) == 3
    assert {len(each["entries"]) for each in after["feeds.jsonl"]} == {2}
    assert len(after["folder_items.jsonl"]) == 3
    assert len(after["item_rulings.jsonl"]) == 4
    assert len(after["annotations.jsonl"]) == len(after["saved_searches.jsonl"]) == 2
    counted = "SELECT status, is_charged, count(*) FROM objects GROUP BY 1, 2 ORDER BY 1, 2"
    assert owner.execute(counted).fetchall() == [
        *(("doomed", False, 1), ("stored", False, 1), ("stored", True, len(files_in(after)))),
    ]
    assert owner.execute("SELECT count(*) FROM archived_ids").fetchone() == (0,)
    learned = "SELECT count(*) FROM learned_labels"
    assert owner.execute(learned).fetchone()[0] > 0
    found = moved.client.get("/api/search?q=gardener")
    assert found.status_code == 200


def files_in(archive):
    return [
        name for name in archive if name.startswith("documents/") and not name.endswith("/text.txt")
    ]


def different(before, after):
    """What of the rows and files of two archives is not the same."""
    found = {}
    for name in sorted(before.keys() | after.keys()):
        then, now = before.get(name), after.get(name)
        if not name.endswith(".jsonl"):
            found |= {name: (then, now)} if then != now else {}
        else:
            for old, new in zip_longest(then, now, fillvalue={}):
                for key in old.keys() | new.keys():
                    if old.get(key) != new.get(key):
                        found[name, key, old.get("id")] = (old.get(key), new.get(key))
    return found
