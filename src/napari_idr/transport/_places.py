"""Which network addresses are nobody's but this machine's or a private network's."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

NOT_PUBLIC: Final = (
    "{place} is an address of this machine or a private network, to which a public "
    "archive may not lead"
)
"""Why such an address isn't asked."""

COMPATIBLE: Final = IPv6Network("::/96")
"""IPv4 addresses as IPv6 wrote them first (RFC 4291, 2.5.5.1)."""

NAT64: Final = IPv6Network("64:ff9b::/96")
"""IPv4 addresses as networks without IPv4 write them (RFC 6052, 2.1)."""


def is_special(text: str) -> bool:
    """Tell whether an address isn't one of the public internet.

    Loopback, link-local, private, shared, multicast, reserved and unspecified ones
    are special, and so are IPv6 addresses that stand for such IPv4 addresses.

    >>> [is_special(a) for a in ("127.0.0.1", "169.254.169.254", "10.1.2.3", "::1")]
    [True, True, True, True]
    >>> [is_special(a) for a in ("::ffff:127.0.0.1", "64:ff9b::a00:1", "fe80::1%eth0")]
    [True, True, True]
    >>> [is_special(a) for a in ("::127.0.0.1", "2002:7f00:1::", "0.0.0.0", "::")]
    [True, True, True, True]
    >>> [is_special(a) for a in ("193.62.193.33", "2a00:1450:4001:80b::200e")]
    [False, False]
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return True  # what isn't understood isn't trusted
    if isinstance(address, IPv6Address) and (inner := _inner(address)) is not None:
        address = inner
    return not address.is_global or address.is_multicast


def names_special(host: str) -> bool:
    """Tell whether a host is a special address in figures, or this machine's name.

    >>> [names_special(h) for h in ("2130706433", "0177.0.0.1", "0x7f.1", "127.1")]
    [True, True, True, True]
    >>> [names_special(h) for h in ("localhost", "a.localhost.", "::1", "10.1.2.3")]
    [True, True, True, True]
    >>> [names_special(h) for h in ("store.example.org", "193.62.193.33", "7.org")]
    [False, False, False]
    """
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    if ":" in host:
        return is_special(host)
    try:
        # As look-ups read it: with fewer figures, in octal, in hexadecimal.
        return is_special(socket.inet_ntoa(socket.inet_aton(host)))
    except (OSError, ValueError):
        return False


def _inner(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for, None if for none."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in NAT64 or address in COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
