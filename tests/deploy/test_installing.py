"""The page about installing, played through: what it leaves is reached by TLS, and knows who asks."""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import httpx2
import pytest

from tests.deploy.machine import IS_PLAYABLE, NAME, Machine, around, blocks
from tests.support.waiting import until

pytestmark = [
    pytest.mark.skipif(not IS_PLAYABLE, reason="Debian's nginx, mosquitto and mosquitto-clients are not here"),
    pytest.mark.journey,
]
_PROGRAMS, DATABASE, SERVICE, PROXY = blocks("bash")
[SETTINGS] = blocks("text")
LOOK = around(SERVICE, "curl")[1]
NOTHING = "/v1/nothing"
"""Anybody may ask for it, and is counted."""
MOST_BYTES = 64 * 1024
ADDRESSES = (f"127.1.0.{number}" for number in range(1, 255))
"""Each of somebody who has not asked for anything yet."""


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """After the last step of the page."""
    with TemporaryDirectory(prefix="csbe-", ignore_cleanup_errors=True) as folder:
        machine = Machine(Path(folder))
        broker = None
        try:
            machine.begin()
            machine.give(DATABASE, typed="PASSWORD\nPASSWORD\n")
            broker = machine.secure_the_broker()
            machine.configure(SETTINGS, broker)
            before, enabling, _ = around(SERVICE, "systemctl enable --now")
            machine.give(before)
            machine.start(f"{enabling.split()[-1]}.service")
            machine.give(PROXY)
            yield machine
        finally:
            machine.stop()
            if broker is not None:
                broker.stop()


def client_at(address: str, machine: Machine, scheme: str = "https") -> httpx2.AsyncClient:
    """Who comes from an address, and trusts the certificate that the page asks for and no other."""
    trusted = ssl.create_default_context(cafile=machine.root / f"etc/letsencrypt/live/{NAME}/fullchain.pem")
    port = machine.https if scheme == "https" else machine.http
    return httpx2.AsyncClient(
        base_url=f"{scheme}://127.0.0.1:{port}",
        headers={"Host": NAME},
        transport=Named(httpx2.AsyncHTTPTransport(verify=trusted, local_address=address)),
    )


class Named(httpx2.AsyncBaseTransport):
    """Asks for the server by its name, wherever it is."""

    def __init__(self, inner: httpx2.AsyncHTTPTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.extensions = {**request.extensions, "sni_hostname": NAME}
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@pytest.fixture
async def anna(machine: Machine) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_at(next(ADDRESSES), machine) as client:
        yield client


async def left(client: httpx2.AsyncClient, **headers: str) -> int:
    """How many requests the client may still send, by what an answer says."""
    answer = await client.get(NOTHING, headers=headers)
    [found] = re.findall(r'"source";r=(\d+)', answer.headers["RateLimit"])
    return int(found)


async def test_the_server_is_ready_with_all_its_parts_but_the_mail_server_of_the_page(machine: Machine) -> None:
    look = LOOK.replace("curl", "curl --silent --show-error --fail")

    async def only_mail_is_away() -> bool:
        parts = json.loads(await asyncio.to_thread(machine.give, look))["parts"]
        return {name for name, part in parts.items() if part["state"] != "ok"} == {"mail"}

    await until(only_mail_is_away)


async def test_the_server_works_as_a_user_who_cannot_change_the_log(machine: Machine) -> None:
    server = await asyncpg.connect(machine.settings()["CSBE_POSTGRES_DSN"])
    try:
        assert await server.fetchval("select count(*) from csbe.events") > 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await server.execute("delete from csbe.events")
    finally:
        await server.close()


async def test_each_client_is_known_by_the_address_that_it_comes_from_whatever_it_says(
    machine: Machine, anna: httpx2.AsyncClient
) -> None:
    other = next(ADDRESSES)
    before = [await left(anna), await left(anna)]

    pretending = [
        await left(anna, **{"X-Forwarded-For": other}),
        await left(anna, Forwarded="for=127.0.0.1"),
        await left(anna, **{"X-Forwarded-For": "127.0.0.1, 127.0.0.1"}),
    ]

    assert (before, pretending) == ([19, 18], [17, 16, 15])
    async with client_at(other, machine) as otto:
        assert await left(otto) == 19


async def test_who_asks_too_much_is_told_so(anna: httpx2.AsyncClient) -> None:
    answers = [(await anna.get(NOTHING)).status_code for _ in range(22)]

    assert answers == [404] * 20 + [429] * 2


async def test_a_body_may_be_as_long_as_the_server_takes_and_no_longer(anna: httpx2.AsyncClient) -> None:
    longest, longer = [
        await anna.post("/v1/quotes", content=b" " * size, headers={"Content-Type": "application/json"})
        for size in (MOST_BYTES, MOST_BYTES + 1)
    ]

    assert (longest.status_code, longest.headers["Content-Type"]) == (400, "application/problem+json")
    assert longer.status_code == 413


async def test_browsers_are_sent_to_https_and_told_to_stay_there(machine: Machine, anna: httpx2.AsyncClient) -> None:
    async with client_at(next(ADDRESSES), machine, "http") as plain:
        sent = await plain.get("/v1/trips?limit=1")

    assert (sent.status_code, sent.headers["Location"]) == (308, f"https://{NAME}/v1/trips?limit=1")
    assert "max-age=" in (await anna.get("/healthz")).headers["Strict-Transport-Security"]


async def test_figures_are_not_for_the_outside(machine: Machine, anna: httpx2.AsyncClient) -> None:
    async with httpx2.AsyncClient() as inside:
        figures = await inside.get(f"http://127.0.0.1:{machine.metrics}/metrics")

    assert (figures.status_code, (await anna.get("/metrics")).status_code) == (200, 404)


async def test_events_come_through_the_proxy_as_they_happen(machine: Machine, anna: httpx2.AsyncClient) -> None:
    token = await asyncio.to_thread(machine.operator, "token", "operator")
    ada = {"city_id": "berlin", "name": "Ada", "email": "ada@example.org", "birth_date": "1990-05-17"}

    async with anna.stream("GET", "/v1/events", headers={"Authorization": f"Bearer {token}"}) as stream:
        lines = stream.aiter_lines()
        opened = await anext(lines)
        (await anna.post("/v1/members", json=ada, headers={"Idempotency-Key": "ada"})).raise_for_status()
        event = await anext(line async for line in lines if line.startswith("event: "))

    assert opened == ": open"
    assert event.endswith("members.member.registered")
