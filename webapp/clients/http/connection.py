"""Connections that keep to an allowance: to a name's addresses in turn, and with TLS.

A socket made here only keeps to the allowance if each operation on it gets the time that is left,
as in `transport.py` for HTTP and `webapp.clients.mail.smtp` for mail.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

from webapp.clients.http.allowance import time_is_up
from webapp.clients.http.contract import CallError, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from webapp.clients.http.allowance import Allowance

    # Called like `socket.getaddrinfo` and `socket.create_connection`.
    Resolve = Callable[..., Iterable[tuple[Any, ...]]]
    Dial = Callable[..., socket.socket]

_CONNECT_SECONDS: Final = 5.0  # for each address of a host, at most
_WRITE_CHUNK: Final = 16 * 1024


def connect(host: str, port: int, allowance: Allowance) -> socket.socket:
    """A connection to `host`, whatever its address: for hosts that the operator names.

    Raises `CallError`.
    """
    try:
        addresses = look_up(host, port, allowance, socket.getaddrinfo)
    except (OSError, UnicodeError) as error:
        raise unreachable(error) from None
    return dial(addresses, port, allowance, socket.create_connection)


def look_up(host: str, port: int, allowance: Allowance, resolve: Resolve) -> list[str]:
    """Every address of `host`, each once. Raises `CallError` if it takes too long, and what
    `resolve` raises.

    `getaddrinfo` has no timeout and cannot be stopped, so it runs in its own thread, which is
    abandoned if it is late: the system's resolver gives up after about thirty seconds.
    """
    if is_ip(host):
        return [host]
    answer: Future[list[str]] = Future()

    def ask() -> None:
        try:
            found = resolve(host, port, type=socket.SOCK_STREAM)
            answer.set_result(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except Exception as error:  # noqa: BLE001 -- handed to the thread that waits
            answer.set_exception(error)

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    try:
        return answer.result(allowance.left())
    except TimeoutError:
        if answer.done():  # the resolver's own
            raise
        raise time_is_up() from None


def dial(
    addresses: Sequence[str], port: int, allowance: Allowance, dial_one: Dial
) -> socket.socket:
    """A connection to the first of `addresses` that accepts one. Raises `CallError`."""
    failure: BaseException | None = None
    for tried, address in enumerate(addresses):
        # An equal share each: a silent address must not use up the time of those after it.
        share = allowance.left() / (len(addresses) - tried)
        try:
            connected = dial_one((address, port), timeout=min(share, _CONNECT_SECONDS))
        except OSError as error:
            failure = error
        else:
            # A request is written in pieces: without this, the second one waits until the server
            # acknowledges the first, which it may put off for 40 ms.
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connected
    allowance.left()
    if failure is None:
        raise CallError("has no address", rule="unreachable")
    raise unreachable(failure)


def secure(
    plain: socket.socket, trust: ssl.SSLContext, host: str, allowance: Allowance
) -> ssl.SSLSocket:
    """`plain`, encrypted, after `trust` has verified the certificate of `host`. In any case,
    `plain` itself must not be used any more. Raises `CallError`."""
    try:
        plain.settimeout(allowance.left())
        return trust.wrap_socket(plain, server_hostname=host)
    except TimeoutError:
        raise time_is_up() from None
    except ssl.SSLCertVerificationError as error:
        raise CallError(
            f"presented an untrusted certificate ({error.verify_message})",
            rule="certificate",
        ) from None
    except ssl.SSLError as error:
        raise CallError(f"did not agree on encryption ({error.reason})", rule="tls") from None
    except (OSError, ValueError) as error:
        # ValueError: the connection was closed before anything was sent.
        raise CallError(f"did not agree on encryption ({kind_of(error)})", rule="tls") from None
    finally:
        # `wrap_socket` takes the connection over, but leaves it to us if it fails early.
        plain.close()


def receive(connection: socket.socket, most: int, allowance: Allowance) -> bytes:
    """The next bytes, at most so many; empty at the end. Raises `CallError` if it takes too long,
    and OSError."""
    try:
        connection.settimeout(allowance.left())
        data = connection.recv(most)
    except TimeoutError:
        raise time_is_up() from None
    allowance.take(len(data))
    return data


def send(connection: socket.socket, data: bytes, allowance: Allowance) -> None:
    """Write all of `data`. Raises `CallError` if it takes too long, and OSError."""
    view = memoryview(data)
    try:
        # In pieces: TLS would give each record within one write the whole time again.
        for start in range(0, len(view), _WRITE_CHUNK):
            connection.settimeout(allowance.left())
            connection.sendall(view[start : start + _WRITE_CHUNK])
    except TimeoutError:
        raise time_is_up() from None


def unreachable(error: BaseException) -> CallError:
    """The error to raise for one that connecting, sending or receiving raised."""
    return CallError(f"cannot be reached ({kind_of(error)})", rule="unreachable")


def is_ip(host: str) -> bool:
    """Whether `host` is an address in numbers."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
