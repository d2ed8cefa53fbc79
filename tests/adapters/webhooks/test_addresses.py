"""A receiver is no way into our own network."""

from ipaddress import ip_address

import httpx
import pytest

from adapters.webhooks import sending
from adapters.webhooks.addresses import Address, RefusedAddressError, checked_address, is_public
from adapters.webhooks.sending import Sender
from tests.adapters.webhooks.receiver import Receiver

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
]
PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]


@pytest.mark.parametrize("address", OURS)
def test_an_address_of_ones_own_network_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "2130706433", "0x7f.1"])
async def test_nothing_is_sent_into_ones_own_network(host: str) -> None:
    with pytest.raises(RefusedAddressError, match="not public"):
        await checked_address("https", host, 443, private=False)


async def test_a_public_receiver_must_be_reached_by_https_even_where_private_ones_are_allowed() -> None:
    for private in (True, False):
        with pytest.raises(RefusedAddressError, match="https"):
            await checked_address("http", "1.1.1.1", 80, private=private)

    assert str(await checked_address("http", "127.0.0.1", 80, private=True)) == "127.0.0.1"
    assert str(await checked_address("https", "1.1.1.1", 443, private=False)) == "1.1.1.1"


async def test_a_refused_receiver_hears_nothing(receiver: Receiver) -> None:
    async with Sender() as sender:
        answer = await sender.send(receiver.url, b"{}", {})

    assert answer.error == "the receiver's address is not public"
    assert receiver.seen == []


async def test_the_connection_goes_to_the_address_that_was_checked_and_names_the_host(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def checked(_scheme: str, host: str, _port: int, *, private: bool) -> Address:
        assert private
        asked.append(host)
        return ip_address("127.0.0.1")

    monkeypatch.setattr(sending, "checked_address", checked)
    url = httpx.URL(receiver.url).copy_with(host="events.invalid")
    async with Sender(private=True) as sender:
        answer = await sender.send(str(url), b"{}", {})

    assert (answer.status, asked) == (204, ["events.invalid"])
    assert receiver.seen[0].headers["host"] == f"events.invalid:{receiver.port}"
