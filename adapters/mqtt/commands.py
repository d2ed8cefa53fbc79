"""What fleet is asked to take note of, under command ids that follow from the message."""

from datetime import datetime

from adapters.mqtt.payloads import ResponseMessage
from domain.fleet.commands import ConfirmVehicleCommand, FailVehicleCommand, NoteContact
from domain.fleet.conversation import OUR_REASONS
from domain.fleet.state import Observation
from domain.kernel.ids import CommandId, VehicleId, derived_id
from domain.kernel.messages import Command


def telemetry_id(vin: str, seq: int, ts: datetime) -> CommandId:
    """Of an observation; with the time that the car gave, since a restarted device counts from the beginning."""
    return CommandId(derived_id("telemetry", vin, seq, ts.isoformat()))


def response_id(vehicle_id: VehicleId, response: ResponseMessage) -> CommandId:
    """Of a car's answer to a command. It may say another thing later, and no other car answers for it."""
    return CommandId(derived_id("response", vehicle_id, response.id, response.status, response.ts.isoformat()))


def contact_id(vin: str, change: int) -> CommandId:
    """Of the n-th loss or return of contact."""
    return CommandId(derived_id("contact", vin, change))


def answer(vehicle_id: VehicleId, response: ResponseMessage, seen: Observation) -> Command:
    """The car did what it was told, or did not."""
    if response.status == "done":
        return ConfirmVehicleCommand(vehicle_id=vehicle_id, request_id=response.id, observation=seen)
    said = None if response.reason in OUR_REASONS else response.reason
    reason = said or response.status
    return FailVehicleCommand(vehicle_id=vehicle_id, request_id=response.id, reason=reason, observation=seen)


def contact(vehicle_id: VehicleId, at: datetime, *, online: bool) -> Command:
    """The car's connection went away or is back."""
    return NoteContact(vehicle_id=vehicle_id, online=online, at=at)
