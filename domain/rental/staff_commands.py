"""What staff may ask about a trip that is over."""

from uuid import UUID

from domain.billing.correction import Correction
from domain.billing.fee import Evidence
from domain.kernel.ids import TripId
from domain.kernel.messages import Command
from domain.kernel.personal import Told


class CorrectTrip(Command):
    """Something else is true of a trip that has ended: its end, its distance, the zones that it ended in.

    What its payer paid too much is credited; what is more is announced first, and open to objection. Above the limit
    of the service, two persons must say the same.
    """

    NAME = "rental.correct_trip"
    GENERATED = frozenset({"correction_id"})

    correction_id: UUID
    trip_id: TripId
    correction: Correction
    evidence: Told[tuple[Evidence, ...]]
    reason: Told[str]
