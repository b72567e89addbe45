"""WebDAV servers of strangers: what they answer, and where they are."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime

import pytest

from tests.clients.site import dns, response
from webapp.clients.drives import webdav
from webapp.clients.drives.contract import DriveError
from webapp.clients.drives.dav_xml import NotDav, responses_in
from webapp.clients.drives.webdav import WebDavDrive
from webapp.clients.public.gate import Gate

LISTING = """<?xml version="1.0"?>
<d:multistatus xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">
 <d:response><d:href>/dav/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/>
  </d:resourcetype></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>
 %s
</d:multistatus>"""
FILE = """<d:response><d:href>%s</d:href>
 <d:propstat><d:prop><d:resourcetype/><d:getcontentlength>3</d:getcontentlength>
  <d:getetag>"e1"</d:getetag><oc:fileid>17</oc:fileid></d:prop>
  <d:status>HTTP/1.1 200 OK</d:status></d:propstat>
 <d:propstat><d:prop><d:getlastmodified>never</d:getlastmodified></d:prop>
  <d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>"""


def listing(*hrefs):
    return LISTING % "".join(FILE % href for href in hrefs)


@pytest.fixture
def drive(site):
    made = WebDavDrive(site.url("/dav"), "ana", "hunter2", Gate(allow_loopback=True))
    yield made
    made.close()


def answers(site, body, status="207 Multi-Status", **headers):
    site.pages["/dav/"] = response(
        body.encode() if isinstance(body, str) else body, status, **headers
    )


def test_properties_that_do_not_exist_are_none(site, drive):
    answers(site, listing("/dav/a.txt"))
    (entry,) = drive.list_folder("", limit=10).entries
    assert (entry.id, entry.etag, entry.bytes, entry.modified_at) == ("17", '"e1"', 3, None)
    assert "Depth: 1" in site.requests[0].replace("depth", "Depth")


def test_addresses_may_be_whole_and_changed_by_a_proxy(site, drive):
    other = listing("https://x.example/inside/a%20b.txt").replace("/dav/<", "/inside/<")
    answers(site, other)
    assert [each.path for each in drive.list_folder("", limit=10).entries] == ["a b.txt"]


@pytest.mark.parametrize(
    "href",
    [
        *("/dav/..", "/dav/a%2Fb", "/dav/%00", "/dav/a%0Ab", "/other/a.txt", "/dav/a/b.txt"),
        *("/dav/%FF.txt", "http://[/dav/a", "", "/dav/.coffer-1.part"),
    ],
)
def test_what_is_no_child_of_the_folder_is_left_out(site, drive, href):
    answers(site, listing(href, "/dav/good.txt"))
    assert [each.name for each in drive.list_folder("", limit=10).entries] == ["good.txt"]


BILLION_LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<d:multistatus xmlns:d="DAV:"><d:response><d:href>&b;</d:href></d:response></d:multistatus>'
)
FILE_OF_OURS = (
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    '<d:multistatus xmlns:d="DAV:"><d:response><d:href>&a;</d:href></d:response></d:multistatus>'
)
MULTISTATUS = '<d:multistatus xmlns:d="DAV:">'


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html><body>Log in</body></html>",
        "<multistatus/>",
        "{",
        BILLION_LAUGHS,
        FILE_OF_OURS,
        MULTISTATUS,
        MULTISTATUS + "<d:response>" * 100,
        LISTING % ("<d:response><d:href>" + "x" * 10_000 + "</d:href></d:response>"),
        '<?xml version="1.0" encoding="utf-77"?>' + MULTISTATUS + "</d:multistatus>",
    ],
    ids=[
        "nothing",
        "html",
        "no namespace",
        "json",
        "laughs",
        "file",
        "cut",
        "deep",
        "long",
        "code",
    ],
)
def test_what_is_no_answer_of_webdav_is_reported(site, drive, body):
    answers(site, body)
    with pytest.raises(DriveError) as error:
        drive.list_folder("", limit=10)
    assert error.value.code == "invalid_answer"
    assert "root:" not in str(error.value)


@pytest.mark.parametrize(
    "body",
    [
        MULTISTATUS.encode() + b"<d:x/>" * 2_000_000 + b"</d:multistatus>",
        # A name of a megabyte for each of many elements.
        b'<d:multistatus xmlns:d="DAV:" xmlns:y="'
        + b"n" * 1_000_000
        + b'">'
        + b"<y:x/>" * 400_000
        + b"</d:multistatus>",
        b"<d:multistatus " + b" ".join(b'xmlns:p%d="u"' % n for n in range(100_000)) + b"/>",
        b"<d:multistatus " + b" ".join(b'p%d="u"' % n for n in range(100_000)) + b"/>",
        MULTISTATUS.encode() + b"x" * 15_000_000 + b"</d:multistatus>",
    ],
    ids=["elements", "namespaces", "prefixes", "attributes", "text"],
)
def test_hostile_documents_take_no_more_than_a_moment(body):
    began = time.process_time()
    with contextlib.suppress(NotDav):
        assert responses_in(body) == []
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [
        ("401 Unauthorized", "credentials", True),
        ("403 Forbidden", "refused", True),
        ("404 Not Found", "not_found", True),
        ("405 Method Not Allowed", "invalid_answer", True),
        ("200 OK", "invalid_answer", True),
        ("301 Moved", "invalid_answer", True),
        ("423 Locked", "unavailable", False),
        ("429 Too Many Requests", "unavailable", False),
        ("503 Service Unavailable", "unavailable", False),
        ("507 Insufficient Storage", "full", True),
    ],
)
def test_every_status_has_a_meaning(site, drive, status, code, permanent):
    answers(site, "", status, retry_after="17")
    with pytest.raises(DriveError) as error:
        drive.check()
    assert (error.value.code, error.value.permanent) == (code, permanent)
    assert error.value.retry_after == (None if permanent else 17)
    assert "hunter2" not in str(error.value)


def test_no_redirect_is_followed_so_no_other_server_gets_the_password(site, drive):
    site.pages["/dav/"] = response(b"", "307 Temporary Redirect", location=site.url("/other/"))
    with pytest.raises(DriveError):
        drive.check()
    assert len(site.requests) == 1


def test_a_compressed_file_is_refused(site, drive):
    site.pages["/dav/a.txt"] = response(b"x", content_encoding="gzip")
    with pytest.raises(DriveError), drive.open("a.txt"):
        pass


def test_a_server_that_is_not_there_is_unavailable(site):
    with WebDavDriveOf("http://127.0.0.1:9/dav") as drive, pytest.raises(DriveError) as error:
        drive.check()
    assert (error.value.code, error.value.permanent) == ("unavailable", False)


class WebDavDriveOf:
    def __init__(self, address, gate=None):
        self.drive = WebDavDrive(address, "ana", "x", gate or Gate(allow_loopback=True))

    def __enter__(self):
        return self.drive

    def __exit__(self, *_):
        self.drive.close()


@pytest.mark.parametrize(
    "address",
    [
        *("http://cloud.example.com/dav", "ftp://x.example", "cloud.example.com", "https://"),
        *("https://ana:x@cloud.example.com/", "https://x.example/?a=1", "https://x.example/#a"),
        "http://127.0.0.2.example.com/",
    ],
)
def test_an_address_that_sends_passwords_in_the_open_or_is_odd_is_refused(address):
    with pytest.raises(DriveError) as error:
        WebDavDrive(address, "ana", "x", Gate(allow_loopback=True))
    assert error.value.code == "address"


def test_in_production_loopback_is_no_exception():
    with pytest.raises(DriveError) as error:
        WebDavDrive("http://127.0.0.1/dav", "ana", "x", Gate())
    assert error.value.code == "address"


@pytest.mark.parametrize("place", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fd00::1"])
def test_a_name_that_leads_inside_is_refused(site, place):
    gate = Gate(resolve=dns(place), dial=site.dial)
    away = WebDavDriveOf("https://cloud.example.com/dav", gate)
    with away as drive, pytest.raises(DriveError) as error:
        drive.check()
    assert error.value.code == "address"
    assert site.requests == []


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("Fri, 01 Jan 2021 00:00:00 GMT", datetime(2021, 1, 1, tzinfo=UTC)),
        ("Fri, 01 Jan 2021 00:00:00 -0000", datetime(2021, 1, 1, tzinfo=UTC)),
        ("Fri, 01 Jan 2021 01:00:00 +0100", datetime(2021, 1, 1, tzinfo=UTC)),
        ("soon", None),
    ],
)
def test_times_are_in_utc_or_unknown(said, moment):
    assert webdav._moment(said) == moment


@pytest.mark.parametrize(
    ("said", "length"), [("12", 12), ("9" * 4000, None), ("-1", None), ("\u0664", None), ("", None)]
)
def test_lengths_that_no_file_has_are_unknown(said, length):
    assert webdav._length(said) == length
