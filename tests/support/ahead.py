"""A city in which a reservation ahead of time costs something when nobody drives, or drives too long."""

from decimal import Decimal

from domain.rulebook.bookings import LateFee, LateRung
from domain.rulebook.conditions import Condition
from domain.rulebook.elements import Element
from domain.rulebook.rates import FlatFee
from tests.support.world import World

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


def _fee(id: str, amount: str, **when: object) -> FlatFee:
    return FlatFee(id=id, description=id, amount=Decimal(amount), when=Condition.model_validate(when))


FEES: tuple[Element, ...] = (
    _fee("late_cancellation", "10", booking="cancelled", notice_from_s=HOUR_S, notice_until_s=DAY_S),
    _fee("last_minute", "20", booking="cancelled", notice_until_s=HOUR_S),
    _fee("no_show", "30", booking="no_show"),
    LateFee(
        id="late_return",
        description="late return",
        rungs=(
            LateRung(from_s=8 * MINUTE_S, amount=Decimal("12.50")),
            LateRung(from_s=15 * MINUTE_S, amount=Decimal(25)),
        ),
    ),
)
"""Free until a day before, 10 until an hour before, then 20; 30 for who does not come; 12.50 or 25 for who is late."""


def charge_for_reservations(world: World) -> None:
    """Have every tariff of the service say so."""
    cities = tuple(
        city.model_copy(
            update={"tariffs": tuple(t.model_copy(update={"elements": (*t.elements, *FEES)}) for t in city.tariffs)}
        )
        for city in world.rulebook.cities
    )
    world.rulebook = world.rulebook.model_copy(update={"cities": cities})
