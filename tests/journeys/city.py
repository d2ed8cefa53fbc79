"""A whole system: real database, real broker, served over HTTP, with simulated cars."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import httpx

from adapters.simulator.vehicles import Car, SimulatedFleet, offset
from api.composition import Running
from domain.fleet.commands import CommissionVehicle, DefineZone, PutIntoService
from domain.kernel.ids import CommandId, VehicleId, ZoneId
from domain.kernel.messages import Actor, Command, Metadata, Role
from domain.kernel.units import Position

SERVICE = "drivenow-europe"
ALEX = Position(latitude=52.5219, longitude=13.4132)
HOME_AREA = ((((13.0, 52.3), (13.8, 52.3), (13.8, 52.7), (13.0, 52.7), (13.0, 52.3)),),)
PATIENCE_S = 20.0


@dataclass
class City:
    """The running system and what stands in its streets."""

    running: Running
    api: httpx.AsyncClient
    fleet: SimulatedFleet

    def token(self, role: Role, subject: str = "") -> dict[str, str]:
        """Headers of somebody with a role."""
        system = self.running.system
        signed = system.tokens.issue(
            role, subject or role.value, service=SERVICE, at=system.clock.now(), expires_in=timedelta(hours=1)
        )
        return {"Authorization": f"Bearer {signed}"}

    async def post(self, path: str, body: dict[str, Any] | None, headers: dict[str, str]) -> httpx.Response:
        """A command under a key of its own."""
        return await self.api.post(path, json=body, headers={"Idempotency-Key": str(uuid4()), **headers})

    async def member(self, card: str = "tok_visa") -> dict[str, str]:
        """Headers of a member who may drive."""
        body = {"city_id": "berlin", "name": "Ada", "email": "ada@example.org", "birth_date": "1990-05-17"}
        registered = (await self.post("/v1/members", body, {})).json()
        me, mine = registered["id"], {"Authorization": f"Bearer {registered['token']}"}
        code = self.running.system.tokens.code("email", me)
        licence = {"number": "B072RRE2I55", "country": "DE", "issued_on": "2015-01-01", "expires_on": "2039-01-01"}
        for path, given, headers in (
            ("verify-email", {"code": code}, mine),
            ("licence", licence, mine),
            ("licence/verify", None, self.token(Role.AGENT)),
            ("payment-methods", {"token": card, "brand": "visa", "expires_on": "2039-12-31"}, mine),
        ):
            (await self.post(f"/v1/members/{me}/{path}", given, headers)).raise_for_status()
        return mine | {"X-Member": me}

    async def car(self, number: int = 1) -> Car:
        """A free car of the fleet."""
        return list(self.fleet.cars.values())[number - 1]

    async def drive(self, car: Car, metres: float, headers: dict[str, str]) -> None:
        """Drive north and switch off; wait until the backend knows."""
        car.destination, car.ignition_on = offset(car.position, metres, 0.0), True
        async with asyncio.timeout(PATIENCE_S):
            while not await self._stands(car, headers):
                await asyncio.sleep(0.05)

    async def _stands(self, car: Car, headers: dict[str, str]) -> bool:
        state = (await self.api.get(f"/v1/vehicles/{car.vehicle_id}", headers=headers)).json()["state"]
        known: float = state["odometer_m"]["value"] if "odometer_m" in state else 0
        return not car.moving and known == car.odometer_m and state["ignition_on"]["value"] is False

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
        async with asyncio.timeout(PATIENCE_S):
            while await self._busy():
                await asyncio.sleep(0.02)

    async def _busy(self) -> bool:
        due = await self.running.pool.fetchval(
            "select count(*) from csbe.tasks where parked_at is null and due_at <= now()"
        )
        followers = (*self.running.followers, self.running.policies)
        return bool(due) or any([await follower.lag() for follower in followers])

    async def give(self, *commands: Command) -> None:
        """Straight to the dispatcher, as an operator."""
        for command in commands:
            metadata = Metadata(
                command_id=CommandId(uuid4()),
                command=command.NAME,
                actor=Actor(role=Role.OPERATOR, id="test"),
                service=SERVICE,
                correlation_id=uuid4(),
            )
            await self.running.system.dispatcher.dispatch(command, metadata)


def cars() -> list[Car]:
    return [
        Car(
            vehicle_id=uuid4(),
            vin=f"WBAZZZ{number:011d}",
            model="BMW i3",
            fuel_type="E",
            position=ALEX,
            energy_percent=80,
            odometer_m=1_000_000,
            random=Random(number),
        )
        for number in range(1, 6)
    ]


async def furnish(city: City) -> None:
    zone = ZoneId(UUID(int=1))
    await city.give(
        DefineZone(zone_id=zone, city_id="berlin", kind="home_area", name="Berlin", polygons=HOME_AREA)  # type: ignore[arg-type] # as JSON gives it
    )
    for car in city.fleet.cars.values():
        vehicle_id = VehicleId(car.vehicle_id)
        await city.give(
            CommissionVehicle(
                vehicle_id=vehicle_id,
                vin=car.vin,
                plate=f"B-DN {car.vin[-1]}",
                make="BMW",
                model=car.model,
                fuel_type="electric",
                city_id="berlin",
                position=car.position,
                energy_percent=car.energy_percent,
            ),
            PutIntoService(vehicle_id=vehicle_id),
        )
    await city.settled()
    await city.running.refresh_zones()
