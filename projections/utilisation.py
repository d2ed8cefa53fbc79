"""How the fleet is used and what it earns, per city and day, and per car and day. A day is the city's own."""

from datetime import date
from uuid import UUID

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
INVOICE_DAYS = Table("invoice_days", ("invoice_id",))

_NOTHING = dict.fromkeys(("trips", "driving_s", "parked_s", "distance_m", "revenue_minor"), 0)


class UtilisationProjector(Projector):
    """One row per day, service and city; one per car and day. A credit note lowers the day that its invoice raised."""

    NAME = "utilisation"
    PARALLEL = False  # a credit note reads the row of its invoice, which may fall to another worker
    TABLES = (FLEET_DAYS, VEHICLE_DAYS, CHARGED_VEHICLES, INVOICE_DAYS)
    READS = frozenset(
        (
            "driving_s",
            "parked_s",
            "distance_m",
            "ended_on",
            "supplied_on",
            "city_id",
            "net",
            "invoice_id",
            "vehicle_id",
            "subject_id",
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
        day, city_id, service = event.supplied_on, event.city_id, recorded.metadata.service
        earned = {**_NOTHING, "revenue_minor": event.net.amount_minor}
        what = {"currency": event.net.currency}
        yield INVOICE_DAYS.insert(invoice_id=event.originator_id, day=day, city_id=city_id)
        yield FLEET_DAYS.upsert((service, day, city_id), earned, **what)

        def by(car: UUID) -> Changes:
            yield INVOICE_DAYS.update(event.originator_id, vehicle_id=car)
            yield VEHICLE_DAYS.upsert((car, day, city_id), earned, service=service, **what)

        yield CHARGED_VEHICLES.given(event.subject_id, lambda taken: by(taken["vehicle_id"]))

    def _credited(self, recorded: RecordedEvent, event: CreditNote.Issued) -> Changes:
        service, less = recorded.metadata.service, {"revenue_minor": -event.net.amount_minor}

        def taken_back(day: date, city_id: str, car: UUID | None) -> Changes:
            yield FLEET_DAYS.update((service, day, city_id), less)
            if car is not None:
                yield VEHICLE_DAYS.update((car, day, city_id), less)

        yield INVOICE_DAYS.given(
            event.invoice_id, lambda earned: taken_back(earned["day"], earned["city_id"], earned["vehicle_id"])
        )
