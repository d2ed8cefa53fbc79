"""How the fleet is used and what it earns, per city and day, and per car and day. A day is the city's own."""

from datetime import date
from uuid import UUID

from domain.billing.billed import BilledCharge, CreditedCharge
from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.kernel.messages import RecordedEvent
from domain.rental.reservation import Reservation
from domain.rental.trip import Trip
from projections.kernel.changes import Changes, Table
from projections.kernel.projector import Projector

FLEET_DAYS = Table("fleet_days", ("service", "day", "city_id"))
VEHICLE_DAYS = Table("vehicle_days", ("vehicle_id", "day", "city_id"))
CHARGED_VEHICLES = Table("charged_vehicles", ("subject_id",))
CHARGE_DAYS = Table("charge_days", ("charge_id",))

_NOTHING = dict.fromkeys(("trips", "driving_s", "parked_s", "distance_m", "revenue_minor"), 0)


class UtilisationProjector(Projector):
    """One row per day, service and city; one per car and day. A credit note lowers the day that its charge raised."""

    NAME = "utilisation"
    PARALLEL = False  # a credit note reads the row of its charge, which may fall to another worker
    TABLES = (FLEET_DAYS, VEHICLE_DAYS, CHARGED_VEHICLES, CHARGE_DAYS)
    READS = frozenset(
        (
            "driving_s",
            "parked_s",
            "distance_m",
            "ended_on",
            "city_id",
            "charges",
            "vehicle_id",
        )
    )

    def __init__(self) -> None:
        super().__init__()
        self.on = {
            Reservation.Placed: self._taken,
            Trip.Requested: self._taken,
            Trip.Ended: self._ended,
            Invoice.Issued: self._issued,
            CreditNote.Issued: self._credited,
        }

    def _taken(self, recorded: RecordedEvent, event: Reservation.Placed | Trip.Requested) -> Changes:
        yield CHARGED_VEHICLES.insert(subject_id=event.originator_id, vehicle_id=event.vehicle_id)

    def _ended(self, recorded: RecordedEvent, event: Trip.Ended) -> Changes:
        driven = {"driving_s": event.driving_s, "parked_s": event.parked_s, "distance_m": event.distance_m}
        done, service = {**_NOTHING, "trips": 1, **driven}, recorded.metadata.service
        yield FLEET_DAYS.upsert((service, event.ended_on, event.city_id), done)
        yield VEHICLE_DAYS.upsert((event.vehicle_id, event.ended_on, event.city_id), done, service=service)

    def _issued(self, recorded: RecordedEvent, event: Invoice.Issued) -> Changes:
        for charge in event.charges:
            yield from self._earned(recorded.metadata.service, charge)

    def _earned(self, service: str, charge: BilledCharge) -> Changes:
        day, city_id = charge.supplied_on, charge.city_id
        earned = {**_NOTHING, "revenue_minor": charge.net.amount_minor}
        what = {"currency": charge.net.currency}
        yield CHARGE_DAYS.insert(charge_id=charge.charge_id, day=day, city_id=city_id)
        yield FLEET_DAYS.upsert((service, day, city_id), earned, **what)

        def by(car: UUID) -> Changes:
            yield CHARGE_DAYS.update(charge.charge_id, vehicle_id=car)
            yield VEHICLE_DAYS.upsert((car, day, city_id), earned, service=service, **what)

        yield CHARGED_VEHICLES.given(charge.subject_id, lambda taken: by(taken["vehicle_id"]))

    def _credited(self, recorded: RecordedEvent, event: CreditNote.Issued) -> Changes:
        for charge in event.charges:
            yield from self._taken_back(recorded.metadata.service, charge)

    def _taken_back(self, service: str, charge: CreditedCharge) -> Changes:
        less = {"revenue_minor": -charge.net.amount_minor}

        def lowered(day: date, city_id: str, car: UUID | None) -> Changes:
            yield FLEET_DAYS.update((service, day, city_id), less)
            if car is not None:
                yield VEHICLE_DAYS.update((car, day, city_id), less)

        yield CHARGE_DAYS.given(
            charge.charge_id, lambda earned: lowered(earned["day"], earned["city_id"], earned["vehicle_id"])
        )
