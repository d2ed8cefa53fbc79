"""Which addresses are of the public internet: a receiver must not be a way into our own network."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

_ASSIGNED = IPv6Network("2000::/3")
"""All that the internet uses of IPv6; what is beyond it is local, or nobody's."""
_NAT64 = IPv6Network("64:ff9b::/96")
_NOBODYS = (IPv4Network("192.88.99.0/24"), IPv6Network("3fff::/20"))
"""Relays that are no more (RFC 7526) and documentation (RFC 9637), which Python takes for public."""
_ISATAP = (0x00005EFE, 0x02005EFE)
"""The first half of an interface whose second half is an IPv4 address (RFC 5214)."""


def is_public(address: Address) -> bool:
    """Whether an address, and any that packets to it may end up at, is one of the public internet."""
    return all(_is_public(one) for one in _meant(address))


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _ASSIGNED:
        return False
    if any(address in network for network in _NOBODYS if network.version == address.version):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _meant(address: Address) -> Iterator[Address]:
    """The address, or the IPv4 addresses that it stands for; both where it is used as it is, too."""
    if isinstance(address, IPv4Address):
        yield address
        return
    last = IPv4Address(int(address) & 0xFFFFFFFF)
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        inner.append(last)
    embedded = [one for one in inner if one is not None]
    yield from embedded or [address]
    if int(address) >> 32 & 0xFFFFFFFF in _ISATAP:
        yield last
