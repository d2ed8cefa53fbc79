"""Who bought, as it stands on invoices: kept as long as law wants it, under a key that no erasure destroys."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.values import Instant, Value
from domain.members.facts import PostalAddress
from domain.rulebook.model import City


class Buyer(Value):
    """Whom an invoice is for (EN 16931: buyer)."""

    name: str
    """BT-44."""
    address: PostalAddress | None
    """BG-8, if it is known."""


class KeptBuyers(Aggregate):
    """opened -> forgotten. All buyers that a service keeps until the same moment.

    Its id is that of the key under which invoices and credit notes have them.
    """

    TOPIC = "billing.kept_buyers"

    until: datetime
    forgotten: bool = False

    class Opened(Created):
        TOPIC = "billing.kept_buyers.opened"

        until: Instant
        """The key is destroyed then."""

    class Forgotten(Event):
        """The time has come: who bought is not to be read any more."""

        TOPIC = "billing.kept_buyers.forgotten"

        def apply(self, aggregate: "KeptBuyers") -> None:
            aggregate.forgotten = True

    @classmethod
    def open(cls, id: UUID, until: datetime, at: datetime) -> "KeptBuyers":
        """Begin with the first document."""
        return cls.begin(cls.Opened, id=id, timestamp=at, until=until)

    def forget(self, at: datetime) -> None:
        """Not before its time; twice changes nothing."""
        if at >= self.until and not self.forgotten:
            self.trigger_event(self.Forgotten, timestamp=at)


def kept_until(city: City, years: int, at: datetime) -> datetime:
    """The end of the calendar year in which a document is issued, and so many years."""
    return datetime(city.local_day(at).year + years + 1, 1, 1, tzinfo=ZoneInfo(city.timezone))
