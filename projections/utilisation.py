"""How the fleet is used and what it earns, per city and day. A day is the city's own."""

from domain.billing.charging import day_of_end
from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.kernel.messages import RecordedEvent
from domain.rental.trip import Trip
from domain.rulebook.services import RULEBOOKS
from projections.projector import Database, Projector

_TRIP = """
insert into read_v1.fleet_days (day, service, city_id, trips, driving_s, parked_s, distance_m)
values ($1, $2, $3, 1, $4, $5, $6)
on conflict (service, day, city_id) do update set
    trips = fleet_days.trips + 1, driving_s = fleet_days.driving_s + excluded.driving_s,
    parked_s = fleet_days.parked_s + excluded.parked_s, distance_m = fleet_days.distance_m + excluded.distance_m
"""
_REVENUE = """
with earned as (
    insert into read_v1.invoice_days (invoice_id, day, city_id) values ($1, $2, $4) on conflict (invoice_id) do nothing
)
insert into read_v1.fleet_days (day, service, city_id, revenue_minor, currency) values ($2, $3, $4, $5, $6)
on conflict (service, day, city_id) do update set
    revenue_minor = fleet_days.revenue_minor + excluded.revenue_minor, currency = excluded.currency
"""
_CREDITED = """
update read_v1.fleet_days set revenue_minor = revenue_minor - $3
from read_v1.invoice_days as earned
where earned.invoice_id = $1 and fleet_days.service = $2
and fleet_days.day = earned.day and fleet_days.city_id = earned.city_id
"""


class UtilisationProjector(Projector):
    """One row per day, service and city. A credit note lowers the revenue of the day that its invoice raised."""

    NAME = "utilisation"
    TABLES = ("read_v1.fleet_days", "read_v1.invoice_days")

    def __init__(self) -> None:
        self.on = {Trip.Ended: self._ended, Invoice.Issued: self._issued, CreditNote.Issued: self._credited}

    async def _ended(self, recorded: RecordedEvent, event: Trip.Ended, db: Database) -> None:
        service = recorded.metadata.service
        city = RULEBOOKS[service].city(event.quote.city_id)
        driven = (event.driving_s, event.parked_s, event.distance_m)
        await db.execute(_TRIP, day_of_end(city, event.facts), service, city.id, *driven)

    async def _issued(self, recorded: RecordedEvent, event: Invoice.Issued, db: Database) -> None:
        row = (recorded.metadata.service, event.city_id, event.net.amount_minor, event.net.currency)
        await db.execute(_REVENUE, event.originator_id, event.supplied_on, *row)

    async def _credited(self, recorded: RecordedEvent, event: CreditNote.Issued, db: Database) -> None:
        await db.execute(_CREDITED, event.invoice_id, recorded.metadata.service, event.net.amount_minor)
