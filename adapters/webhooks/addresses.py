"""Where webhooks may be sent: a receiver must not be a way into our own network."""

import asyncio
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")


class RefusedAddressError(Exception):
    """The receiver's address is one that we send nothing to."""


async def checked_address(scheme: str, host: str, port: int, *, private: bool) -> Address:
    """The address of a host, now; the caller must connect to it and to no other.

    Raises `RefusedAddressError` unless all its addresses are public and the scheme is https; where `private` receivers
    are allowed, for an unencrypted scheme to a public address only. Raises `OSError` when there is no such host.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ip_address(str(address[0]).partition("%")[0]) for *_, address in found]
    everywhere = all(is_public(address) for address in addresses)
    if not everywhere and not private:
        raise RefusedAddressError("the receiver's address is not public")
    if scheme != "https" and (everywhere or not private):
        raise RefusedAddressError("the receiver must be reached by https")
    return addresses[0]


def is_public(address: Address) -> bool:
    """Whether an address, and any that it stands for, is one of the public internet."""
    return all(
        one.is_global and not (one.is_multicast or one.is_reserved or one.is_unspecified) for one in _meant(address)
    )


def _meant(address: Address) -> Iterator[Address]:
    """The address, or the IPv4 addresses that packets to it end up at."""
    if isinstance(address, IPv4Address):
        yield address
        return
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
    embedded = [one for one in inner if one is not None]
    yield from embedded or [address]
