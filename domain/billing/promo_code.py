"""How often a code of the rulebook was used: two members at once never take its last use."""

from datetime import datetime
from uuid import UUID

from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import PayerId, derived_id
from domain.kernel.values import Count


class PromoCodeUses(Aggregate):
    """opened -> (counted)*."""

    TOPIC = "billing.promo_code_uses"

    code_id: str
    used: int = 0

    class Opened(Created):
        TOPIC = "billing.promo_code_uses.opened"

        code_id: str

    class Counted(Event):
        TOPIC = "billing.promo_code_uses.counted"

        payer_id: PayerId
        entry_id: UUID
        used: Count
        """How often, with this."""

        def apply(self, aggregate: "PromoCodeUses") -> None:
            aggregate.used = self.used

    @staticmethod
    def id_of(service: str, city_id: str, code_id: str) -> UUID:
        """A code of a city is counted once."""
        return derived_id("billing.promo_code_uses", service, city_id, code_id)

    @classmethod
    def open(cls, id: UUID, code_id: str, at: datetime) -> "PromoCodeUses":
        """Begin to count."""
        return cls.begin(cls.Opened, id=id, timestamp=at, code_id=code_id)

    def count(self, payer_id: PayerId, entry_id: UUID, limit: int | None, at: datetime) -> None:
        """Once more. Refused at the limit."""
        refuse_if([self._used_up() if limit is not None and self.used >= limit else None])
        self.trigger_event(self.Counted, timestamp=at, payer_id=payer_id, entry_id=entry_id, used=self.used + 1)

    def _used_up(self) -> Violation:
        values = {"used": self.used}
        return Violation(code="code.used_up", detail="everybody who could has used this code", values=values)
