"""One claim on a car, one claim of a member."""

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from domain.invariants.law import InvariantResult
from domain.kernel.messages import RecordedEvent
from domain.rental.reservation import Reservation
from domain.rental.trip import Trip


@dataclass
class Claims:
    """Who has which car: one claim is an open reservation or an open trip, by its id."""

    _cars: InvariantResult = field(default_factory=InvariantResult)
    _members: InvariantResult = field(default_factory=InvariantResult)
    _whose: dict[UUID, tuple[UUID, UUID]] = field(default_factory=dict)
    _of_car: defaultdict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    _of_member: defaultdict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    _touched: set[UUID] = field(default_factory=set)
    _append: UUID | None = None

    def observe(self, recorded: RecordedEvent) -> None:
        """Events of one append happen at once: the claims are counted when it is complete."""
        if recorded.metadata.command_id != self._append:
            self._settle()
            self._append = recorded.metadata.command_id
        event = recorded.event
        if isinstance(event, Reservation.Placed | Trip.Requested):
            self._whose[event.originator_id] = (event.vehicle_id, event.member_id)
            self._open(event.originator_id)
        elif isinstance(event, Reservation.GivenBack):
            self._open(event.originator_id)
        elif isinstance(
            event,
            Reservation.Cancelled | Reservation.Expired | Reservation.Converted | Trip.StartFailed | Trip.Ended,
        ):
            self._close(event.originator_id)

    def results(self, finished: bool) -> dict[str, InvariantResult]:
        """Both laws hold at any time."""
        self._settle()
        return {"car_has_one_claim": self._cars.copy(), "member_has_one_claim": self._members.copy()}

    def _settle(self) -> None:
        """Count the claims on all cars and members that the last append touched."""
        for claim in self._touched:
            car, member = self._whose[claim]
            self._cars.expect(len(self._of_car[car]) <= 1, f"car {car} has {len(self._of_car[car])} claims at once")
            mine = len(self._of_member[member])
            self._members.expect(mine <= 1, f"member {member} has {mine} reservations and trips at once")
        self._touched.clear()

    def _open(self, claim: UUID) -> None:
        if claim in self._whose:
            car, member = self._whose[claim]
            self._of_car[car].add(claim)
            self._of_member[member].add(claim)
            self._touched.add(claim)

    def _close(self, claim: UUID) -> None:
        if claim in self._whose:
            car, member = self._whose[claim]
            self._of_car[car].discard(claim)
            self._of_member[member].discard(claim)
            self._touched.add(claim)
