"""How the fleet is used and what it earns, per city and day. A day is the city's own."""

from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.kernel.messages import RecordedEvent
from domain.rental.trip import Trip
from projections.kernel.changes import Changes, Table
from projections.kernel.projector import Projector

FLEET_DAYS = Table("fleet_days", ("service", "day", "city_id"))
INVOICE_DAYS = Table("invoice_days", ("invoice_id",))

_NOTHING = dict.fromkeys(("trips", "driving_s", "parked_s", "distance_m", "revenue_minor"), 0)


class UtilisationProjector(Projector):
    """One row per day, service and city. A credit note lowers the revenue of the day that its invoice raised."""

    NAME = "utilisation"
    PARALLEL = False  # a credit note reads the row of its invoice, which may fall to another worker
    TABLES = (FLEET_DAYS, INVOICE_DAYS)
    READS = frozenset(
        ("driving_s", "parked_s", "distance_m", "ended_on", "supplied_on", "city_id", "net", "invoice_id")
    )

    def __init__(self) -> None:
        super().__init__()
        self.on = {Trip.Ended: self._ended, Invoice.Issued: self._issued, CreditNote.Issued: self._credited}

    def _ended(self, recorded: RecordedEvent, event: Trip.Ended) -> Changes:
        driven = {"driving_s": event.driving_s, "parked_s": event.parked_s, "distance_m": event.distance_m}
        key = (recorded.metadata.service, event.ended_on, event.city_id)
        yield FLEET_DAYS.upsert(key, {**_NOTHING, "trips": 1, **driven})

    def _issued(self, recorded: RecordedEvent, event: Invoice.Issued) -> Changes:
        day, city_id = event.supplied_on, event.city_id
        yield INVOICE_DAYS.insert(invoice_id=event.originator_id, day=day, city_id=city_id)
        key = (recorded.metadata.service, day, city_id)
        earned = {**_NOTHING, "revenue_minor": event.net.amount_minor}
        yield FLEET_DAYS.upsert(key, earned, currency=event.net.currency)

    def _credited(self, recorded: RecordedEvent, event: CreditNote.Issued) -> Changes:
        service, less = recorded.metadata.service, {"revenue_minor": -event.net.amount_minor}
        yield INVOICE_DAYS.given(
            event.invoice_id, lambda earned: [FLEET_DAYS.update((service, earned["day"], earned["city_id"]), less)]
        )
