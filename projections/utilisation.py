"""How the fleet is used and what it earns, per day and city."""

from domain.billing.invoice import Invoice
from domain.kernel.messages import RecordedEvent
from domain.rental.trip import Trip
from projections.projector import Database, Projector

_TRIP = """
insert into read_v1.fleet_days (day, service, city_id, trips, driving_s, parked_s, distance_m)
values (($1::timestamptz at time zone 'UTC')::date, $2, $3, 1, $4, $5, $6)
on conflict (day, service, city_id) do update set
    trips = fleet_days.trips + 1, driving_s = fleet_days.driving_s + excluded.driving_s,
    parked_s = fleet_days.parked_s + excluded.parked_s, distance_m = fleet_days.distance_m + excluded.distance_m
"""
_REVENUE = """
insert into read_v1.fleet_days (day, service, city_id, revenue_minor, currency) values ($1, $2, $3, $4, $5)
on conflict (day, service, city_id) do update set
    revenue_minor = fleet_days.revenue_minor + excluded.revenue_minor, currency = excluded.currency
"""


class UtilisationProjector(Projector):
    """One row per day, service and city."""

    NAME = "utilisation"
    TABLES = ("read_v1.fleet_days",)

    def __init__(self) -> None:
        self.on = {Trip.Ended: self._ended, Invoice.Issued: self._issued}

    async def _ended(self, recorded: RecordedEvent, event: Trip.Ended, db: Database) -> None:
        row = (event.quote.city_id, event.driving_s, event.parked_s, event.distance_m)
        await db.execute(_TRIP, event.ended_at, recorded.metadata.service, *row)

    async def _issued(self, recorded: RecordedEvent, event: Invoice.Issued, db: Database) -> None:
        row = (event.city_id, event.net.amount_minor, event.net.currency)
        await db.execute(_REVENUE, event.supplied_on, recorded.metadata.service, *row)
