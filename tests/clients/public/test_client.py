"""Calls to addresses given by users: redirects, certificates, and what is said about a failure."""

from __future__ import annotations

import errno
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.public.calls import PRIVATE, PUBLIC, calling, got, refused
from tests.clients.site import Connection, Site, dns, redirect, text
from webapp.clients.http.allowance import Allowance
from webapp.clients.http.contract import CallError
from webapp.clients.public.client import PublicClient


@pytest.fixture
def client() -> PublicClient:
    return calling(allow_loopback=True)


# Redirects


def test_redirects_are_followed_to_where_the_page_is(client: PublicClient, site: Site) -> None:
    for n, status in enumerate(["301 A", "302 B", "303 C", "307 D", "308 E"]):
        site.pages[f"/{n}"] = redirect(f"/{n + 1}", status)
    site.pages["/5"] = text()
    assert got(client, site.url("/0")) == (site.url("/5"), b"Just text.")


def test_a_sixth_redirect_is_refused(client: PublicClient, site: Site) -> None:
    for n in range(6):
        site.pages[f"/{n}"] = redirect(site.url(f"/{n + 1}"))
    error = refused(client, site.url("/0"))
    assert (error.rule, error.permanent) == ("too_many_redirects", True)
    assert len(site.requests) == 6


def test_a_redirect_in_a_circle_ends(client: PublicClient, site: Site) -> None:
    site.pages["/"] = redirect("/")
    assert refused(client, site.url()).rule == "too_many_redirects"


@pytest.mark.parametrize(
    ("location", "rule"),
    [
        ("http://127.0.0.1/", "address_not_public"),
        ("http://[::1]/", "address_not_public"),
        ("http://10.0.0.1/", "address_not_public"),
        ("//169.254.169.254/latest/meta-data/", "address_not_public"),
        ("http://[::ffff:127.0.0.1]/", "address_not_public"),
        ("http://2130706433/", "address_not_public"),
        ("file:///etc/passwd", "scheme"),
        ("ftp://news.example/", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("http://user:secret@news.example/", "credentials"),
        ("/" + "a" * 3000, "url_too_long"),
        ("http://[", "redirect"),
        ("http://]/", "redirect"),
        ("http://news.example:99999/", "redirect"),
        ("", "redirect"),
        (" ", "redirect"),
        (None, "redirect"),
    ],
)
def test_a_redirect_is_judged_like_an_address_of_the_user(
    site: Site, location: str | None, rule: str
) -> None:
    site.pages["/"] = redirect(location)
    client = calling(resolve=dns(PUBLIC), dial=site.dial)
    error = refused(client, "http://news.example/")
    assert (error.rule, error.permanent) == (rule, True)
    assert "redirects" in str(error)
    assert len(site.requests) == 1


def test_a_redirect_to_a_name_with_a_private_address_is_refused(site: Site) -> None:
    site.pages["/"] = redirect("http://intranet.example/secret")
    client = calling(resolve=dns(PUBLIC, PRIVATE), dial=site.dial)
    error = refused(client, "http://news.example/")
    assert error.rule == "address_not_public"
    assert "intranet" not in str(error)
    assert PRIVATE not in str(error)


# Certificates


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a self-signed certificate for secure.example."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    pem = tmp_path_factory.mktemp("tls") / "both.pem"
    subject = "-subj /CN=secure.example -addext subjectAltName=DNS:secure.example".split()
    curve = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1".split()
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-days", "2", *curve, *subject),
            *("-keyout", pem, "-out", pem.with_suffix(".crt")),
        ],
        check=True,
        capture_output=True,
    )
    pem.write_bytes(pem.read_bytes() + pem.with_suffix(".crt").read_bytes())
    return pem


@pytest.fixture
def secure(certificate: Path) -> Iterator[Site]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Site(context) as site:
        site.pages["/"] = text(b"Safely.")
        context.sni_callback = lambda _, name, __: site.requests.append(f"SNI {name}")
        yield site


