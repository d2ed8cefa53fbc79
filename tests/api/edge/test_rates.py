"""How much anybody may ask, and what is said to who has asked too much."""

import asyncio

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.edge.buckets import Buckets, Rate
from api.edge.rates import cost_of
from api.edge.streams import Streams
from domain.kernel.messages import Role
from tests.support.routes import application, asked, every_route, token_of

FEW = {"source_requests_at_once": 5, "source_requests_per_second": 0.01}
FAR = "203.0.113.7"


async def statuses(api: httpx2.AsyncClient, times: int, path: str = "/v1/trips") -> list[int]:
    return [(await api.get(path)).status_code for _ in range(times)]


async def test_an_address_that_asks_too_much_is_told_when_to_come_again() -> None:
    app = application(**FEW)
    async with asked(app, FAR) as api, asked(app, "203.0.113.8") as other:
        before = await api.post("/v1/nothing")
        for _ in range(4):
            await api.post("/v1/nothing")
        refused = await api.post("/v1/nothing")
        elsewhere = await other.post("/v1/nothing")

    assert before.headers["ratelimit-policy"] == '"source";q=5;w=500'
    assert before.headers["ratelimit"].startswith('"source";r=4;t=')
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:csbe:problem:too-many-requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 100
    assert refused.headers["ratelimit"].startswith('"source";r=0;t=')
    assert elsewhere.status_code == 405


async def test_every_address_of_the_api_tells_its_limit_in_the_same_way_whatever_it_answers() -> None:
    app = application(source_requests_at_once=100_000)
    told = {}
    async with asked(app, FAR) as api:
        for path, methods in every_route(app):
            for method in methods & {"GET", "POST", "DELETE"}:
                headers = (await api.request(method, path)).headers
                told[path] = "ratelimit" in headers, headers.get("ratelimit-policy", "").partition(";")[0]

    assert {path: said for path, said in told.items() if path.startswith("/v1/")} == {
        path: (True, '"source"') for path in told if path.startswith("/v1/")
    }
    assert told["/healthz"] == (False, "")


async def test_health_is_asked_without_a_limit() -> None:
    async with asked(application(**FEW), FAR) as api:
        assert set(await statuses(api, 20, "/healthz")) == {200}


async def test_guessing_is_dear() -> None:
    app = application(source_requests_at_once=50, source_requests_per_second=0.01)
    async with asked(app, FAR, Authorization="Bearer guessed") as api:
        answers = await statuses(api, 10)

    assert answers.count(401) <= 5
    assert answers[-1] == 429


async def test_who_has_a_token_has_a_limit_of_ones_own() -> None:
    app = application(**FEW, caller_requests_at_once=3, caller_requests_per_second=0.01)
    async with asked(app, FAR) as stranger, asked(app, FAR, **token_of(Role.AGENT, "ada")) as ada:
        await statuses(stranger, 6, "/v1/nothing")
        first, *others = [(await ada.get("/v1/nothing")) for _ in range(4)]
        async with asked(app, "198.51.100.1", **token_of(Role.AGENT, "ada")) as elsewhere:
            moved = await elsewhere.get("/v1/nothing")
        async with asked(app, FAR, **token_of(Role.AGENT, "ben")) as ben:
            another = await ben.get("/v1/nothing")

    assert first.headers["ratelimit-policy"] == '"caller";q=3;w=300'
    assert [answer.status_code for answer in (first, *others)] == [404, 404, 404, 429]
    assert (moved.status_code, another.status_code) == (429, 404)


@pytest.mark.parametrize(
    ("settings", "peer", "forwarded", "limited"),
    [
        ({}, "127.0.0.1", None, False),
        ({}, "::1", None, False),
        ({}, "::ffff:127.0.0.1", None, False),
        ({}, "127.0.0.1", FAR, True),
        ({}, FAR, "127.0.0.1", True),
        ({"trusted_networks": ""}, "127.0.0.1", None, True),
        ({"trusted_networks": "203.0.113.0/24"}, FAR, None, False),
        ({"trusted_proxies": "127.0.0.1/32"}, "127.0.0.1", FAR, True),
        ({"trusted_proxies": "127.0.0.1/32"}, "127.0.0.1", "127.0.0.2", False),
        ({"trusted_proxies": "10.0.0.0/8"}, "10.0.0.1", "127.0.0.1, 203.0.113.7, 10.0.0.9", True),
    ],
)
async def test_whom_the_limits_are_for(
    settings: dict[str, str], peer: str, forwarded: str | None, limited: bool
) -> None:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    async with asked(application(**FEW, **settings), peer, **headers) as api:
        answers = await statuses(api, 6, "/v1/nothing")

    assert (answers[-1] == 429) is limited


