"""Where webhooks may be sent: a receiver must not be a way into our own network."""

import asyncio
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import ip_address

import httpcore2

from domain.webhooks.receivers import Address, is_public

CONNECT_SECONDS = 3.0
"""How long one address of a receiver may take to answer before the next one is tried."""

_LOOKUPS = ThreadPoolExecutor(max_workers=200, thread_name_prefix="lookup")
"""A name that nobody answers for has its thread longer than its attempt lasts, and must hold up no other."""


class RefusedAddressError(Exception):
    """The receiver's address is one that we send nothing to."""


class CheckedConnections(httpcore2.AnyIOBackend):
    """Connects to addresses that were checked, and to no others, so that a name cannot be changed in between."""

    def __init__(self, *, encrypted: bool, private: bool) -> None:
        super().__init__()
        self._encrypted = encrypted
        self._private = private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (the library's signature)
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """The first of the host's addresses that answers. Raises `RefusedAddressError`, and `OSError` for no host."""
        patience = min(CONNECT_SECONDS, timeout or CONNECT_SECONDS)
        failed: Exception | None = None
        for address in await checked_addresses(host, port, encrypted=self._encrypted, private=self._private):
            try:
                return await super().connect_tcp(str(address), port, patience, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed or OSError(f"{host} has no address")


async def checked_addresses(host: str, port: int, *, encrypted: bool, private: bool) -> list[Address]:
    """The addresses of a host, now. Raises `OSError` when there is no such host.

    Raises `RefusedAddressError` unless all are public and the connection is encrypted; with `private` receivers
    allowed, only for an unencrypted connection to a public address.
    """
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_LOOKUPS, look_up)
    addresses = list(dict.fromkeys(ip_address(str(address[0]).partition("%")[0]) for *_, address in found))
    everywhere = all(is_public(address) for address in addresses)
    if not everywhere and not private:
        raise RefusedAddressError("the receiver's address is not public")
    if not encrypted and (everywhere or not private):
        raise RefusedAddressError("the receiver must be reached by https")
    return addresses