def test_a_self_signed_certificate_is_refused(secure: Site) -> None:
    client = calling(resolve=dns(PUBLIC), dial=secure.dial)
    error = refused(client, "https://secure.example/")
    assert error.rule == "certificate"
    assert "self-signed" in str(error)


def test_the_name_and_not_the_address_is_what_tls_and_the_server_see(
    secure: Site, certificate: Path
) -> None:
    trusting = ssl.create_default_context(cafile=certificate.with_suffix(".crt"))
    client = calling(resolve=dns(PUBLIC), dial=secure.dial, trust=lambda: trusting)
    assert got(client, "https://secure.example/")[1] == b"Safely."
    assert secure.requests[0] == "SNI secure.example"
    assert "\r\nhost: secure.example\r\n" in secure.requests[1].lower()


def test_a_certificate_for_another_name_is_refused(secure: Site, certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=certificate.with_suffix(".crt"))
    client = calling(resolve=dns(PUBLIC), dial=secure.dial, trust=lambda: trusting)
    assert refused(client, "https://other.example/").rule == "certificate"


# What is said about a server that does not answer


def refusing(*_: object, **__: object) -> Any:
    raise ConnectionRefusedError


def filtered(_: object, timeout: float) -> Any:
    time.sleep(timeout)
    raise TimeoutError


def out_of_reach(*_: object, **__: object) -> Any:
    raise OSError(errno.EHOSTUNREACH, "no route")


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "behaviour",
    [
        *(refusing, filtered, out_of_reach, Connection.keep_silent, Connection.reset),
        *(b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\nX-Long: "),
        *(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",),
    ],
)
def test_one_error_says_that_no_web_server_answers_and_not_what_there_is_instead(
    site: Site, behaviour: Any, scheme: str
) -> None:
    site.answers_at_once = True
    dial = behaviour
    if behaviour not in (refusing, filtered, out_of_reach):
        dial, site.pages["/"] = site.dial, behaviour
    error = refused(calling(resolve=dns(PUBLIC), dial=dial), f"{scheme}://x.example/", seconds=0.3)
    assert (error.rule, str(error), error.permanent) == (
        "unreachable",
        "The server does not answer.",
        False,
    )


def test_a_redirect_does_not_tell_either(site: Site) -> None:
    site.pages["/"] = redirect("http://elsewhere.example/")

    def dial(where: tuple[str, int], timeout: float) -> socket.socket:
        if where[0] == PUBLIC:
            return site.dial(where, timeout)
        raise ConnectionRefusedError

    error = refused(calling(resolve=dns(PUBLIC, "1.1.1.1"), dial=dial), "http://x.example/")
    assert error.rule == "unreachable"
    assert str(error) == "The server redirects to a server that does not answer."


def test_a_server_that_stops_in_the_middle_of_an_answer_is_reported(
    client: PublicClient, site: Site
) -> None:
    site.pages["/"] = text(content_length="500")
    assert refused(client, site.url()).rule == "protocol"


# Requests


def test_a_body_is_posted_and_no_redirect_followed(client: PublicClient, site: Site) -> None:
    site.pages["/hook"] = redirect("/elsewhere", "307 Elsewhere")
    answer = client.call("POST", site.url("/hook"), Allowance(3), content=b"{}")
    assert (answer.status, len(site.requests)) == (307, 1)
    assert site.requests[0].startswith("POST /hook ")
    assert "\r\ncontent-length: 2\r\n" in site.requests[0].lower()


def test_an_answer_that_is_too_long_is_not_read_on(client: PublicClient, site: Site) -> None:
    site.pages["/"] = text(b"x" * 1001)
    assert len(client.call("GET", site.url(), Allowance(3), most=1001).body) == 1001
    with pytest.raises(CallError) as caught:
        client.call("GET", site.url(), Allowance(3), most=1000)
    assert caught.value.rule == "too_large"
