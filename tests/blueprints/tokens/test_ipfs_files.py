"""Files in IPFS over HTTP."""

from __future__ import annotations

import pytest

from tests.blueprints.examples import Examples
from tests.workers.tokens.conftest import season  # noqa: F401 -- a fixture
from webapp.clients.ipfs import cid
from webapp.clients.ipfs.cid import PROFILES, car, cid_of, root_block

EXAMPLES = Examples(
    words={"cid": "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"},
    ways_in={"/ipfs/<cid>"},
)
PROFILE = PROFILES["kubo-cid-v1"]
DATA = bytes(range(256)) * 2000


def keep(season, token, data, record_type, media_type="image/png"):  # noqa: F811
    name = cid_of(data, PROFILE)
    season.insert_row("ipfs_files", cid=name, media_type=media_type, size=len(data), bytes=data)
    season.insert_row(
        "ipfs_upload_records",
        token_id=token,
        record_type=record_type,
        service="embedded",
        cid=name,
        status="stored",
    )
    season.owner.execute(f"UPDATE tokens SET {record_type}_cid = %s WHERE id = %s", (name, token))
    return name


@pytest.fixture
def picture(season):  # noqa: F811
    """The CID of the picture of a token that is about to be revealed."""
    (token,) = season.mint()
    for status in ("generating", "uploading", "ready"):
        season.owner.execute("UPDATE tokens SET status = %s WHERE id = %s", (status, token))
    return keep(season, token, DATA, "image")


def test_a_file_is_sent_for_ever_and_to_everybody_but_runs_nothing(client, picture):
    answer = client.get(f"/ipfs/{picture}")
    assert (answer.status_code, answer.data) == (200, DATA)
    headers = answer.headers
    assert headers["Content-Type"] == "image/png"
    assert headers["ETag"] == f'"{picture}"'
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["Access-Control-Allow-Origin"] == "*"
    again = client.get(f"/ipfs/{picture}", headers={"If-None-Match": headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.head(f"/ipfs/{picture}").headers["Content-Length"] == str(len(DATA))


def test_parts_blocks_and_cars_are_sent(client, picture):
    part = client.get(f"/ipfs/{picture}", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.data) == (206, DATA[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(DATA)}"
    assert client.get(f"/ipfs/{picture}", headers={"Range": "bytes=9999999-"}).status_code == 416
    block = client.get(f"/ipfs/{picture}?format=raw")
    assert block.data == root_block(DATA, PROFILE)
    assert block.content_type == "application/vnd.ipld.raw"
    whole = client.get(f"/ipfs/{picture}?format=car")
    assert whole.data == car(DATA, PROFILE)
    assert whole.headers["ETag"] == f'"{picture}.car"'
    assert client.get(f"/ipfs/{picture}?format=tar").status_code == 422


def test_each_form_of_a_cid_names_the_file(client, picture):
    binary = next(block.cid for block in reversed(list(cid.blocks(DATA, PROFILE))))
    base58 = "z" + cid._base58(binary)
    assert client.get(f"/ipfs/{base58}").data == DATA


@pytest.mark.parametrize("name", ["bafy", "Qm" + "1" * 44, "b" + "a" * 58, "%00", "z" + "9" * 49])
def test_what_is_no_cid_names_nothing(client, name):
    assert client.get(f"/ipfs/{name}").status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE collections SET is_public = false",
        "UPDATE tokens SET status = 'orphaned'",
        "UPDATE tokens SET image_cid = NULL",
        "UPDATE workspaces SET deletion_id = id",
    ],
)
def test_only_what_is_public_is_sent(client, picture, owner, change):
    owner.execute(change)
    assert client.get(f"/ipfs/{picture}").status_code == 404
