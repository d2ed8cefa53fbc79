"""Simulated members: each registers, finds a car, reserves, drives, parks, ends and pays, all over HTTP."""

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID, uuid4

import httpx2

from adapters.simulator.car import Car, offset
from adapters.simulator.mailbox import Mailbox
from adapters.simulator.vehicles import Faults, SimulatedFleet
from domain.kernel.units import Position

BERLIN = Position(latitude=52.5200, longitude=13.4050)
PATIENCE_S = 45.0
POLL_S = 0.15
PARKING_SHARE = 0.3
"""How many of the trips have a stop."""
TRIES_AT_ONE_PLACE = 8
RENEW_S = 60.0
"""So long before it ends a member has an access token renewed."""


class NotReachedError(Exception):
    """Something that a member waited for did not happen in time."""


@dataclass
class Tally:
    """What the members of a simulation have been through."""

    counts: Counter[str] = field(default_factory=Counter)

    def note(self, what: str) -> None:
        self.counts[what] += 1


@dataclass(frozen=True)
class Town:
    """What all members of a simulation share."""

    api: httpx2.AsyncClient
    fleet: SimulatedFleet
    agent_token: str
    mail: Mailbox
    service: str
    city_id: str
    faults: Faults
    tally: Tally
    seed: int


class SimulatedMember:
    """One member's life. Everything about it follows from the town's seed and the member's number."""

    def __init__(self, number: int, town: Town) -> None:
        self._number = number
        self._town = town
        self._random = Random(f"{town.seed}:{number}")
        self._run = uuid4().hex[:12]  # nobody who was here before
        self._key = 0
        self._token = ""
        self._refresh_token = ""
        self._renew_at = math.inf
        self._member_id = ""

    async def live(self, stop: asyncio.Event) -> None:
        """Register, then take one trip after another until `stop`; a trip under way is finished."""
        await self._register()
        while not stop.is_set():
            try:
                await self._one_trip()
            except (NotReachedError, httpx2.TransportError) as error:
                self._town.tally.note(f"gave up: {type(error).__name__}")
                with suppress(NotReachedError, httpx2.TransportError):
                    await self._give_back()
            await self._pause(0.5, 2.5, stop)

    async def _register(self) -> None:
        body = {
            "service": self._town.service,
            "city_id": self._town.city_id,
            "name": f"Member {self._number}",
            "email": self._address,
            "birth_date": f"{self._random.randint(1960, 1998)}-05-17",
        }
        answer = await self._post("/v1/members", body)
        self._member_id = answer["id"]
        await self._log_in()
        mine = f"/v1/members/{self._member_id}"
        licence = {
            "number": f"B{self._number:06d}{self._run}",
            "country": "DE",
            "issued_on": "2015-03-01",
            "expires_on": "2039-03-01",
        }
        await self._post(f"{mine}/licence", licence)
        await self._post(f"{mine}/licence/verify", {}, token=self._town.agent_token)
        declined = self._random.random() < self._town.faults.card_declined
        card = {"token": "tok_decline" if declined else "tok_visa", "brand": "visa", "expires_on": "2039-12-31"}
        await self._post(f"{mine}/payment-methods", card)
        self._town.tally.note("registered")

    @property
    def _address(self) -> str:
        return f"member{self._number}.{self._run}@example.org"

    async def _log_in(self) -> None:
        """By the code in the newest mail."""
        await self._wait(lambda: self._town.mail.code_to(self._address) is not None)
        code = self._town.mail.code_to(self._address)
        body = {"service": self._town.service, "email": self._address, "code": code}
        self._take(await self._post("/v1/login/tokens", body))

    async def _renew(self) -> None:
        """Before the access token ends, so that no request is refused for it."""
        if asyncio.get_running_loop().time() > self._renew_at:
            self._renew_at = math.inf  # by this request, and no other
            self._take(await self._post("/v1/login/refresh", {"refresh_token": self._refresh_token}))

    def _take(self, tokens: dict[str, Any]) -> None:
        self._token, self._refresh_token = tokens["access_token"], tokens["refresh_token"]
        self._renew_at = asyncio.get_running_loop().time() + tokens["expires_in"] - RENEW_S

    async def _give_back(self) -> None:
        """End or cancel what a trip that went wrong has left open."""
        account = await self._get("/v1/members/me")
        if account["trip_id"] is not None:
            trip = f"/v1/trips/{account['trip_id']}"
            vehicle_id = UUID((await self._get(trip))["vehicle_id"])
            await self._end(trip, self._town.fleet.cars_by_id[vehicle_id])
            self._town.tally.note("trips")
        elif account["reservation_id"] is not None:
            await self._try(f"/v1/reservations/{account['reservation_id']}/cancel", {})

    async def _one_trip(self) -> None:
        car = await self._reserve()
        if car is None:
            return
        reservation, vehicle = car
        await asyncio.sleep(self._random.uniform(0.5, 2.0))
        asked = await self._try("/v1/trips", {"vehicle_id": str(vehicle.vehicle_id), "reservation_id": reservation})
        if asked is None:
            self._town.tally.note("start refused")
            return
        trip = f"/v1/trips/{asked['id']}"
        state = await self._until(trip, {"running", "start_failed"})
        if state == "start_failed":
            self._town.tally.note("start failed")
            await self._try(f"/v1/reservations/{reservation}/cancel", {})
            return
        await self._drive(vehicle)
        if self._random.random() < PARKING_SHARE:
            await self._park(trip)
        await self._end(trip, vehicle)
        self._town.tally.note("trips")
        await self._invoice(asked["id"])

    async def _reserve(self) -> tuple[str, Car] | None:
        """A free car near some place in town; somebody else may be faster."""
        place = offset(BERLIN, 6_000 * math.sqrt(self._random.random()), 2 * math.pi * self._random.random())
        found = await self._get("/v1/vehicles", near=f"{place.latitude},{place.longitude}", limit=5)
        if not found["vehicles"]:
            return None
        chosen = self._random.choice(found["vehicles"])
        placed = await self._try("/v1/reservations", {"vehicle_id": chosen["vehicle_id"]})
        if placed is None:
            self._town.tally.note("reservation refused")
            return None
        self._town.tally.note("reserved")
        return placed["id"], self._town.fleet.cars_by_id[UUID(chosen["vehicle_id"])]

    async def _drive(self, car: Car) -> None:
        car.destination = offset(car.position, self._random.uniform(60, 220), 2 * math.pi * self._random.random())
        car.ignition_on = True
        await self._wait(lambda: not car.moving)

    async def _park(self, trip: str) -> None:
        if await self._try(f"{trip}/park", {}) and await self._until(trip, {"parked", "running"}) == "parked":
            self._town.tally.note("parked")
            await asyncio.sleep(self._random.uniform(0.5, 2.0))
            if await self._try(f"{trip}/resume", {}):
                await self._until(trip, {"running"})

    async def _end(self, trip: str, car: Car) -> None:
        """Try until the car may be left here; back to where it is allowed if it may not."""
        for attempt in range(40):
            if await self._try(f"{trip}/end", {}) and await self._ended(trip):
                return
            if attempt % TRIES_AT_ONE_PLACE == TRIES_AT_ONE_PLACE - 1:
                await self._drive(car)
            await asyncio.sleep(0.5)
        raise NotReachedError(f"{trip} could not be ended")

    async def _ended(self, trip: str) -> bool:
        try:
            return await self._until(trip, {"ended"}) == "ended"
        except NotReachedError:
            return False

    async def _invoice(self, trip_id: str) -> None:
        async def issued() -> bool:
            return bool((await self._get("/v1/invoices", subject_id=trip_id))["invoices"])

        await self._wait_for(issued)
        self._town.tally.note("invoices")

    async def _until(self, path: str, states: set[str]) -> str:
        found = ""

        async def there() -> bool:
            nonlocal found
            found = (await self._get(path))["state"]
            return found in states

        await self._wait_for(there)
        return found

    async def _wait(self, true: Callable[[], bool]) -> None:
        async def there() -> bool:
            return true()

        await self._wait_for(there)

    @staticmethod
    async def _wait_for(there: Callable[[], Any]) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while not await there():
            if asyncio.get_running_loop().time() > deadline:
                raise NotReachedError
            await asyncio.sleep(POLL_S)

    async def _pause(self, least_s: float, most_s: float, stop: asyncio.Event) -> None:
        try:
            await asyncio.wait_for(stop.wait(), self._random.uniform(least_s, most_s))
        except TimeoutError:
            return

    async def _get(self, path: str, **query: object) -> dict[str, Any]:
        await self._renew()
        headers = self._headers(self._token)
        answer = await _when_there_is_room(lambda: self._town.api.get(path, params=query, headers=headers))  # type: ignore[arg-type] # httpx2 takes any value with a text
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    async def _post(self, path: str, body: dict[str, Any], token: str | None = None) -> dict[str, Any]:
        answer = await self._send(path, body, token)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    async def _try(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """The answer, or nothing when the rules say no; each violated rule is counted."""
        answer = await self._send(path, body, None)
        if answer.status_code == httpx2.codes.CONFLICT:
            for violation in answer.json().get("violations", []):
                self._town.tally.note(violation["code"])
            return None
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    async def _send(self, path: str, body: dict[str, Any], token: str | None) -> httpx2.Response:
        if not path.startswith("/v1/login"):
            await self._renew()
        self._key += 1
        headers = {
            "Idempotency-Key": f"{self._run}-{self._number}-{self._key}",
            **self._headers(token or self._token),
        }
        return await _when_there_is_room(lambda: self._town.api.post(path, json=body or None, headers=headers))

    @staticmethod
    def _headers(token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"} if token else {}


async def _when_there_is_room(ask: Callable[[], Awaitable[httpx2.Response]]) -> httpx2.Response:
    """The answer; where the server says that it has too much to do and when to come again, that of another time."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    answer = await ask()
    while answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE and "Retry-After" in answer.headers:
        if asyncio.get_running_loop().time() > deadline:
            break
        await asyncio.sleep(float(answer.headers["Retry-After"]))
        answer = await ask()
    return answer
