"""Stories in which every kind of event happens, told to the real domain: where samples of events come from."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta

from domain.billing.charge import Charge
from domain.billing.commands import DecideCharge, ObjectToCharge
from domain.billing.correction import Correction
from domain.billing.fee import FEE, Evidence
from domain.fleet import commands as fleet
from domain.fleet.damage import Photo
from domain.fleet.damage_handlers import RepairDamage, ReportDamage, ShowIntact
from domain.fleet.zones import ZoneKind
from domain.kernel.aggregate import DomainEvent
from domain.kernel.ids import MemberId, TaskId, TripId, VehicleId, ZoneId, derived_id
from domain.kernel.messages import Actor, Role
from domain.kernel.units import Position
from domain.members import commands as members
from domain.members.facts import PostalAddress
from domain.publishing.commands import PublishRulebook
from domain.rental.commands import (
    CancelReservation,
    ChargeFee,
    EndTrip,
    ExtendReservation,
    ForceEndTrip,
    ParkTrip,
    ResumeTrip,
    StartTrip,
)
from domain.rental.damages import ChargeDamage
from domain.rental.staff_commands import CorrectTrip
from domain.rental.trip import Trip
from tests.golden import billing_stories
from tests.golden.identity_stories import an_employee_logs_in_and_out
from tests.golden.operations_stories import operators_put_things_right
from tests.golden.product_stories import a_member_buys_in_advance, a_member_uses_a_code
from tests.golden.scheduled_stories import a_car_is_reserved_ahead_of_time
from tests.golden.webhooks_stories import a_partner_is_sent_events
from tests.support.people_and_cars import NO_PARKING, area, car, member, reserved, says, started
from tests.support.small_service import files
from tests.support.telling import DRIVING, STOPPED, tells
from tests.support.world import World

MINUTE = timedelta(minutes=1)
TEGEL = Position(latitude=52.5549, longitude=13.2925)


async def events() -> list[DomainEvent]:
    """All that happens in them."""
    told = await billing_stories.events()
    for story in STORIES:
        world = World()
        await area(world)
        await story(world)
        told += [recorded.event for recorded in world.store.log]
    return told


async def a_member_has_troubles(world: World) -> None:
    grace = await member(world, "Grace")
    home = PostalAddress(street="Musterweg 3", postcode="10115", city="Berlin", country="DE")
    for command in (
        members.ChangeAddress(member_id=grace, address=home),
        members.SubmitLicence(
            member_id=grace, number="K0815", country="DE", issued_on=date(2012, 6, 1), expires_on=date(2027, 6, 1)
        ),
        members.RejectLicence(member_id=grace, reason="the photo is not readable"),
        members.RemovePaymentMethod(member_id=grace, method_id="card"),
        members.BlockMember(member_id=grace, reason="unpaid invoice DE-2021-000001"),
        members.UnblockMember(member_id=grace, reason="the invoice was paid"),
    ):
        await world.do(command)


async def two_accounts_are_of_one_person(world: World) -> None:
    frances, jean = await member(world, "Frances"), await member(world, "Jean")
    theirs = members.SubmitLicence(
        member_id=frances, number="K0816", country="DE", issued_on=date(2012, 6, 1), expires_on=date(2027, 6, 1)
    )
    for command in (
        theirs,
        theirs.model_copy(update={"member_id": jean}),
        members.ClearReview(member_id=jean, reason="sisters: the wrong one was handed in"),
        members.BlockMember(member_id=frances, reason="fraud"),
        members.UnblockMember(member_id=frances, reason="it was somebody else"),
        members.BlockMember(member_id=frances, reason="fraud after all"),
        members.RegisterMember(
            member_id=MemberId(derived_id("member", "somebody")),
            city_id="berlin",
            name="Somebody",
            email=f"jean.{jean.hex}@example.org",
            birth_date=date(1990, 5, 1),
        ),
        members.EraseMember(member_id=frances, reason="asked for by letter"),
    ):
        await world.do(command)
    await world.advance(timedelta(days=1096))


HOME_OF_MARY = PostalAddress(street="Musterstraße 5a", postcode="10178", city="Berlin", country="DE")


async def a_member_pays_late(world: World) -> None:
    mary, x1 = await member(world, "Mary", HOME_OF_MARY), await car(world)
    trip_id = await started(world, mary, x1)
    await world.advance(20 * MINUTE)
    await says(world, x1)
    world.provider = "declining"
    await world.do(EndTrip(trip_id=trip_id))
    world.provider = "accepting"
    await world.advance(timedelta(days=1))


async def a_city_is_drawn_anew(world: World) -> None:
    ring = ((13.41, 52.51), (13.42, 52.51), (13.42, 52.52), (13.41, 52.51))
    airport = ZoneId(derived_id("zone", "airport"))
    for kind, zone_id in ((ZoneKind.NO_PARKING, NO_PARKING), (ZoneKind.AIRPORT, airport)):
        await world.do(
            fleet.DefineZone(zone_id=zone_id, city_id="berlin", kind=kind, name=f"New {kind}", polygons=((ring,),))
        )
    await world.do(fleet.RetireZone(zone_id=airport))


async def a_car_comes_and_goes(world: World) -> None:
    i3 = VehicleId(derived_id("car", "i3"))
    await world.do(
        fleet.CommissionVehicle(
            vehicle_id=i3,
            vin="WBY1Z21070V307931",
            plate="B-EV 307",
            make="BMW",
            model="BMW i3",
            propulsion="electric",
            transmission="automatic",
            seats=4,
            full_range_m=285_000,
            image_url="https://cars.example/bmw-i3.png",
            city_id="berlin",
            position=TEGEL,
            energy_percent=92.5,
            odometer_m=12_000,
        )
    )
    await world.do(
        fleet.DescribeVehicle(
            vehicle_id=i3, plate="B-EV 308", make="BMW", model="BMW i3", propulsion="electric", seats=4
        )
    )
    await world.do(fleet.PutIntoService(vehicle_id=i3))
    await world.do(fleet.TakeOutOfService(vehicle_id=i3, reason="winter tyres"))
    for online in (False, True):
        await world.do(fleet.NoteContact(vehicle_id=i3, online=online, at=world.now()))
    await world.do(fleet.DecommissionVehicle(vehicle_id=i3, reason="sold"))


async def a_service_gets_its_rules(world: World) -> None:
    world.service = "small"
    await world.do(PublishRulebook(files=files(), reason="the first prices"))


async def a_car_tells_everything(world: World) -> None:
    x1 = await car(world)
    said: tuple[dict[str, object], ...] = (
        {"doors_closed": False, "locked": False, "ignition_on": True, "plugged_in": True, "dirty": True},
        {"plugged_in": False, "dirty": False, "zones": (NO_PARKING,)},
        {"energy_percent": 61.0, "clock_ahead_s": 3600},
        {"energy_percent": 11.5, "fault_codes": ("P0420", "C1A00")},
        {"energy_percent": 88.0, "crashed": True},
        {"position": TEGEL},
    )
    for values in said:
        await world.advance(MINUTE)
        await says(world, x1, odometer_m=1_000_000, **values)


async def tasks_are_done_or_not(world: World) -> None:
    x1 = await car(world)
    charge, inspect = TaskId(derived_id("task", "charge")), TaskId(derived_id("task", "inspect"))
    await world.do(fleet.RaiseTask(task_id=charge, vehicle_id=x1, kind="charge", reason="below 15 percent"))
    await world.do(fleet.RaiseTask(task_id=inspect, vehicle_id=x1, kind="inspect", reason="a scratch was reported"))
    await world.do(fleet.RaiseTask(task_id=inspect, vehicle_id=x1, kind="inspect", reason="another scratch"))
    await world.do(fleet.CompleteTask(task_id=charge))
    await world.do(fleet.CancelTask(task_id=inspect, reason="the scratch is known"))


async def reservations_end_without_a_trip(world: World) -> None:
    ada, grace, x1 = await member(world), await member(world, "Grace"), await car(world)
    kept = await reserved(world, ada, x1)
    await world.do(ExtendReservation(reservation_id=kept, until=world.now() + 60 * MINUTE))
    await world.advance(60 * MINUTE)
    await world.do(CancelReservation(reservation_id=await reserved(world, grace, x1)))


async def a_trip_does_not_start(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    world.cars[x1] = "refusing"
    await started(world, ada, x1, await reserved(world, ada, x1))


async def cars_are_silent_and_driven_by_nobody(world: World) -> None:
    ada, silent, stolen = await member(world), await car(world), await car(world)
    world.cars[silent] = "silent"
    await started(world, ada, silent)
    await tells(world, stolen, {"locked": True, "ignition_on": True, "odometer_m": 1_000_000})
    await world.advance(MINUTE)
    await tells(world, stolen, DRIVING, {"locked": True, "odometer_m": 1_002_000})
    await world.advance(MINUTE)


async def a_trip_is_forgotten_and_then_its_end_taken_back(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    trip_id = await started(world, ada, x1)
    await world.advance(timedelta(days=1))
    world.cars[x1] = "silent"
    await tells(world, x1, STOPPED)
    await world.do(EndTrip(trip_id=trip_id))
    await world.advance(MINUTE)
    await tells(world, x1, DRIVING, {"locked": True, "odometer_m": 1_002_000})


async def a_trip_has_everything(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    kept, trip_id = await reserved(world, ada, x1), TripId(derived_id("trip", "with everything"))
    await world.do(StartTrip(trip_id=trip_id, member_id=ada, vehicle_id=x1, reservation_id=kept, package="3h"))
    await world.advance(10 * MINUTE)
    for step in (ParkTrip(trip_id=trip_id), ResumeTrip(trip_id=trip_id)):
        world.cars[x1] = "refusing"
        await world.do(step)
        world.cars[x1] = "obedient"
        await world.do(step)
        await world.advance(5 * MINUTE)
    await says(world, x1, locked=False, odometer_m=1_012_000)
    world.cars[x1] = "refusing"
    await world.do(EndTrip(trip_id=trip_id))
    await world.do(ForceEndTrip(trip_id=trip_id, ended_at=world.now(), reason="no network in the garage"))


async def a_fine_comes_later(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    trip_id = await started(world, ada, x1)
    await world.advance(20 * MINUTE)
    await says(world, x1)
    await world.do(EndTrip(trip_id=trip_id))
    letter = Evidence(kind="letter", reference="Az. 58.92.123456.7", sha256="ab" * 32)
    for n in range(2):
        fine = ChargeFee(
            fee_id=derived_id("fee", n),
            trip_id=trip_id,
            fee="traffic_offence",
            happened_at=world.now(),
            evidence=(letter,),
            reason="fine of Berlin",
        )
        await world.do(fine)
    await world.do(ObjectToCharge(charge_id=Charge.id_of(FEE, derived_id("fee", 0)), objection="I was not there"))
    await world.advance(timedelta(days=15))


async def a_trip_is_corrected(world: World) -> None:
    """By one person, and by two where it is about much."""
    x1 = await car(world)
    trip_id = await started(world, await member(world), x1)
    await world.advance(timedelta(hours=40))
    await says(world, x1)
    await world.do(EndTrip(trip_id=trip_id))
    for by in ("ada", "bob"):
        right = DecideCharge(charge_id=Charge.id_of(Trip.TOPIC, trip_id), decision="approve", reason="she confirms it")
        await world.do(right, actor=Actor(role=Role.AGENT, id=by))
    photo = Evidence(kind="photo", reference="parked.jpg", sha256="ab" * 32)
    for n, hours in enumerate((38, 1, 1)):
        true = CorrectTrip(
            correction_id=derived_id("correction", n),
            trip_id=trip_id,
            correction=Correction(duration_s=hours * 3600),
            evidence=(photo,),
            reason="the photo shows it parked",
        )
        await world.do(true, actor=Actor(role=Role.AGENT, id=f"agent-{n}"))


async def a_car_is_scratched(world: World) -> None:
    x1, before = await car(world), world.now()
    trip_id = await started(world, await member(world), x1)
    await world.advance(20 * MINUTE)
    await says(world, x1)
    await world.do(EndTrip(trip_id=trip_id))
    damage_id, receipt = derived_id("damage"), Evidence(kind="receipt", reference="body shop 4711")
    seen = {"kind": "scratch", "place": "left", "photos": (Photo(sha256="cd" * 32, taken_at=world.now()),)}
    report = {"damage_id": damage_id, "vehicle_id": x1, "found_at": world.now(), **seen}
    charge = {"fee_id": derived_id("fee", "damage"), "trip_id": trip_id, "reason": "scratch on the left door"}
    cost = {"amount": {"amount_minor": 18_000, "currency": "EUR"}, "evidence": (receipt,)}
    for command in (
        ReportDamage.model_validate(report),
        ShowIntact(damage_id=damage_id, intact=Photo(sha256="ab" * 32, taken_at=before)),
        ChargeDamage.model_validate({"damage_id": damage_id, **charge, **cost}),
        RepairDamage(damage_id=damage_id),
    ):
        await world.do(command)


async def a_member_wants_to_be_forgotten(world: World) -> None:
    await world.do(members.EraseMember(member_id=await member(world, "Grace"), reason="asked by letter"))


STORIES: tuple[Callable[[World], Awaitable[None]], ...] = (
    a_member_has_troubles,
    two_accounts_are_of_one_person,
    a_member_pays_late,
    a_city_is_drawn_anew,
    a_service_gets_its_rules,
    a_car_comes_and_goes,
    a_car_tells_everything,
    tasks_are_done_or_not,
    reservations_end_without_a_trip,
    a_trip_does_not_start,
    cars_are_silent_and_driven_by_nobody,
    a_trip_is_forgotten_and_then_its_end_taken_back,
    a_trip_has_everything,
    a_fine_comes_later,
    a_trip_is_corrected,
    a_member_buys_in_advance,
    a_car_is_scratched,
    a_member_uses_a_code,
    a_member_wants_to_be_forgotten,
    a_car_is_reserved_ahead_of_time,
    operators_put_things_right,
    a_partner_is_sent_events,
    an_employee_logs_in_and_out,
)
