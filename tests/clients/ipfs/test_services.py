"""Pinata and Kubo on loopback: both keep the contract of a store, whatever they answer."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest

from tests.fakes.vendor import Vendor, running
from webapp.clients.ipfs.cid import PROFILES, Profile, cid_of
from webapp.clients.ipfs.contract import AnotherCid, File, IpfsError
from webapp.clients.ipfs.kubo import Kubo
from webapp.clients.ipfs.pinata import Pinata

V0, V1 = PROFILES["unixfs-v0-2015"], PROFILES["kubo-cid-v1"]
JWT = "eyJ-a-token-of-tests"
DATA = b'{"name":"Season #1"}'


class Service(Vendor):
    """Has what was stored there, by CID. It makes blocks by `profile`, unless it is told how."""

    def __init__(self):
        super().__init__()
        self.profile: Profile = V1
        self.stored = {}
        self.cid_next = None

    def keep(self, asked, profile):
        data = asked.form["file"]
        cid = self.cid_next or cid_of(data, profile)
        self.cid_next = None
        self.stored[cid] = data
        return cid


class FakePinata(Service):
    def answer(self, asked):
        if asked.headers["authorization"] != f"Bearer {JWT}":
            return 401, {"error": {"reason": "INVALID_CREDENTIALS", "details": "No"}}, {}
        is_known = asked.form["file"] in self.stored.values()
        cid = self.keep(asked, self.profile)
        if asked.path == "/v3/files":
            size = len(asked.form["file"])
            said = {"id": "1", "name": "x", "cid": cid, "size": size, "network": "public"}
            return 200, {"data": said | ({"is_duplicate": True} if is_known else {})}, {}
        assert asked.path == "/pinning/pinFileToIPFS"
        said = {"IpfsHash": cid, "PinSize": 1, "Timestamp": "2026-11-27T00:00:00Z"}
        return 200, said | ({"isDuplicate": True} if is_known else {}), {}


class FakeKubo(Service):
    """`trailer_next` is an error that it reports after the answer."""

    trailer_next = None

    def answer(self, asked):
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        if asked.path == "/api/v0/pin/ls":
            if query["arg"] in self.stored:
                return 200, {"Keys": {query["arg"]: {"Type": "recursive"}}}, {}
            message = f"path '{query['arg']}' is not pinned"
            return 500, {"Message": message, "Code": 0, "Type": "error"}, {}
        assert asked.path == "/api/v0/add"
        profile = Profile(
            "asked for",
            int(query["cid-version"]),
            query["raw-leaves"] == "true",
            int(query["chunker"].removeprefix("size-")),
            int(query["max-file-links"]),
        )
        cid = self.keep(asked, profile)
        line = json.dumps({"Name": "1.json", "Hash": cid, "Size": "28"}).encode() + b"\n"
        if self.trailer_next:
            del self.stored[cid]  # it named it, and could not pin it
            return 200, line, {"trailer": self.trailer_next}
        return 200, line, {}


@pytest.fixture(params=["pinata v3", "pinata v1", "kubo"])
def service(request):
    with running(FakeKubo() if request.param == "kubo" else FakePinata()) as server:
        paths = {"pinata v3": "/v3/files", "pinata v1": "/pinning/pinFileToIPFS"}
        if request.param == "kubo":
            server.make = lambda profile: Kubo(server.url, profile)
        else:
            url = server.url + paths[request.param]
            server.make = lambda profile: Pinata(url, JWT, profile)
        server.kind = request.param
        yield server


@pytest.fixture
def store(service):
    made = service.make(V1)
    yield made
    made.close()


def file_of(data=DATA, profile=V1):
    return File(cid_of(data, profile), "1.json", "application/json", data)


def test_the_very_bytes_are_stored_under_their_cid_as_often_as_one_likes(store, service):
    store.store(file_of())
    store.store(file_of())  # what was there before is no error
    assert service.stored == {file_of().cid: DATA}


def test_files_of_several_blocks_and_other_profiles_are_stored(service):
    large = bytes(range(256)) * 3000
    for profile in (V1, V0):
        service.profile = profile
        store = service.make(profile)
        store.store(file_of(large, profile))
        store.close()
    assert set(service.stored) == {cid_of(large, V1), cid_of(large, V0)}


def test_another_cid_is_refused_for_good(store, service):
    service.cid_next = cid_of(DATA, V0)
    with pytest.raises(AnotherCid) as error:
        store.store(file_of())
    assert error.value.permanent
    assert "IPFS_PROFILE" in str(error.value)


@pytest.mark.parametrize("said", [{}, [], b"", b"not json", {"data": 7}, {"IpfsHash": 1}])
def test_an_answer_without_a_cid_is_no_success(store, service, said):
    service.answers_next = [(200, said, {})]
    with pytest.raises(IpfsError) as error:
        store.store(file_of())
    assert not error.value.permanent


@pytest.mark.parametrize("status", [0, 500, 502, 503])
def test_what_breaks_is_tried_again(store, service, status):
    service.answers_next = [(status, b"<html>broken</html>", {})]
    with pytest.raises(IpfsError) as error:
        store.store(file_of())
    assert (error.value.permanent, error.value.slows_down) == (False, False)
    assert JWT not in str(error.value)
    store.store(file_of())


# Pinata


@pytest.fixture
def pinata():
    with running(FakePinata()) as server:
        server.store = Pinata(f"{server.url}/v3/files", JWT, V1)
        yield server
        server.store.close()


def test_pinata_is_asked_for_public_files_of_the_wanted_version(pinata):
    pinata.store.store(file_of())
    form = pinata.seen[0].form
    assert form["file"] == DATA
    assert (form["network"], form["name"], form["cid_version"]) == (b"public", b"1.json", b"v1")
    older = Pinata(f"{pinata.url}/pinning/pinFileToIPFS", JWT, V0)
    pinata.profile = V0
    older.store(file_of(profile=V0))
    older.close()
    form = pinata.seen[1].form
    assert json.loads(form["pinataOptions"]) == {"cidVersion": 0}
    assert json.loads(form["pinataMetadata"]) == {"name": "1.json"}


@pytest.mark.parametrize(
    ("status", "said", "headers", "told"),
    [
        (429, {"error": "Too many"}, {"Retry-After": "33"}, (False, True, 33)),
        (429, b"", {}, (False, True, 60)),
        (401, {"error": {"reason": "INVALID", "details": "bad"}}, {}, (False, False, None)),
        (402, {"error": {"message": "Upgrade your plan"}}, {}, (False, False, None)),
        (400, {"error": "Bad form"}, {}, (True, False, None)),
    ],
)
def test_pinatas_refusals_say_what_helps(pinata, status, said, headers, told):
    pinata.answers_next = [(status, said, headers)]
    with pytest.raises(IpfsError) as error:
        pinata.store.store(file_of())
    found = error.value
    assert (found.permanent, found.slows_down, found.retry_after) == told


# Kubo


@pytest.fixture
def kubo():
    with running(FakeKubo()) as server:
        server.store = Kubo(server.url.replace("//", "//us%40er:pass@") + "/api/v0", V1)
        yield server
        server.store.close()


def test_kubo_is_told_all_that_decides_about_the_cid(kubo):
    kubo.store.store(file_of())
    query = {name: values[0] for name, values in parse_qs(kubo.seen[0].query).items()}
    assert query == {
        "cid-version": "1",
        "raw-leaves": "true",
        "chunker": "size-262144",
        "max-file-links": "174",
        "hash": "sha2-256",
        "trickle": "false",
        "inline": "false",
        "wrap-with-directory": "false",
        "pin": "true",
        "quieter": "true",
    }
    assert all(asked.method == "POST" for asked in kubo.seen)
    assert kubo.seen[0].headers["authorization"] == "Basic dXNAZXI6cGFzcw=="
    assert "pass" not in repr(kubo.store)


def test_an_error_in_kubos_trailer_is_noticed(kubo):
    kubo.trailer_next = "pin: context canceled"
    with pytest.raises(IpfsError, match="not pinned") as error:
        kubo.store.store(file_of())
    assert not error.value.permanent


def test_an_error_in_the_middle_of_kubos_answer_is_noticed(kubo):
    line = {"Name": "x", "Hash": file_of().cid}
    said = {"Message": "no space left", "Code": 0, "Type": "error"}
    kubo.answers_next = [(200, b"\n".join(json.dumps(each).encode() for each in (line, said)), {})]
    with pytest.raises(IpfsError, match="no space left"):
        kubo.store.store(file_of())
