"""Which numeric addresses may be called for a user.

A URL from a user causes a connection from inside the operator's network, and its name may be
resolved by the user's own name server. So the address itself is checked.
"""

from __future__ import annotations

import ipaddress

# Our own tables rather than `is_global`, whose answers differ between patch releases of Python and
# which calls multicast and 6to4 global. From the IANA special-purpose address registries, plus
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


def is_public(address: str) -> bool:
    """Whether a numeric address belongs to the public internet.

    For an IPv4-mapped, 6to4 or NAT64 address, the IPv4 address inside counts: networks with DNS64
    reach every IPv4 site through NAT64. Teredo and local NAT64 (64:ff9b:1::/48) are never public.
    """
    ip = _ip(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inside = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inside = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inside is None:
            return ip in _ASSIGNED_6 and not any(ip in network for network in _NOT_PUBLIC_6)
        ip = inside
    return ip is not None and not any(ip in network for network in _NOT_PUBLIC_4)


def is_loopback(address: str) -> bool:
    """Whether a numeric address is this machine's own: 127.0.0.0/8 or ::1, in no other form."""
    ip = _ip(address)
    return ip is not None and any(ip in network for network in _LOOPBACK)


def _ip(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    # A zone (fe80::1%eth0) names one of this machine's own networks.
    return None if isinstance(ip, ipaddress.IPv6Address) and ip.scope_id is not None else ip
