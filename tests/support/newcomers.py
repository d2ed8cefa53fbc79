"""Commands that make a member who may drive, and a car that may be driven, for whoever gives them to a dispatcher."""

from datetime import date

from domain.fleet.commands import CommissionVehicle, PutIntoService
from domain.kernel.ids import MemberId, VehicleId
from domain.kernel.messages import Command
from domain.kernel.units import Position
from domain.members import commands as members

BERLIN_MITTE = Position(latitude=52.5, longitude=13.4)
FAR_AWAY = date(2099, 1, 1)


def a_member(member_id: MemberId) -> list[Command]:
    """Registered, with a licence that was verified and a card."""
    return [
        members.RegisterMember(
            member_id=member_id,
            city_id="berlin",
            name="Ada",
            email=f"ada.{member_id.hex}@example.org",
            birth_date=date(1990, 1, 1),
        ),
        members.VerifyEmail(member_id=member_id),
        members.SubmitLicence(
            member_id=member_id,
            number=member_id.hex,
            country="DE",
            issued_on=date(2010, 1, 1),
            expires_on=FAR_AWAY,
        ),
        members.VerifyLicence(member_id=member_id),
        members.AddPaymentMethod(
            member_id=member_id, method_id="1", token="tok_visa", brand="visa", expires_on=FAR_AWAY
        ),
    ]


def a_car(vehicle_id: VehicleId, number: int, position: Position = BERLIN_MITTE) -> list[Command]:
    """In service, with a number that makes its VIN and its plate."""
    return [
        CommissionVehicle(
            vehicle_id=vehicle_id,
            vin=vin_of(number),
            plate=f"B-DN {number}",
            make="BMW",
            model="BMW i3",
            propulsion="electric",
            city_id="berlin",
            position=position,
            energy_percent=80,
        ),
        PutIntoService(vehicle_id=vehicle_id),
    ]


def vin_of(number: int) -> str:
    """The VIN of the car with this number."""
    return f"WBAZZZ{number:011d}"