async def test_behind_a_proxy_each_address_has_its_own_limit_and_cannot_choose_another() -> None:
    app = application(**FEW, trusted_proxies="10.0.0.0/8")
    async with asked(app, "10.0.0.1") as proxy:

        async def ask(chain: str) -> int:
            return (await proxy.get("/v1/nothing", headers={"X-Forwarded-For": chain})).status_code

        ours = [await ask(f"198.51.100.{number}, {FAR}") for number in range(6)]
        theirs = await ask("203.0.113.9")

    assert (ours[-1], theirs) == (429, 404)


async def test_an_ipv6_network_is_one_address() -> None:
    app = application(**FEW)
    found = []
    for number in range(6):
        async with asked(app, f"2001:db8:1:2::{number}") as api:
            found += await statuses(api, 1, "/v1/nothing")
    async with asked(app, "2001:db8:1:3::1") as api:
        elsewhere = await statuses(api, 1, "/v1/nothing")

    assert (found[-1], elsewhere) == (429, [404])


def test_what_takes_much_costs_more() -> None:
    costs = [cost_of("GET", "/v1/vehicles"), cost_of("POST", "/v1/quotes"), cost_of("GET", "/v1/reports/utilisation")]

    assert costs == sorted(set(costs))
    assert cost_of("POST", "/v1/members") > cost_of("POST", "/v1/members/8d11/licence")


steps = st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 5), st.integers(1, 4)), max_size=60)


@given(steps)
def test_nobody_gets_more_than_the_burst_and_what_time_brings(steps: list[tuple[str, float, int]]) -> None:
    rate, now, taken = Rate(2, 6), 0.0, dict.fromkeys("abc", 0)
    began: dict[str, float] = {}
    buckets = Buckets(rate)
    for name, pause, cost in steps:
        now += pause
        began.setdefault(name, now)
        found = buckets.take(name, cost, now)
        taken[name] += cost * found.allowed
        assert taken[name] <= rate.burst + rate.per_second * (now - began[name]) + 1e-6
        if not found.allowed:
            assert Buckets.take(_copy(buckets), name, cost, now + found.retry_after_s + 1e-6).allowed


def _copy(buckets: Buckets) -> Buckets:
    copied = Buckets(buckets.rate)
    copied._levels = buckets._levels.copy()
    return copied


def test_the_table_of_buckets_is_bounded() -> None:
    buckets = Buckets(Rate(1, 1), most=100)
    for number in range(1000):
        buckets.take(str(number), 1, 0)

    assert len(buckets) == 100
    assert not buckets.take("999", 1, 0).allowed


async def test_so_many_streams_may_be_open_and_no_more() -> None:
    most, opened, ended = 0, 0, asyncio.Event()

    async def stream(_scope: Scope, _receive: Receive, send: Send) -> None:
        nonlocal most, opened
        opened += 1
        most = max(most, opened)
        await ended.wait()
        opened -= 1
        await Response()(_scope, _receive, send)

    streams = Streams(stream, lambda scope: Headers(scope=scope)["host"], most=3, per_caller=2)

    async def ask(who: str) -> int:
        transport = httpx2.ASGITransport(streams)
        async with httpx2.AsyncClient(transport=transport, base_url="http://csbe") as api:
            return (await api.get("/v1/events", headers={"Host": who})).status_code

    asking = [asyncio.create_task(ask(who)) for who in ("ada", "ada", "ada", "ben", "carl")]
    refused = [await asking[2], await asking[4]]
    ended.set()
    served = [await asking[index] for index in (0, 1, 3)]

    assert (refused, served, most) == ([429, 429], [200, 200, 200], 3)
    assert await ask("ada") == 200
