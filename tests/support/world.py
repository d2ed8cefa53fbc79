"""A whole service in memory: the real handlers and policies, with cars and a provider that do as the test says."""

import heapq
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Literal, TypeVar
from uuid import UUID

import pytest

from domain.billing.confirmation import RequireConfirmation
from domain.billing.policies import payment_answer
from domain.contexts import HANDLERS, POLICIES
from domain.dispatcher import CommandResult, Dispatcher
from domain.fleet.commands import ConfirmVehicleCommand, FailVehicleCommand, ObserveVehicle
from domain.fleet.state import Observation, VehicleReadings
from domain.fleet.vehicle import Vehicle
from domain.kernel.aggregate import DomainEvent
from domain.kernel.car_search import CarWish
from domain.kernel.errors import RefusedError
from domain.kernel.ids import CommandId, VehicleId, derived_id
from domain.kernel.messages import Actor, Command, Metadata, Role
from domain.kernel.policy import (
    AskPaymentProvider,
    DestroyKey,
    ForgetIdentifier,
    Reaction,
    Scheduled,
    SendMessage,
    TellVehicle,
)
from domain.rulebook.model import Rulebook
from tests.support.memory_store import MemoryStore
from tests.support.services import GivenRulebooks

CarManner = Literal["obedient", "silent", "refusing"]
ProviderManner = Literal["accepting", "declining", "silent", "confirming"]
V = TypeVar("V")

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
AGENT = Actor(role=Role.AGENT, id="agent-7")
SYSTEM = Actor(role=Role.SYSTEM, id="policies")


def codes(refused: pytest.ExceptionInfo[RefusedError]) -> set[str]:
    """The rules that said no."""
    return {violation.code for violation in refused.value.violations}


class Beside:
    """What cars have sent and no event says, by VIN."""

    def __init__(self) -> None:
        self.readings: dict[str, VehicleReadings] = {}

    async def newest(self, kind: type[V], key: str) -> V | None:
        found = self.readings.get(key)
        return found if isinstance(found, kind) else None

    def hear(self, vin: str, seen: Observation) -> None:
        """As ingest does before anybody decides."""
        self.readings[vin] = self.readings.get(vin, VehicleReadings()).with_observation(seen)


class CarsInMemory:
    """Every car that was ever commissioned, in that order: what a car says of itself decides."""

    def __init__(self, world: "World") -> None:
        self._world = world

    async def find(self, wish: CarWish) -> list[VehicleId]:
        found = []
        for event in self._world.events(Vehicle.Commissioned):
            car = await self._world.store.load(Vehicle, event.originator_id)
            if car.city_id == wish.city_id and car.description.model in wish.models:
                found.append((wish.models.index(car.description.model), VehicleId(car.id)))
        return [car_id for _, car_id in sorted(found, key=lambda it: it[0])]


