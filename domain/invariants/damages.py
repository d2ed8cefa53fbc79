"""Nobody pays for a damage unless something shows that they alone had the car before it, or two persons say so."""

from dataclasses import dataclass, field
from uuid import UUID

from domain.billing.charge import Charge
from domain.fleet.damage import Damage
from domain.invariants.law import InvariantResult
from domain.kernel.messages import RecordedEvent


@dataclass
class Damages:
    """By charge: who raised it, whether the trip alone had the car, and by whom else it was found right."""

    _raised_by: dict[UUID, str] = field(default_factory=dict)
    _alone: set[UUID] = field(default_factory=set)
    _seconded: set[UUID] = field(default_factory=set)
    _told: set[UUID] = field(default_factory=set)

    def observe(self, recorded: RecordedEvent) -> None:
        """Take in the next event."""
        match recorded.event:
            case Charge.FeeRaised() as event if event.facts.damage_id is not None:
                self._raised_by[event.originator_id] = event.raised_by
            case Damage.Charged() as event:
                who = event.attribution
                if who.custody == "alone" and who.trip_ids == (event.trip_id,):
                    self._alone.add(event.charge_id)
            case Charge.Approved() | Charge.Corrected() as event:
                if self._raised_by.get(event.originator_id) != event.decided_by:
                    self._seconded.add(event.originator_id)
            case Charge.Announced() | Charge.Billed() as event:
                self._told.add(event.originator_id)

    def results(self, finished: bool) -> dict[str, InvariantResult]:
        """The law holds at any time."""
        result = InvariantResult()
        for charge_id in sorted(self._raised_by.keys() & self._told):
            right = charge_id in self._alone or charge_id in self._seconded
            result.expect(right, f"charge {charge_id} is for a damage that its payer need not have done, by one person")
        return {"damage_is_of_who_had_the_car": result}
