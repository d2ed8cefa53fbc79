"""Members of a simulated day: each reserves, drives, parks and ends through the API, and knows how it really was."""

import math
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, Literal, NamedTuple

from adapters.simulator.car import Car, offset
from domain.kernel.messages import Role
from tests.support.street import Street

Phase = Literal["driving", "parked"]
Doing = Literal["nothing", "starting", "driving", "parking", "parked", "resuming", "ending"]
Outcome = Literal["under way", "refused", "start failed", "ended", "ended by an agent"]

WITHIN_M = 4_000
"""Nobody drives further from the middle."""
PATIENCE = 20
"""After so many minutes in which nothing goes on a member calls an agent."""
REASON = "the member called: the car does not let the trip end"


class Between(NamedTuple):
    """When something happened: not before, and not after."""

    first: datetime
    last: datetime


@dataclass
class Truth:
    """One trip as it really was."""

    car: Car
    outcome: Outcome = "under way"
    refusal: str = ""
    """Why it did not begin."""
    trip_id: str = ""
    began_at_m: int = 0
    ended_at_m: int = 0
    opened: Between | None = None
    stops: list[tuple[Between, Between]] = field(default_factory=list)
    """Parked, and opened again."""
    wished: Between | None = None
    """The last wish to end it."""

    @property
    def driven_m(self) -> int:
        return self.ended_at_m - self.began_at_m

    def seconds(self, phase: Phase) -> tuple[float, float]:
        """At least and at most in this phase, as it is measured: each span to a second."""
        least, most = self._seconds(phase)
        spans = len(self.stops) + (phase == "driving")
        return max(0.0, least - spans), most + spans

    def _seconds(self, phase: Phase) -> tuple[float, float]:
        assert self.opened
        assert self.wished
        least = sum((again.first - parked.last).total_seconds() for parked, again in self.stops)
        most = sum((again.last - parked.first).total_seconds() for parked, again in self.stops)
        if phase == "parked":
            return least, most
        shortest = (self.wished.first - self.opened.last).total_seconds() - most
        return shortest, (self.wished.last - self.opened.first).total_seconds() - least


class Member:
    """Somebody who wants to take one car at certain minutes, and does one thing in each."""

    def __init__(self, street: Street, car: Car, headers: dict[str, str], departures: list[int], seed: str) -> None:
        self.car = car
        self.truths: list[Truth] = []
        self.complaints: list[str] = []
        """What nobody could help with."""
        self._street, self._city, self._headers = street, street.city, headers
        self._departures = departures
        self._random = Random(seed)
        self._doing: Doing = "nothing"
        self._asked_at = self._now
        self._parked = self._asked()
        self._stays = self._waited = 0
        self._acts = {"driving": self._leave, "parked": self._come_back}

    @property
    def is_out(self) -> bool:
        """Whether a trip is under way."""
        return self._doing != "nothing"

    def wants(self, minute: int) -> bool:
        """Whether there is something to do."""
        return self.is_out or bool(self._departures and minute >= self._departures[0])

    async def act(self) -> bool:
        """Do the next thing, if it is time for one; says whether something was asked for."""
        before = self._asked_at
        if not self.is_out:
            self._departures.pop(0)
            await self._set_out()
        elif not self.car.moving:
            self._waited += 1
            if self._waited > PATIENCE:
                await self._call_agent()
            elif act := self._acts.get(self._doing):
                await act()
        return self._asked_at != before

    async def look(self) -> None:
        """See what has become of it."""
        if not self.is_out or (self._doing == "driving" and self.car.moving):
            return
        shown = await self._city.get(self._trip, self._headers)
        match self._doing, shown["state"], shown["pending"]:
            case _, "ended", _:
                self._close("ended by an agent" if self._waited > PATIENCE else "ended")
            case "starting", "start_failed", _:
                self._close("start failed")
            case "starting", "running", _:
                self._truth.opened = self._asked()
                self._drive()
            case "parking", "parked", _:
                self._parked, self._stays = self._asked(), self._random.randint(1, 8)
                self._goes_on("parked")
            case ("parking", "running", None) | ("ending", "running", _):  # not locked in time, or driven on
                self._goes_on("driving")
            case "resuming", "running", _:
                self._truth.stops.append((self._parked, self._asked()))
                self._drive()
            case "resuming", "parked", None:
                self._doing = "parked"

    async def _set_out(self) -> None:
        self.truths.append(Truth(self.car, began_at_m=self.car.odometer_m))
        wanted, self._stays = {"vehicle_id": str(self.car.vehicle_id)}, 0
        if self._random.random() < 0.5:
            reserved = await self._command("/v1/reservations", wanted)
            if reserved is None:
                return
            wanted["reservation_id"] = reserved["id"]
        asked = await self._command("/v1/trips", wanted)
        if asked is not None:
            self._truth.trip_id = asked["id"]
            self._goes_on("starting")

    def _drive(self) -> None:
        middle, bearing = self._city.place.middle, 2 * math.pi * self._random.random()
        self.car.destination = offset(middle, WITHIN_M * math.sqrt(self._random.random()), bearing)
        self.car.ignition_on = True
        self._goes_on("driving")

    async def _leave(self) -> None:
        """Some stop on their way once; at the end of it they want to be rid of the car."""
        may_park = not self._truth.stops and self._waited == 1 and self._random.random() < 0.5
        if may_park and await self._command(f"{self._trip}/park") is not None:
            self._doing = "parking"
        elif await self._command(f"{self._trip}/end") is not None:
            self._truth.wished = self._asked()
            self._doing = "ending"

    async def _come_back(self) -> None:
        self._stays -= 1
        if self._stays <= 0 and await self._command(f"{self._trip}/resume") is not None:
            self._doing = "resuming"

    async def _call_agent(self) -> None:
        self._asked_at = self._now
        body = {"ended_at": self._now.isoformat(), "reason": REASON}
        answer = await self._city.post(f"{self._trip}/force-end", body, self._city.token(Role.AGENT))
        if answer.is_success:
            self._truth.wished = self._truth.wished or self._asked()
            return
        self.complaints.append(f"{self._trip} cannot be ended by an agent: {answer.text}")
        self._close("under way")

    async def _command(self, path: str, body: dict[str, str] | None = None) -> dict[str, Any] | None:
        """The answer, or nothing when it is refused for what the car is or shows."""
        self._asked_at = self._now
        answer = await self._city.post(path, body, self._headers)
        said: dict[str, Any] = answer.json()
        if said.get("violations"):
            if not self._truth.trip_id:
                self._truth.outcome, self._truth.refusal = "refused", answer.text
            return None
        answer.raise_for_status()
        return said

    def _goes_on(self, doing: Doing) -> None:
        self._doing, self._waited = doing, 0

    def _close(self, outcome: Outcome) -> None:
        self._truth.outcome, self._truth.ended_at_m = outcome, self.car.odometer_m
        self._goes_on("nothing")

    def _asked(self) -> Between:
        """Between the asking and now."""
        return Between(self._asked_at, self._now)

    @property
    def _truth(self) -> Truth:
        return self.truths[-1]

    @property
    def _trip(self) -> str:
        return f"/v1/trips/{self._truth.trip_id}"

    @property
    def _now(self) -> datetime:
        return self._street.clock.now()
