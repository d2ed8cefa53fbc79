"""Who can be reached: cars that fall silent count as lost, and after our own absence each is asked how it is."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from adapters.mqtt import commands
from adapters.mqtt.batches import Dispatches
from adapters.mqtt.lookups import KnownVehicle, VehicleDirectory
from adapters.mqtt.memory import LastTold
from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.postgres.telemetry import StoredTwin, TelemetryStore
from adapters.waiting import is_set_within
from domain.fleet.readiness import has_fallen_silent
from domain.kernel.errors import CommandIdReusedError, DomainError
from domain.kernel.ids import derived_id
from domain.kernel.messages import Actor, Metadata, Role
from domain.kernel.policy import TellVehicle
from domain.kernel.ports import Clock, GatewayUnavailableError, VehicleGateway
from domain.rulebook.model import SHORTEST_SILENCE, FleetLimits

ABSENCE = timedelta(minutes=1)
"""Nothing heard from any car for so long before we listened: we were away, and their states may be others."""
MAY_ANSWER = timedelta(hours=1)
"""So long a car may take to say how it is."""
LOOK_S = 5.0

log = structlog.get_logger(__name__)


class RollCall:
    """Looks every few seconds while the cars are listened to; one process does, the one that reads everything."""

    def __init__(
        self,
        telemetry: TelemetryStore,
        directory: VehicleDirectory,
        dispatcher: Dispatches,
        gateway: VehicleGateway,
        clock: Clock,
        *,
        listens: Callable[[], bool],
        rules: Callable[[str], FleetLimits],
    ) -> None:
        self._telemetry = telemetry
        self._directory = directory
        self._dispatcher = dispatcher
        self._gateway = gateway
        self._clock = clock
        self._listens = listens
        self._rules = rules
        self._since: datetime | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set, whatever happens to the database meanwhile."""
        while not stop.is_set():
            try:
                await self.look()
            except TRANSIENT_ERRORS as error:
                log.warning("roll_call_waits_for_database", error=type(error).__name__)
            await is_set_within(stop, LOOK_S)

    async def look(self) -> None:
        """Ask all cars when we are back, and later note who has fallen silent. While we do not listen, nobody has."""
        now = self._clock.now()
        if not self._listens():
            self._since = None
        elif self._since is None:
            await self._ask_all(now)
            self._since = now
        elif now - self._since >= SHORTEST_SILENCE:
            await self._note_silent(self._since, now)

    async def _ask_all(self, now: datetime) -> None:
        last = await self._telemetry.last_heard()
        if last is None or now - last < ABSENCE:
            return
        vins = await self._telemetry.await_states(now)
        log.info("cars_are_asked_for_their_state", cars=len(vins), away_s=round((now - last).total_seconds()))
        known = await self._directory.find(set(vins))
        for vin in vins:
            if vin in known and not await self._ask(vin, known[vin], now):
                return

    async def _ask(self, vin: str, car: KnownVehicle, now: datetime) -> bool:
        request = TellVehicle(
            request_id=derived_id("fleet.roll_call", vin, now.isoformat()),
            vehicle_id=car.vehicle_id,
            vin=vin,
            service=car.service,
            type="locate",
            issued_at=now,
            expires_at=now + MAY_ANSWER,
        )
        try:
            await self._gateway.send(request)
        except GatewayUnavailableError as error:
            log.warning("cars_cannot_be_asked", error=str(error))
            return False
        return True

    async def _note_silent(self, listening_since: datetime, now: datetime) -> None:
        silent = await self._telemetry.silent_since(now - SHORTEST_SILENCE)
        known = await self._directory.find(set(silent))
        lost = [
            vin
            for vin, heard_at in silent.items()
            if vin in known and has_fallen_silent(max(heard_at, listening_since), self._rules(known[vin].service), now)
        ]
        if lost:
            await self._lose(lost, known, now)

    async def _lose(self, vins: list[str], known: Mapping[str, KnownVehicle], now: datetime) -> None:
        """Unless something has come from them meanwhile, while their rows are locked as a batch locks them."""
        async with self._telemetry.batch() as batch:
            told = dict[str, StoredTwin]()
            for vin, stored in (await batch.remember_silent(vins, now - SHORTEST_SILENCE)).items():
                before = LastTold.read(stored).of(known[vin].vehicle_id)
                command = commands.contact(known[vin].vehicle_id, now, online=False)
                metadata = Metadata.of(
                    command,
                    id=commands.contact_id(vin, before.contact_changes),
                    actor=Actor(role=Role.SYSTEM, id="roll call"),
                    service=known[vin].service,
                )
                try:
                    await self._dispatcher.dispatch(command, metadata)
                except CommandIdReusedError:
                    log.info("silence_already_noted")  # before a crash, which left it unknown here
                except DomainError as error:
                    log.warning("silence_could_not_be_noted", error=str(error))
                    continue
                told[vin] = StoredTwin(told=before.with_contact(online=False).written(), online=False)
            await batch.tell(told)
