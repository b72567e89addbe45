"""What every drive guarantees."""

from __future__ import annotations

import pytest

from webapp.clients.drives.contract import AccessLost, DriveError

KEY = "0190aaaa-0000-7000-8000-000000000001"
# More than any drive takes in one piece.
LARGE = bytes(range(256)) * 45_000


def in_pieces(content, size=100_000):
    return (content[start : start + size] for start in range(0, len(content), size))


def whole(drive, path):
    with drive.open(path) as download:
        return b"".join(download.chunks)


def names(drive, path="", limit=1000):
    return [each.name for each in drive.list_folder(path, limit=limit).entries]


def entry(drive, name, path=""):
    return next(each for each in drive.list_folder(path, limit=1000).entries if each.name == name)


def test_it_is_checked(elsewhere):
    elsewhere.drive.check()


def test_an_empty_drive_has_nothing(elsewhere):
    listing = elsewhere.drive.list_folder("", limit=10)
    assert (listing.entries, listing.next_cursor) == ([], None)


def test_files_and_folders_are_listed(elsewhere):
    elsewhere.put("Größe & 100%.txt", b"abc")
    elsewhere.make_folder("a folder")
    found = {each.name: each for each in elsewhere.drive.list_folder("", limit=10).entries}
    assert set(found) == {"Größe & 100%.txt", "a folder"}
    file = found["Größe & 100%.txt"]
    assert (file.is_folder, file.bytes) == (False, 3)
    assert file.id
    assert file.etag
    assert file.modified_at is not None
    assert (found["a folder"].is_folder, found["a folder"].bytes) == (True, None)


def test_what_is_in_a_folder_is_found_there_and_nowhere_else(elsewhere):
    folder = elsewhere.make_folder("inner")
    elsewhere.put("deep.txt", b"deep", folder)
    assert names(elsewhere.drive) == ["inner"]
    inner = entry(elsewhere.drive, "inner").path
    assert names(elsewhere.drive, inner) == ["deep.txt"]
    assert whole(elsewhere.drive, entry(elsewhere.drive, "deep.txt", inner).path) == b"deep"


def test_a_folder_is_listed_in_parts(elsewhere):
    wanted = [f"file {number}.txt" for number in range(7)]
    for name in wanted:
        elsewhere.put(name, b"x")
    found, cursor, parts = [], None, 0
    while parts == 0 or cursor is not None:
        listing = elsewhere.drive.list_folder("", limit=3, cursor=cursor)
        assert len(listing.entries) <= 3
        found += [each.name for each in listing.entries]
        cursor = listing.next_cursor
        parts += 1
    assert sorted(found) == wanted
    assert parts >= 3


def test_a_file_is_fetched(elsewhere):
    elsewhere.put("large.bin", LARGE)
    path = entry(elsewhere.drive, "large.bin").path
    with elsewhere.drive.open(path) as download:
        assert (download.name, download.bytes) == ("large.bin", len(LARGE))
        assert b"".join(download.chunks) == LARGE


def test_an_empty_file_is_fetched(elsewhere):
    elsewhere.put("empty.txt", b"")
    assert whole(elsewhere.drive, entry(elsewhere.drive, "empty.txt").path) == b""


def test_another_content_is_another_etag_of_the_same_id(elsewhere):
    elsewhere.put("a.txt", b"abc")
    before = entry(elsewhere.drive, "a.txt")
    elsewhere.put("a.txt", b"abcdef")
    after = entry(elsewhere.drive, "a.txt")
    assert before.id == after.id
    assert before.etag != after.etag


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "large"])
def test_a_file_is_sent(elsewhere, content):
    folder = elsewhere.make_folder("for us")
    path = entry(elsewhere.drive, "for us").path
    sent = elsewhere.drive.upload(
        path, "Größe & 100%.pdf", len(content), in_pieces(content), key=KEY
    )
    assert (sent.name, sent.bytes, sent.is_folder) == ("Größe & 100%.pdf", len(content), False)
    assert whole(elsewhere.drive, sent.path) == content
    assert names(elsewhere.drive, path) == ["Größe & 100%.pdf"]
    assert folder


def test_what_has_a_name_is_found_by_it(elsewhere):
    elsewhere.put("a b.txt", b"abc")
    found = elsewhere.drive.find("", "a b.txt")
    assert found is not None
    assert (found.name, found.bytes) == ("a b.txt", 3)
    assert whole(elsewhere.drive, found.path) == b"abc"
    assert elsewhere.drive.find("", "a b") is None


def test_a_file_that_is_there_is_not_overwritten(elsewhere):
    if not elsewhere.has_unique_names:
        pytest.skip("two files may have one name")
    elsewhere.put("a.txt", b"theirs")
    with pytest.raises(DriveError) as refused:
        elsewhere.drive.upload("", "a.txt", 4, iter([b"ours"]), key=KEY)
    assert refused.value.code == "exists"
    assert whole(elsewhere.drive, entry(elsewhere.drive, "a.txt").path) == b"theirs"
    assert elsewhere.names() == ["a.txt"]


class BreaksOff(Exception):
    pass


def test_what_breaks_off_leaves_nothing_and_can_be_sent_again(elsewhere):
    def broken():
        yield LARGE[:400_000]
        raise BreaksOff

    with pytest.raises(BreaksOff):
        elsewhere.drive.upload("", "a.bin", len(LARGE), broken(), key=KEY)
    assert names(elsewhere.drive) == []
    elsewhere.drive.upload("", "a.bin", len(LARGE), in_pieces(LARGE), key=KEY)
    assert elsewhere.names() == ["a.bin"]


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "a\0b", "a\nb", "x" * 256])
def test_no_file_is_sent_under_an_invalid_name(elsewhere, name):
    with pytest.raises(DriveError) as refused:
        elsewhere.drive.upload("", name, 1, iter([b"x"]), key=KEY)
    assert refused.value.code == "invalid_path"


def test_what_is_not_there_is_reported(elsewhere):
    for call in (
        lambda: elsewhere.drive.list_folder("nowhere", limit=10),
        lambda: whole(elsewhere.drive, "nowhere"),
        lambda: elsewhere.drive.upload("nowhere", "a.txt", 1, iter([b"x"]), key=KEY),
    ):
        with pytest.raises(DriveError) as error:
            call()
        assert (error.value.code, error.value.permanent) == ("not_found", True)


@pytest.mark.parametrize("path", ["../x", "a/../../x", "a//b", "/etc", "a/", "a\0", ".", "a/./b"])
def test_a_path_that_leads_elsewhere_is_no_path(elsewhere, path):
    with pytest.raises(DriveError) as error:
        elsewhere.drive.list_folder(path, limit=10)
    assert error.value.code in ("invalid_path", "not_found")
    with pytest.raises(DriveError), elsewhere.drive.open(path):
        pass


def test_credentials_that_are_not_accepted_have_an_error_of_their_own(elsewhere):
    elsewhere.put("a.txt", b"abc")
    elsewhere.lock_out()
    for call in (
        elsewhere.drive.check,
        lambda: elsewhere.drive.list_folder("", limit=10),
        lambda: elsewhere.drive.find("", "a.txt"),
        lambda: elsewhere.drive.upload("", "b.txt", 1, iter([b"x"]), key=KEY),
    ):
        with pytest.raises(AccessLost) as error:
            call()
        assert error.value.permanent
