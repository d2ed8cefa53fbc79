"""What analysts count by: states of cars over time, where trips begin and end, when members came and drove."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from domain import contexts
from domain.fleet.vehicle import Vehicle
from domain.fleet.vehicle_event_bases import CarEvent
from domain.fleet.zones import ZoneKind, named
from domain.kernel.cells import cell_of
from domain.kernel.messages import RecordedEvent
from domain.members.member import Member
from domain.rental.trip import Trip
from domain.rulebook.loading import RulebookError, text
from domain.rulebook.published import PublishedRulebook
from projections.kernel.changes import Changes, Table, Values
from projections.kernel.projector import EventProjection, Projector

CITIES = Table("cities", ("service", "city_id"))
CAR_WATCH = Table("car_watch", ("vehicle_id",))
CAR_SPELLS = Table("car_spells", ("vehicle_id", "since"))
TRIP_CELLS = Table("trip_cells", ("trip_id",))
TRIP_ENDS = Table("trip_ends", ("trip_id",))
MEMBER_STARTS = Table("member_starts", ("member_id",))

_CAR_EVENTS = [event for event in contexts.EVENTS.values() if issubclass(event, CarEvent)]
_KINDS = frozenset(ZoneKind)
_DECIDES = ("gone", "trip_id", "reserved", "offered", "online")


class AnalysisProjector(Projector):
    """A row per car, per spell of a car in one state, per trip, per member. A day is the city's own.

    Where a car stood is taken from what it told while nobody drove it, never from what it told about somebody's drive;
    its cell, so that whoever is erased changes no figure.
    """

    NAME = "analysis"
    PARALLEL = False  # a car reads the clock of its city, which may fall to another worker
    TABLES = (CITIES, CAR_WATCH, CAR_SPELLS, TRIP_CELLS, TRIP_ENDS, MEMBER_STARTS)
    READS = frozenset(
        (
            "timestamp",
            "files",
            "service",
            "city_id",
            "position",
            "cell",
            "reservation_id",
            "trip_id",
            "member_id",
            "vehicle_id",
            "ended_at",
            "ended_on",
            "driving_s",
            "parked_s",
            "distance_m",
            "facts",
        )
    )

    def __init__(self) -> None:
        super().__init__()
        self.on = {
            **dict.fromkeys(_CAR_EVENTS, self._seen),
            PublishedRulebook.Published: self._published,
            Vehicle.Commissioned: self._commissioned,
            Vehicle.PutIntoService: _becomes(offered=True),
            Vehicle.TakenOutOfService: _becomes(offered=False),
            Vehicle.Decommissioned: _becomes(gone=True),
            Vehicle.Reserved: _becomes(reserved=True),
            Vehicle.Released: _becomes(reserved=False),
            Vehicle.TripOpened: self._trip_opened,
            Vehicle.TripClosed: self._trip_closed,
            Vehicle.ContactLost: _becomes(online=False),
            Vehicle.ContactRestored: _becomes(online=True),
            Trip.Ended: self._trip_ended,
            Member.Registered: self._registered,
        }

    def _published(self, recorded: RecordedEvent, event: PublishedRulebook.Published) -> Changes:
        try:
            rulebook = text(event.files)
        except RulebookError:  # a text of older rules, whose cities stay as they are known
            return
        for city in rulebook.cities:
            yield CITIES.upsert((rulebook.key, city.id), timezone=city.timezone)

    def _commissioned(self, recorded: RecordedEvent, event: Vehicle.Commissioned) -> Changes:
        car, city = event.originator_id, (event.service, event.city_id)
        yield CAR_WATCH.insert(
            vehicle_id=car,
            service=event.service,
            city_id=event.city_id,
            cell=cell_of(event.position) if event.position else None,
            since=event.timestamp,
        )
        yield CITIES.given(city, lambda row: [CAR_WATCH.update(car, timezone=row["timezone"])])

    def _seen(self, recorded: RecordedEvent, event: CarEvent) -> Changes:
        if (cell := event.cell) is None:
            return
        yield CAR_WATCH.given(event.originator_id, lambda car: _arrived(car, cell))
        yield from _turned(event.originator_id, event.timestamp, cell=cell)

    def _trip_opened(self, recorded: RecordedEvent, event: Vehicle.TripOpened) -> Changes:
        trip = event.trip_id
        yield CAR_WATCH.given(
            event.originator_id, lambda car: [TRIP_CELLS.insert(trip_id=trip, start_cell=car["cell"])]
        )
        yield from _turned(
            event.originator_id, event.timestamp, trip_id=trip, reserved=False, cell=None, last_trip=None
        )

    def _trip_closed(self, recorded: RecordedEvent, event: Vehicle.TripClosed) -> Changes:
        yield from _turned(event.originator_id, event.timestamp, trip_id=None, reserved=False, last_trip=event.trip_id)

    def _trip_ended(self, recorded: RecordedEvent, event: Trip.Ended) -> Changes:
        yield TRIP_ENDS.insert(
            trip_id=event.originator_id,
            service=recorded.metadata.service,
            city_id=event.city_id,
            member_id=event.member_id,
            day=event.ended_on,
            start_zone=_named(event.facts.start_zones),
            end_zone=_named(event.facts.end_zones),
        )

    def _registered(self, recorded: RecordedEvent, event: Member.Registered) -> Changes:
        where = {"service": event.service, "city_id": event.city_id}
        yield MEMBER_STARTS.insert(member_id=event.originator_id, registered_at=event.timestamp, **where)


def _becomes(**told: Any) -> EventProjection:
    """The same facts, whatever else the event says."""

    def changes(_recorded: RecordedEvent, event: Any) -> Changes:
        return _turned(event.originator_id, event.timestamp, **told)

    return changes


def _turned(car_id: UUID, at: datetime, **told: Any) -> Changes:
    """Something about a car is another; when its state is, or where it stands, a spell ends and another begins."""
    yield CAR_WATCH.given(car_id, lambda car: _spells(car, at, told))


def _spells(car: Values, at: datetime, told: dict[str, Any]) -> Changes:
    state, cell = _state(*(told.get(name, car[name]) for name in _DECIDES)), told.get("cell", car["cell"])
    if (state, cell) == (car["state"], car["cell"]):
        yield CAR_WATCH.update(car["vehicle_id"], **told)
        return
    yield CAR_WATCH.update(car["vehicle_id"], **told, state=state, since=max(at, car["since"]))
    if car["state"] is None:
        return
    same = {name: car[name] for name in ("vehicle_id", "service", "city_id", "state", "cell")}
    for day, since, until in _days(car["since"], at, ZoneInfo(car["timezone"])):
        yield CAR_SPELLS.insert(**same, day=day, since=since, until=until)


def _state(*facts: Any) -> str | None:
    """What it is to a member who looks for a car; none once it has left the fleet."""
    gone, trip_id, reserved, offered, online = facts
    if gone:
        return None
    if trip_id is not None:
        return "in_use"
    if reserved:
        return "reserved"
    if not offered:
        return "not_offered"
    return "available" if online else "offline"


def _arrived(car: Values, cell: str) -> Changes:
    """The first place that a car tells as its own after a trip is where the trip ended."""
    if car["last_trip"] is not None:
        yield TRIP_CELLS.update(car["last_trip"], end_cell=cell)
        yield CAR_WATCH.update(car["vehicle_id"], last_trip=None)


def _days(since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[tuple[date, datetime, datetime]]:
    """A time cut at each midnight there; nothing when it has no length."""
    while since < until:
        day = since.astimezone(zone).date()
        midnight = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(since.tzinfo)
        yield day, since, min(midnight, until)
        since = midnight


def _named(zones: tuple[str, ...]) -> str:
    """The names of zones, without their kinds."""
    return named(set(zones) - _KINDS)
