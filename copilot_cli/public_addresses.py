"""Which network addresses anybody on the internet may be sent to, and what a name resolves to.

Rule: an address that is not known to be public is not. Python's `is_global` alone lets through
multicast, site-local addresses and the ranges in which an IPv4 address hides inside an IPv6 one
(NAT64, 6to4, Teredo), which a router of the local network may take apart and deliver inside it.
Sources: the IANA special-purpose address registries, RFC 6052, RFC 8215, RFC 3056, RFC 4380.
"""

import ipaddress
import socket
from collections.abc import Sequence
from contextlib import suppress

_CARRIERS = tuple(
    ipaddress.IPv6Network(network)
    for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # RFC 4291 §2.4: the rest is not assigned


def resolve(host: str, port: int) -> Sequence[str]:
    """Return every address of `host`, in the order of the system's choice.

    Raises OSError where there is none, and UnicodeError for a name that DNS cannot hold.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Say whether `address` is one of the public internet; what is no address is not."""
    with suppress(ValueError):
        found = ipaddress.ip_address(address)
        if isinstance(found, ipaddress.IPv6Address):
            return _is_public_6(found)
        return _is_public_4(found)
    return False


def _is_public_4(address: ipaddress.IPv4Address) -> bool:
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _is_public_6(address: ipaddress.IPv6Address) -> bool:
    if address.ipv4_mapped is not None:
        return _is_public_4(address.ipv4_mapped)
    if any(address in network for network in _CARRIERS):
        return False
    return address.is_global and address in _GLOBAL_UNICAST
