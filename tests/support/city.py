"""A running system as members, staff and cars meet it: over HTTP, over MQTT, in their mail."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from adapters.simulator.car import Car, offset
from adapters.simulator.mailbox import Mailbox
from api.composition import Running
from domain.fleet.vehicle import Vehicle
from domain.kernel.messages import Actor, Command, Metadata, Role
from tests.support.places import BERLIN, Place
from tests.support.waiting import PATIENCE_S, until

SERVICE = BERLIN.service
CARD = {"brand": "visa", "expires_on": "2039-12-31"}


@dataclass
class City:
    """The running system and what stands in its streets."""

    running: Running
    api: httpx2.AsyncClient
    place: Place
    cars: Sequence[Car]
    mail: Path
    patience_s: float = PATIENCE_S

    def token(self, role: Role, subject: str = "", *, service: str = "") -> dict[str, str]:
        """Headers of somebody with a role."""
        signed = self.running.system.tokens.issue(
            role,
            subject or role.value,
            service=service or self.place.service,
            at=datetime.now(UTC),
            expires_in=timedelta(hours=1),
        )
        return {"Authorization": f"Bearer {signed}"}

    async def post(self, path: str, body: dict[str, Any] | None, headers: dict[str, str]) -> httpx2.Response:
        """A command under a key of its own."""
        return await self.api.post(path, json=body, headers={"Idempotency-Key": str(uuid4()), **headers})

    async def get(self, path: str, headers: dict[str, str], **query: str) -> dict[str, Any]:
        """What is there to read."""
        answer = await self.api.get(path, params=query, headers=headers)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    async def member(self, card: str = "tok_visa", *, of: Place | None = None) -> dict[str, str]:
        """Headers of a member who may drive, of this place or of another one."""
        place, email = of or self.place, f"ada.{uuid4().hex[:12]}@example.org"
        ada = {"city_id": place.city_id, "name": "Ada", "email": email, "birth_date": "1990-05-17"}
        me = (await self.post("/v1/members", {**ada, "service": place.service}, {})).json()["id"]
        mine = await self.log_in(email, place)
        agent = self.token(Role.AGENT, service=place.service)
        dates = {"issued_on": "2015-01-01", "expires_on": "2039-01-01"}
        licence = {"number": f"B{uuid4().hex[:10]}", "country": place.licence_country, **dates}
        for path, given, headers in (
            ("licence", licence, mine),
            ("licence/verify", None, agent),
            ("payment-methods", {"token": card, **CARD}, mine),
        ):
            (await self.post(f"/v1/members/{me}/{path}", given, headers)).raise_for_status()
        return mine | {"X-Member": me}

    async def log_in(self, email: str, place: Place | None = None) -> dict[str, str]:
        """Headers of a member, by the code in their newest mail."""
        tokens = await self.tokens(email, place)
        return {"Authorization": f"Bearer {tokens['access_token']}"}

    async def tokens(self, email: str, place: Place | None = None) -> dict[str, Any]:
        """The tokens of a login."""
        body = {"service": (place or self.place).service, "email": email, "code": await self.code_to(email)}
        given = await self.api.post("/v1/login/tokens", json=body)
        given.raise_for_status()
        found: dict[str, Any] = given.json()
        return found

    async def code_to(self, email: str, *, old: str | None = None) -> str:
        """The newest code that was mailed to an address, once it is there and not the `old` one."""
        mailbox = Mailbox(self.mail)

        async def there() -> bool:
            return mailbox.code_to(email) not in {None, old}

        await until(there, self.patience_s)
        return str(mailbox.code_to(email))

    async def car(self, number: int = 1) -> Car:
        """A free car of the fleet."""
        return self.cars[number - 1]

    async def knows_its_cars(self) -> bool:
        """Whether every car has told of itself, so that none of them adds to the log by itself any more."""
        vehicles = [await self.running.store.load(Vehicle, car.vehicle_id) for car in self.cars]
        return all(vehicle.readings.locked for vehicle in vehicles)

    async def reserve(self, car: Car, member: dict[str, str]) -> str:
        """A reservation's path."""
        placed = await self.post("/v1/reservations", {"vehicle_id": str(car.vehicle_id)}, member)
        placed.raise_for_status()
        return f"/v1/reservations/{placed.json()['id']}"

    async def start(self, car: Car, member: dict[str, str]) -> str:
        """A running trip's path."""
        asked = await self.post("/v1/trips", {"vehicle_id": str(car.vehicle_id)}, member)
        asked.raise_for_status()
        trip = f"/v1/trips/{asked.json()['id']}"
        await self.until(trip, member, "running")
        return trip

    async def end(self, trip: str, member: dict[str, str]) -> None:
        """End a trip as its member, and wait until nothing is left to do."""
        (await self.post(f"{trip}/end", None, member)).raise_for_status()
        await self.until(trip, member, "ended")
        await self.settled()

    async def drive(self, car: Car, metres: float, headers: dict[str, str]) -> None:
        """Drive north and switch off; wait until the backend knows."""
        car.destination, car.ignition_on = offset(car.position, metres, 0.0), True
        await until(lambda: self._stands(car, headers))

    async def _stands(self, car: Car, headers: dict[str, str]) -> bool:
        says = (await self.get(f"/v1/vehicles/{car.vehicle_id}", headers))["readings"]
        known: float = says["odometer_m"]["value"] if "odometer_m" in says else 0
        return not car.moving and known == car.odometer_m and says["ignition_on"]["value"] is False

    async def until(self, path: str, headers: dict[str, str], state: str) -> dict[str, Any]:
        """Wait until what a path shows is in a state."""
        shown: dict[str, Any] = {}
        async with asyncio.timeout(PATIENCE_S):
            while shown.get("state") != state:
                shown = (await self.api.get(path, headers=headers)).json()
                await asyncio.sleep(0.02)
        return shown

    async def settled(self) -> None:
        """Wait until policies and projections have dealt with everything that is due."""
        await until(self.running.is_idle, self.patience_s)

    async def told(self, topic: str) -> list[str]:
        """The ids of what had an event of this type, in the order of the log."""
        events = self.running.store.read(topics=[topic])
        return [str(recorded.event.originator_id) async for recorded in events]

    def mails(self, template: str) -> list[str]:
        """The texts of all mails that were sent by a template."""
        letters = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in self.mail.glob("*.eml")]
        texts = [letter for letter in letters if isinstance(letter, EmailMessage)]
        return [str(letter.get_content()) for letter in texts if letter["X-CSBE-Template"] == template]

    async def give(self, *commands: Command) -> None:
        """Straight to the dispatcher, as an operator."""
        by = Actor(role=Role.OPERATOR, id="test")
        for command in commands:
            metadata = Metadata.of(command, id=uuid4(), actor=by, service=self.place.service)
            await self.running.system.dispatcher.dispatch(command, metadata)
