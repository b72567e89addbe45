"""Connections that only reach the public internet."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from webapp.clients.http import connection
from webapp.clients.public.address import is_loopback, is_public
from webapp.clients.public.contract import AddressError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.clients.http.allowance import Allowance
    from webapp.clients.http.connection import Dial, Resolve

# The usual ports of the web and their common substitutes. The others have services that a user
# should neither talk to nor discover from the operator's address.
PORTS: Final = (80, 443, 8080, 8443)

_MOST_ADDRESSES: Final = 4  # tried of one host
# "There is no such name" and, where the system knows the difference, "it has no address".
_NO_SUCH_NAME: Final = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


@dataclass(frozen=True, slots=True)
class Gate:
    """Opens connections to public addresses, at some ports: by default the web's.

    A name is looked up once, all its addresses are checked, and the connection goes to exactly one
    of them. TLS's server name, the certificate check and the Host header still use the name.

    `allow_loopback` also allows this machine's own addresses, at any port, for tests and
    development.
    """

    allow_loopback: bool = False
    resolve: Resolve = socket.getaddrinfo
    dial: Dial = socket.create_connection
    ports: tuple[int, ...] = PORTS

    def connect(self, host: str, port: int, allowance: Allowance) -> socket.socket:
        """A connection to a checked address of `host`. Raises `AddressError` and `CallError`."""
        if port not in self.ports and not self.allow_loopback:
            raise self._port_refused(port)
        addresses = self._look_up(host, port, allowance)
        # All of them: a name with a public and a private address is an attack.
        if not all(map(self._is_allowed, addresses)):
            raise AddressError(
                "The address leads to a private or reserved network. Coffer only calls the public "
                "internet.",
                rule="address_not_public",
            )
        if port not in self.ports and not all(map(is_loopback, addresses)):
            raise self._port_refused(port)
        return connection.dial(addresses[:_MOST_ADDRESSES], port, allowance, self.dial)

    def _is_allowed(self, address: str) -> bool:
        return is_public(address) or (self.allow_loopback and is_loopback(address))

    def _look_up(self, host: str, port: int, allowance: Allowance) -> Sequence[str]:
        try:
            return connection.look_up(host, port, allowance, self.resolve)
        except (OSError, UnicodeError) as error:
            # A name server's "no" is as definite as a 404: retrying for an hour would only hide a
            # typo. Every other failure is a temporary one.
            if getattr(error, "errno", None) in _NO_SUCH_NAME:
                raise AddressError(
                    "There is no server with this name. Check the spelling.", rule="name_not_found"
                ) from None
            raise connection.unreachable(error) from None

    def _port_refused(self, port: int) -> AddressError:
        *others, last = map(str, self.ports)
        return AddressError(
            f"The address names port {port}. Coffer only calls ports {', '.join(others)} and "
            f"{last}.",
            rule="port",
        )
