"""A client process: gives commands to the dispatcher, several at a time, and writes down what it is told."""

import asyncio
import time
from random import Random
from uuid import UUID

from pydantic import TypeAdapter

from adapters.postgres.event_store.store import PostgresEventStore
from domain.contexts import COMMANDS
from domain.kernel.errors import DomainError
from domain.kernel.ids import ReservationId
from domain.kernel.messages import Command
from domain.rental.commands import CancelReservation, PlaceReservation
from tests.torture.history import Asked, Loaded, Outcome, Pen, Told, read
from tests.torture.roles import PAUSE_S, TROUBLE, Part, begin
from tests.torture.story import CARS, COUNTERS, MEMBERS, Count, Gives, Move, dispatcher

TASKS = 4
"""So many commands are under way at once."""
THINK_S = 0.01
"""The longest pause between two commands of one task."""

_id: TypeAdapter[ReservationId] = TypeAdapter(ReservationId)
_BY_NAME: dict[str, type[Command]] = {**COMMANDS, Count.NAME: Count, Move.NAME: Move}


def main(part: Part) -> None:
    """Play the part until told to stop, and then until every command of it is settled."""
    begin(part)
    with Pen(part.file) as pen:
        asyncio.run(_play(part, pen))


async def _play(part: Part, pen: Pen) -> None:
    memory = Memory(part)
    async with part.store() as store:
        client = Client(part, pen, store, memory)
        async with asyncio.TaskGroup() as tasks:
            for asked in memory.unsettled.values():  # those that an earlier incarnation died over
                tasks.create_task(client.settle(asked))
            for number in range(TASKS):
                tasks.create_task(client.work(number))


class Memory:
    """What a client knows from its own file after it was killed."""

    def __init__(self, part: Part) -> None:
        self.asked: dict[UUID, Asked] = {}
        self.unsettled: dict[UUID, Asked] = {}
        self.held: dict[ReservationId, PlaceReservation] = {}
        for fact in read(part.file):
            if isinstance(fact, Asked):
                self.asked[fact.command_id] = self.unsettled[fact.command_id] = fact
            elif isinstance(fact, Told):
                self.note(fact)

    def note(self, told: Told) -> None:
        """A command is settled, or not; a reservation is held, or not any more."""
        if told.outcome == "unknown":
            return
        self.unsettled.pop(told.command_id, None)
        command = command_of(self.asked[told.command_id])
        if told.outcome == "acknowledged" and isinstance(command, PlaceReservation):
            held = _id.validate_json(told.answer or "")
            self.held[held] = command.model_copy(update={"reservation_id": held})
        elif isinstance(command, CancelReservation):
            self.held.pop(command.reservation_id, None)


class Client:
    """Asks, and writes down what it asked and what it was told."""

    def __init__(self, part: Part, pen: Pen, store: PostgresEventStore, memory: Memory) -> None:
        self._part = part
        self._pen = pen
        self._store = store
        self._memory = memory
        self._give: Gives = dispatcher(store, part.counter)

    async def work(self, number: int) -> None:
        """One command after another, as the seed has it; now and then one that was asked before, or a load."""
        random = Random(f"{self._part.seed} {self._part.name} {self._part.incarnation} {number}")
        while not self._part.stopped:
            told = await self.settle(self._next(random))
            if told.position is not None and random.random() < 0.3:
                await self._load(random.choice(COUNTERS), told.position)
            await asyncio.sleep(random.random() * THINK_S)

    async def settle(self, asked: Asked) -> Told:
        """Ask, and after an unknown outcome ask again under the same id, until it is settled."""
        while (told := await self._ask(asked)).outcome == "unknown":
            await asyncio.sleep(PAUSE_S)
        return told

    async def _ask(self, asked: Asked) -> Told:
        asked = asked.model_copy(update={"at": time.monotonic()})
        self._memory.asked[asked.command_id] = asked
        self._pen.write(asked)
        outcome, position, answer, problem = await self._dispatched(asked)
        told = Told(
            client=self._part.name,
            at=time.monotonic(),
            command_id=asked.command_id,
            outcome=outcome,
            position=position,
            answer=answer,
            error=problem,
        )
        self._pen.write(told)
        self._memory.note(told)
        return told

    async def _dispatched(self, asked: Asked) -> tuple[Outcome, int | None, str | None, str | None]:
        try:
            answered = await self._give(command_of(asked), asked.command_id)
        except DomainError as error:
            return "refused", None, None, repr(error)
        except TROUBLE as error:
            return "unknown", None, None, repr(error)
        return "acknowledged", answered.position, answered.value, None

    async def _load(self, counter_id: UUID, own_position: int) -> None:
        try:
            found = await self._store.load(self._part.counter, counter_id)
        except TROUBLE:
            return
        self._pen.write(
            Loaded(
                client=self._part.name,
                aggregate=counter_id,
                version=found.version,
                total=found.total,
                own_position=own_position,
            )
        )

    def _next(self, random: Random) -> Asked:
        command_id, dice = UUID(int=random.getrandbits(128), version=4), random.random()
        if dice < 0.1 and self._memory.asked:
            return random.choice(list(self._memory.asked.values()))
        if dice < 0.3:
            return self._about_a_car(command_id, random)
        if dice < 0.5:
            source, target = random.sample(COUNTERS, 2)
            return self._asked(command_id, Move(source_id=source, target_id=target, by=1), source, target)
        counter = random.choice(COUNTERS)
        return self._asked(command_id, Count(counter_id=counter, by=random.randint(1, 9)), counter)

    def _about_a_car(self, command_id: UUID, random: Random) -> Asked:
        if self._memory.held:
            held = random.choice(list(self._memory.held.values()))
            command: Command = CancelReservation(reservation_id=held.reservation_id)
        else:
            reservation_id = ReservationId(UUID(int=random.getrandbits(128), version=4))
            member_id, vehicle_id = random.choice(MEMBERS), random.choice(CARS)
            command = held = PlaceReservation(reservation_id=reservation_id, member_id=member_id, vehicle_id=vehicle_id)
        return self._asked(command_id, command, held.reservation_id, held.member_id, held.vehicle_id)

    def _asked(self, command_id: UUID, command: Command, *about: UUID) -> Asked:
        return Asked(
            client=self._part.name,
            at=0.0,
            command_id=command_id,
            name=command.NAME,
            command=command.model_dump_json(),
            about=frozenset(about),
        )


def command_of(asked: Asked) -> Command:
    """The command that was asked for."""
    return _BY_NAME[asked.name].model_validate_json(asked.command)
