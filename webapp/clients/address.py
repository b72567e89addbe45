"""Which web addresses may be fetched, and connections that reach no others (I6).

A URL from a user asks for a connection from inside the operator's network, and the name in it may
be answered by the user's own name server. So `check_url` judges only whether a URL is plainly what
it seems; where it leads is judged by the address: `Gate` looks a name up once, judges every address
it got, and connects to one of exactly those.

The fetcher imports this when it fetches, not when it is imported: httpx2 takes a while to load.
"""

import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import httpcore2
import httpx2

from webapp.clients.web import Allowance, FetchError, refusal

MAX_URL = 2048  # characters; many servers and proxies refuse longer ones too
_MOST_ATTEMPTS = 4  # addresses tried of one host
# "There is no such name" and, where the system knows the difference, "it has no address".
_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}

_AUTHORITY = re.compile(r"(https?)://([^/?#]*)", re.IGNORECASE)
_HOST_AND_PORT = re.compile(r"(\[.*\]|[^:]*)(?::([0-9]{0,5}))?")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)

# Our own tables rather than `is_global`, whose answers differ between patch releases of Python and
# which calls multicast and 6to4 global. From the IANA special-purpose address registries, and
# Azure's host agent, 168.63.129.16: a public number that is answered inside the machine.
_LOOPBACK = [ipaddress.ip_network(network) for network in ("127.0.0.0/8", "::1/128")]
_NOT_PUBLIC_4 = [
    ipaddress.IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32"),
        *("169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24"),
        *("192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
    )
]
_ASSIGNED_6 = ipaddress.IPv6Network("2000::/3")  # every local form lies outside of it
_NOT_PUBLIC_6 = [  # inside it; the first holds Teredo, ORCHID and benchmarks
    ipaddress.IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20")
]
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str, *, allow_loopback: bool = False) -> bool:
    """Whether a numeric address is one of the public internet's.

    In an IPv4-mapped, 6to4 or NAT64 address it is the IPv4 address inside that counts: networks
    with DNS64 reach every IPv4 site through NAT64. Teredo and local NAT64 (64:ff9b:1::/48) are
    never public. `allow_loopback` lets 127.0.0.0/8 and ::1 pass too, in no other form, for tests.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.scope_id is not None:
        return False  # a zone (fe80::1%eth0) names one of this machine's own networks
    if allow_loopback and any(ip in network for network in _LOOPBACK):
        return True
    if isinstance(ip, ipaddress.IPv6Address):
        inside = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inside = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inside is None:
            return ip in _ASSIGNED_6 and not any(ip in network for network in _NOT_PUBLIC_6)
        ip = inside
    return not any(ip in network for network in _NOT_PUBLIC_4)


def check_url(url: str) -> httpx2.URL:
    """`url`, parsed, if it is an ordinary web address. Looks nothing up.

    Raises `FetchError` with the rule `url_too_long`, `scheme`, `credentials`, `host` or `url`.
    """
    if len(url) > MAX_URL:
        raise refusal("url_too_long", f"The address is longer than {MAX_URL} characters.")
    start = _AUTHORITY.match(url)
    if start is None:
        raise refusal("scheme", "The address must begin with http:// or https://.")
    if "@" in start[2]:
        raise refusal(
            "credentials", "The address contains a user name or password before an @. Remove it."
        )
    place = _HOST_AND_PORT.fullmatch(start[2])
    if place is None or (place[2] and not 0 < int(place[2]) < 65536):
        raise refusal("url", "This is not a valid web address.")
    if fault := _fault(place[1], url):
        raise refusal("host", fault)
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise refusal("url", "This is not a valid web address.") from error
    # Two parsers that read one URL differently are how such checks get bypassed.
    seen = parsed.scheme, parsed.raw_host.decode().lower()
    if seen != (start[1].lower(), place[1].lower().strip("[]")):
        raise refusal("url", "This is not a valid web address.")
    return parsed


def _fault(host: str, url: str) -> str | None:
    """What is wrong with the spelling of a host, or None for an ordinary name or address."""
    if host.startswith("["):
        literal = host[1:-1]
        # Python takes a zone for a part of the address; it means something on this machine only.
        valid = ":" in literal and "%" not in literal and _is_ip(literal)
        return None if valid else "The IPv6 address in brackets is not valid."
    if not host.isascii():
        # Some of these letters turn into digits or dots on the way to the name server, and many
        # look like others: the user should see what is fetched.
        try:
            return f"Write the host without special letters: {httpx2.URL(url).raw_host.decode()}"
        except httpx2.InvalidURL:
            return "The host contains letters that no host may have."
    if host.endswith("."):
        return "The host ends in a dot. Remove the dot."
    labels = host.split(".")
    # What inet_aton takes for IPv4: 2130706433, 0x7f.1 and 0177.0.0.1 are all 127.0.0.1.
    if _NUMBER.fullmatch(labels[-1]):
        return None if _is_ip(host) else "The host is an unusual spelling of a number."
    valid = len(host) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
    return None if valid else "There is no valid host, such as example.com, in the address."


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class PublicTransport(httpx2.BaseTransport):
    """Sends httpx2's requests through a `Gate`, each over a connection of its own.

    Keeping none for a second request means that every redirect is looked up and judged anew.
    """

    def __init__(self, gate: "Gate", ssl_context: ssl.SSLContext) -> None:
        self._pool = httpcore2.ConnectionPool(
            ssl_context=ssl_context, max_keepalive_connections=0, network_backend=gate
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send `request`, without a body. Raises `FetchError`, or what httpcore2 raises."""
        url = httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        response = self._pool.handle_request(
            httpcore2.Request(request.method, url, headers=request.headers.raw)
        )
        return httpx2.Response(
            response.status, headers=response.headers, stream=_Body(response.stream)
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        self._stream.close()


@dataclass(frozen=True, slots=True)
class Gate(httpcore2.NetworkBackend):
    """Opens connections to public addresses, for one fetch and within its allowance.

    httpcore2 asks it by name and never sees the address: TLS's server name, the certificate's check
    and the Host header are the name's. `resolve` and `connect` are called like
    `socket.getaddrinfo` and `socket.create_connection`.
    """

    allowance: Allowance
    allow_loopback: bool
    resolve: Callable[..., Iterable[tuple[Any, ...]]]
    connect: Callable[..., socket.socket]

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore2.NetworkStream:
        """A connection to a checked address of `host`. Raises `FetchError`."""
        addresses = [host] if _is_ip(host) else self._look_up(host, port)
        # All of them: a name with a public and a private address is an attempt at something.
        if not all(is_public(one, allow_loopback=self.allow_loopback) for one in addresses):
            raise refusal(
                "address_not_public",
                "The address leads into a private or reserved network. Coffer fetches pages from "
                "the public internet only.",
            )
        addresses = addresses[:_MOST_ATTEMPTS]
        for tried, address in enumerate(addresses):
            # An equal share each: a silent address must not use up the time of those after it.
            share = self.allowance.seconds_left() / (len(addresses) - tried)
            try:
                connection = self.connect((address, port), timeout=share)
            except OSError:
                continue
            return _Stream(connection, self.allowance)
        self.allowance.seconds_left()
        raise FetchError("The site does not answer.", rule="unreachable")

    def _look_up(self, host: str, port: int) -> list[str]:
        """Every address of `host`.

        `getaddrinfo` has no timeout and cannot be stopped, so it runs in a thread of its own, which
        is left behind when it is late: the system's resolver gives up after some thirty seconds.
        """
        answer: Future[list[str]] = Future()

        def ask() -> None:
            try:
                found = self.resolve(host, port, type=socket.SOCK_STREAM)
                answer.set_result(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
            except Exception as error:  # noqa: BLE001 -- handed to the thread that waits
                answer.set_exception(error)

        threading.Thread(target=ask, name="look-up", daemon=True).start()
        try:
            return answer.result(self.allowance.seconds_left())
        except TimeoutError:
            raise self.allowance.time_is_up() from None
        except (OSError, UnicodeError) as error:
            # A name server's "no" is as definite as a 404: trying again for an hour would only
            # hide a typing mistake. Every other failure is one of the way there.
            if getattr(error, "errno", None) in _NO_SUCH_NAME:
                raise refusal(
                    "name_not_found", "There is no site of this name. Check the spelling."
                ) from error
            raise FetchError("The site's name cannot be looked up.", rule="unreachable") from error


class _Stream(httpcore2.NetworkStream):
    """A socket whose every call keeps to the allowance, whatever timeout it is given."""

    def __init__(self, connection: socket.socket, allowance: Allowance) -> None:
        self._socket = connection
        self._allowance = allowance

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        self._socket.settimeout(self._allowance.seconds_left())
        try:
            data = self._socket.recv(max_bytes)
        except TimeoutError:
            raise self._allowance.time_is_up() from None
        except OSError as error:
            raise httpcore2.ReadError(str(error)) from error
        self._allowance.take(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._socket.settimeout(self._allowance.seconds_left())
        try:
            self._socket.sendall(buffer)  # the timeout is for all of it, not for each part
        except TimeoutError:
            raise self._allowance.time_is_up() from None
        except OSError as error:
            # httpcore2 then looks whether the server answered before it hung up.
            raise httpcore2.WriteError(str(error)) from error

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        try:
            self._socket.settimeout(self._allowance.seconds_left())
            secured = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except TimeoutError:
            raise self._allowance.time_is_up() from None
        except ssl.SSLCertVerificationError as error:
            raise refusal(
                "certificate", f"The site's certificate is not valid: {error.verify_message}."
            ) from error
        except OSError as error:
            raise FetchError("The site does not speak HTTPS properly.", rule="tls") from error
        finally:
            # `wrap_socket` takes the connection over, or leaves it to us where it fails early.
            self._socket.close()
        return _Stream(secured, self._allowance)

    def get_extra_info(self, info: str) -> Any:  # noqa: ARG002
        return None  # asked for HTTP/2 and for reuse; there is neither
