"""What every store of objects promises, tested on each of them."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from webapp.clients.storage.contract import NoObject

KEY = "0190-user/0190-document/one.pdf"
BODY = b"all of it" * 100_000  # several chunks, but less than a part of S3's


def test_what_was_put_is_read_whole(store):
    store.put(KEY, [BODY[:1000], BODY[1000:]])
    assert b"".join(store.read(KEY)) == BODY
    assert store.size(KEY) == len(BODY)


def test_what_is_larger_than_a_part_of_s3_is_read_whole(store):
    chunks = [bytes([number]) * 262_144 for number in range(50)]
    store.put(KEY, iter(chunks))
    assert b"".join(store.read(KEY)) == b"".join(chunks)


@pytest.mark.parametrize(
    ("start", "end"), [(0, 1), (0, 100), (5, None), (300_000, 600_001), (899_999, 900_000)]
)
def test_a_part_is_read(store, start, end):
    store.put(KEY, [BODY])
    assert b"".join(store.read(KEY, start, end)) == BODY[start:end]


def test_an_empty_part_is_a_part_too(store):
    store.put(KEY, [BODY])
    assert b"".join(store.read(KEY, 5, 5)) == b""


def test_an_empty_object_is_an_object(store):
    store.put(KEY, [])
    assert store.size(KEY) == 0
    assert b"".join(store.read(KEY)) == b""


def test_an_open_object_has_a_descriptor_at_its_beginning(store):
    store.put(KEY, [BODY])
    with store.open(KEY) as file:
        assert os.pread(file.fileno(), 9, 0) == b"all of it"
        assert file.read() == BODY


def test_a_copy_stays_as_it_is(store):
    store.put(KEY, [BODY])
    store.copy(KEY, "other/copy")
    store.copy(KEY, "other/copy")
    store.put(KEY, [b"other"])
    assert b"".join(store.read("other/copy")) == BODY
    store.delete([KEY])
    assert store.size("other/copy") == len(BODY)
    with pytest.raises(NoObject):
        store.copy(KEY, "other/second")
    assert [each.key for each in store.objects()] == ["other/copy"]


def test_what_is_not_there_is_reported(store):
    assert store.size(KEY) is None
    with pytest.raises(NoObject) as missing:
        next(iter(store.read(KEY)))
    assert missing.value.permanent
    with pytest.raises(NoObject):
        store.open(KEY)


class BrokenOff(Exception):
    pass


def test_a_put_that_breaks_off_keeps_nothing_and_tells_why(store):
    def chunks():
        yield BODY * 8
        raise BrokenOff

    with pytest.raises(BrokenOff):
        store.put(KEY, chunks())
    assert store.size(KEY) is None
    assert list(store.objects()) == []


def test_nothing_is_there_before_the_put_has_ended(store):
    begun, looked = threading.Event(), threading.Event()

    def chunks():
        yield BODY
        begun.set()
        assert looked.wait(30)
        yield BODY

    putting = threading.Thread(target=store.put, args=[KEY, chunks()])
    putting.start()
    assert begun.wait(30)
    seen = store.size(KEY)
    looked.set()
    putting.join()
    assert (seen, store.size(KEY)) == (None, 2 * len(BODY))


def test_deleting_is_no_error_where_nothing_is(store):
    store.put(KEY, [b"x"])
    store.put("other/one", [b"x"])
    store.delete([KEY, "never/was"])
    store.delete([KEY])
    assert [each.key for each in store.objects()] == ["other/one"]


def test_objects_come_in_the_order_of_their_keys_after_any_of_them(store):
    keys = sorted(["a/b", "a/b.c", "a/b/c", "a-b", "a0", "b/a/z", "b/a.z", "b/b", "c"])
    for key in reversed(keys):
        if key not in ("a/b", "b/a"):  # on a disk these are folders
            store.put(key, [b"12345"])
    kept = [key for key in keys if key != "a/b"]
    assert [each.key for each in store.objects()] == kept
    for number, key in enumerate(kept):
        assert [each.key for each in store.objects(after=key)] == kept[number + 1 :]
    found = next(iter(store.objects()))
    assert found.bytes == 5
    assert abs(found.stored_at - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "key",
    [
        *("", "/", "a/", "/a", "a//b", "../a", "a/../b", "a/./b", ".hidden", "a/.hidden"),
        *("A", "a b", "a\0", "a\n", "ä", "a" * 301, ".unfinished/x"),
    ],
)
def test_what_is_no_key_is_refused_by_every_method(store, key):
    for use in (
        lambda: store.put(key, [b"x"]),
        lambda: next(iter(store.read(key))),
        lambda: store.open(key),
        lambda: store.size(key),
        lambda: store.delete([key]),
    ):
        with pytest.raises(ValueError, match="is not a valid object key"):
            use()


def test_preparing_again_changes_nothing(store):
    store.put(KEY, [b"x"])
    store.prepare()
    store.check()
    assert store.size(KEY) == 1


def test_objects_are_put_and_deleted_by_many_threads_at_once(store):
    """The objects of one document share a folder, which comes and goes with them."""
    failed = []

    def work(number):
        key = f"user/document/{number}"
        try:
            for _ in range(10):
                store.put(key, [b"x" * number])
                assert b"".join(store.read(key)) == b"x" * number
                store.delete([key])
        except Exception as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=work, args=[number]) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert list(store.objects()) == []


def test_addresses_that_a_store_gives_work_without_anything_else(store):
    upload = store.upload_url(KEY, 60)
    if upload is None:
        assert not store.is_shared
        return
    assert httpx2.put(upload, content=BODY).is_success
    assert store.size(KEY) == len(BODY)
    assert httpx2.get(store.download_url(KEY, 60)).content == BODY


def test_tidying_spares_what_is_being_written(store):
    def chunks():
        yield b"x"
        assert store.tidy(timedelta(hours=1)) == 0
        yield b"y"

    store.put(KEY, chunks())
    assert b"".join(store.read(KEY)) == b"xy"
