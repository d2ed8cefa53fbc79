"""A receiver is no way into our own network."""

import asyncio
import socket
import threading
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx2
import pytest

from adapters.webhooks import addresses
from adapters.webhooks.addresses import RefusedAddressError, checked_addresses
from adapters.webhooks.sender import Sender
from domain.webhooks.receivers import Address, is_public
from tests.support.certificates import self_signed
from tests.support.receiver import Receiver

OURS = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 (nothing listens)
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fd00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "2002:7f00:1::",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "fec0::1",
    "feff:ffff::1",
    "fe80::5efe:a00:1",
    "2606:4700::5efe:a00:1",
    "2606:4700::200:5efe:7f00:1",
    "2001:0:101:101:0:0:f5ff:fffe",
    "64:ff9b:1::101:101",
    "::ffff:0:101:101",
    "::101:101",
    "100::1",
    "100:0:0:1::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "4000::1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "240.0.0.1",
]
PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"]


@pytest.mark.parametrize("address", OURS)
def test_an_address_of_ones_own_network_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "2130706433", "0x7f.1"])
async def test_nothing_is_sent_into_ones_own_network(host: str) -> None:
    with pytest.raises(RefusedAddressError, match="not public"):
        await checked_addresses(host, 443, encrypted=True, private=False)


async def test_a_public_receiver_must_be_reached_by_https_even_where_private_ones_are_allowed() -> None:
    for private in (True, False):
        with pytest.raises(RefusedAddressError, match="https"):
            await checked_addresses("1.1.1.1", 80, encrypted=False, private=private)

    assert await checked_addresses("127.0.0.1", 80, encrypted=False, private=True) == [ip_address("127.0.0.1")]
    assert await checked_addresses("1.1.1.1", 443, encrypted=True, private=False) == [ip_address("1.1.1.1")]


async def test_a_refused_receiver_hears_nothing(receiver: Receiver) -> None:
    async with Sender() as sender:
        answer = await sender.send(receiver.url, b"{}", {})

    assert answer.error == "the receiver's address is not public"
    assert receiver.seen == []


async def test_the_connection_goes_to_the_addresses_that_were_checked_and_names_the_host(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def checked(host: str, _port: int, **_: bool) -> list[Address]:
        asked.append(host)
        return [ip_address("::1"), ip_address("127.0.0.1")]  # nobody listens at the first

    monkeypatch.setattr(addresses, "checked_addresses", checked)
    url = httpx2.URL(receiver.url).copy_with(host="events.invalid")
    async with Sender(private=True) as sender:
        answer = await sender.send(str(url), b"{}", {})

    assert (answer.status, asked) == (204, ["events.invalid"])
    assert receiver.seen[0].headers["host"] == f"events.invalid:{receiver.port}"


async def test_names_that_are_looked_up_in_vain_hold_up_no_other(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookup, over = socket.getaddrinfo, threading.Event()

    def hang(host: str, *rest: Any, **more: Any) -> Any:
        if host.endswith(".invalid"):
            over.wait()
        return lookup(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    async with Sender(private=True, seconds=2) as sender:
        hanging = [asyncio.create_task(sender.send(f"https://r{n}.invalid/", b"{}", {})) for n in range(40)]
        last = asyncio.create_task(sender.send(receiver.url.replace("127.0.0.1", "localhost"), b"{}", {}))
        answer = await last
        over.set()
        await asyncio.gather(*hanging)

    assert answer.status == 204


async def test_a_proxy_of_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with Sender(private=True) as sender:
        assert (await sender.send(receiver.url, b"{}", {})).status == 204


async def test_a_receiver_whose_certificate_nobody_vouches_for_gets_nothing(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0, ssl=self_signed(tmp_path / "both.pem"))
    port = server.sockets[0].getsockname()[1]
    async with Sender(private=True) as sender:
        answer = await sender.send(f"https://localhost:{port}/", b"{}", {})
    server.close()

    assert (answer.error, heard) == ("its certificate was refused", [])
