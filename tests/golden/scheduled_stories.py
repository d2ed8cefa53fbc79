"""A story of reservations ahead of time in which everything happens."""

from datetime import timedelta

from domain.fleet.commands import FailVehicleCommand
from domain.kernel.calendar import Period
from domain.kernel.ids import MemberId, ReservationId
from domain.rental.commands import EndTrip
from domain.rental.scheduled_commands import CancelScheduledReservation, ChangeScheduledReservation
from tests.support.ahead import charge_for_reservations
from tests.support.people_and_cars import car, member, says, scheduled, started
from tests.support.world import World

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def a_car_is_reserved_ahead_of_time(world: World) -> None:
    ada, bob, x1 = await member(world), await member(world, "Bob"), await car(world)

    async def promised(who: MemberId, days: float, **asked: object) -> ReservationId:
        begins = world.now() + days * DAY
        return await scheduled(world, who, Period(begins=begins, ends=begins + DAY), x1, **asked)

    charge_for_reservations(world)
    cancelled_late = await promised(ada, 0.5, purpose="business", business_reference="cost centre 7")
    await world.do(CancelScheduledReservation(reservation_id=cancelled_late))
    await world.do(CancelScheduledReservation(reservation_id=await promised(ada, 2)))
    await promised(bob, 3)
    reservation_id = await promised(ada, 0)
    await world.do(ChangeScheduledReservation(reservation_id=reservation_id, until=world.now() + 2 * DAY))
    await world.advance(MINUTE)
    world.cars[x1] = "silent"
    await started(world, ada, x1, reservation_id)
    await world.do(FailVehicleCommand(vehicle_id=x1, request_id=world.unanswered[0].request_id, reason="no_answer"))
    world.cars[x1] = "obedient"
    await says(world, x1)
    trip_id = await started(world, ada, x1, reservation_id)
    await world.do(ChangeScheduledReservation(reservation_id=reservation_id, until=world.now() + 2.5 * DAY))
    await world.advance(3 * DAY + HOUR)
    await says(world, x1)
    await world.do(EndTrip(trip_id=trip_id))
    await promised(bob, 1)
    await world.advance(2 * DAY)
    await promised(bob, 1)
    await world.advance(20 * HOUR)
    await started(world, ada, x1)
    await car(world, "B-AB 2")
    await world.advance(2 * DAY)