class World:
    """Carries out commands, then whatever the policies want, until nothing is left to do at the present time."""

    def __init__(self, service: str = "drivenow-europe") -> None:
        self.time = START
        self.store = MemoryStore()
        self.service = service
        self.rulebooks = GivenRulebooks()
        self.messages: list[SendMessage] = []
        self.refused_reactions: list[tuple[Command, RefusedError]] = []
        self.cars: dict[UUID, CarManner] = defaultdict(lambda: "obedient")
        self.provider: ProviderManner = "accepting"
        self.empty_cards: set[UUID] = set()
        """Payers from whom nothing can be captured, whatever was held."""
        self.last_said: dict[UUID, Observation] = {}
        self.unanswered: list[TellVehicle] = []
        self.destroyed: list[UUID] = []
        self.unanswered_payments: list[AskPaymentProvider] = []
        self._seen = 0
        self._number = count()
        self._later: list[tuple[datetime, int, Command]] = []
        self.beside = Beside()
        self._dispatcher = Dispatcher(self.store, self, self.rulebooks, HANDLERS, self.beside, CarsInMemory(self))

    def now(self) -> datetime:
        return self.time

    @property
    def rulebook(self) -> Rulebook:
        """The rules of this service; others may be set."""
        version = self.rulebooks.in_force(self.service, self.time)
        assert version is not None
        return version.rulebook

    @rulebook.setter
    def rulebook(self, rules: Rulebook) -> None:
        self.rulebooks.hold(rules)

    async def do(self, command: Command, *, actor: Actor = AGENT, command_id: UUID | None = None) -> CommandResult:
        """Carry out a command and all that follows from it now. Raises what the command raises."""
        answered = await self.ask(command, actor=actor, command_id=command_id)
        await self.settle()
        return answered

    async def ask(self, command: Command, *, actor: Actor = AGENT, command_id: UUID | None = None) -> CommandResult:
        """Carry out a command, and nothing yet of what follows from it."""
        return await self._dispatch(command, actor, command_id or derived_id("command", next(self._number)))

    async def advance(self, by: timedelta) -> None:
        """Let time pass; deadlines are met on the way, in their order."""
        until = self.time + by
        while self._later and self._later[0][0] <= until:
            due, _, command = heapq.heappop(self._later)
            self.time = max(self.time, due)
            await self._follow_up(command)
            await self.settle()
        self.time = until

    async def settle(self) -> None:
        """Follow every event that was not followed yet."""
        while self._seen < len(self.store.log):
            recorded = self.store.log[self._seen]
            self._seen += 1
            for policy in POLICIES.get(type(recorded.event), ()):
                for reaction in policy(recorded, recorded.event):
                    await self._carry_out(reaction)

    async def answer_late(self) -> None:
        """The cars do at last what they were silent about."""
        asked, self.unanswered = self.unanswered, []
        for request in asked:
            await self._follow_up(self._done(request))
        await self.settle()

    async def answer_payments(self) -> None:
        """The payment provider says at last what it was silent about."""
        asked, self.unanswered_payments = self.unanswered_payments, []
        for request in asked:
            await self._provider_hears(request)
        await self.settle()

    async def answer_after_confirmation(self) -> None:
        """The payers confirm what waits for them."""
        self.provider = "accepting"
        await self.answer_payments()

    def events(self, *kinds: type[DomainEvent]) -> list[Any]:
        """What happened of these kinds, in order."""
        return [r.event for r in self.store.log if isinstance(r.event, kinds)]

    def news(self, after: int) -> list[str]:
        """The topics of what happened after a position of the log, in order."""
        return [recorded.topic for recorded in self.store.log[after:]]

    def told(self) -> list[str]:
        """The templates of all messages sent so far."""
        return [message.template for message in self.messages]

    async def _carry_out(self, reaction: Reaction) -> None:
        match reaction:
            case Scheduled():
                heapq.heappush(self._later, (reaction.due_at, next(self._number), reaction.command))
            case SendMessage():
                self.messages.append(reaction)
            case TellVehicle():
                await self._car_hears(reaction)
            case DestroyKey():
                self.destroyed.append(reaction.subject)
            case ForgetIdentifier():
                kept = self.store.stand_ins.items()
                self.store.stand_ins = {value: id for value, id in kept if id != reaction.identifier_id}
            case AskPaymentProvider():
                await self._provider_hears(reaction)
            case Command():
                await self._follow_up(reaction)

    async def _car_hears(self, request: TellVehicle) -> None:
        manner = self.cars[request.vehicle_id]
        if manner == "obedient":
            await self._follow_up(self._done(request))
        elif manner == "refusing":
            car, what = request.vehicle_id, request.request_id
            await self._follow_up(FailVehicleCommand(vehicle_id=car, request_id=what, reason="door_open"))
        else:
            self.unanswered.append(request)

    async def _provider_hears(self, request: AskPaymentProvider) -> None:
        if self.provider == "silent":
            self.unanswered_payments.append(request)
            return
        if self.provider == "confirming" and request.operation == "hold":
            self.unanswered_payments.append(request)
            link = "https://bank.example/3ds"
            await self._follow_up(RequireConfirmation(payment_id=request.payment_id, confirm_link=link))
            return
        empty = request.operation == "capture" and request.payer_id in self.empty_cards
        accepted = request.operation == "release" or (self.provider in {"accepting", "confirming"} and not empty)
        code = None if accepted else "insufficient_funds"
        await self._follow_up(payment_answer(request, accepted, f"ref-{next(self._number)}", code))

    async def _follow_up(self, command: Command) -> None:
        try:
            await self._dispatch(command, SYSTEM, derived_id("follow-up", next(self._number)))
        except RefusedError as refusal:
            self.refused_reactions.append((command, refusal))

    async def _dispatch(self, command: Command, actor: Actor, command_id: UUID) -> CommandResult:
        if isinstance(command, ObserveVehicle | ConfirmVehicleCommand | FailVehicleCommand) and command.observation:
            vehicle = await self.store.load(Vehicle, command.vehicle_id)
            self.beside.hear(vehicle.vin, command.observation)
        metadata = Metadata(
            command_id=CommandId(command_id),
            command=command.NAME,
            actor=actor,
            service=self.service,
            correlation_id=command_id,
        )
        return await self._dispatcher.dispatch(command, metadata)

    def _done(self, request: TellVehicle) -> Command:
        now = {"observed_at": self.time, "locked": request.type == "lock"}
        after = self.last_said.get(request.vehicle_id, Observation(observed_at=self.time)).model_copy(update=now)
        return ConfirmVehicleCommand(vehicle_id=request.vehicle_id, request_id=request.request_id, observation=after)
