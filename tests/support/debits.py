"""Money that is collected from bank accounts."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from domain.billing.bank_days import next_bank_day
from domain.billing.debit import Debit
from domain.billing.debit_batches import MakeDebitBatch
from domain.billing.debits import RecordDebitBooked, RejectDebit, ReturnDebit
from domain.billing.invoice import Invoice
from domain.billing.mandates import SignMandate
from domain.kernel.ids import InvoiceId, MemberId, derived_id
from domain.rental.commands import EndTrip
from domain.rental.trip import Trip
from tests.domain.billing.desk import euros
from tests.support.people_and_cars import car, member, says, started
from tests.support.world import World

IBAN = "DE89 3704 0044 0532 0130 00"
DAY = date(2026, 3, 12)


def signed(who: MemberId, world: World, **other: Any) -> SignMandate:
    """Ada lets DriveNow collect from her account."""
    facts = {"mandate_id": derived_id("mandate", who), "city_id": "berlin", "iban": IBAN, "holder": "Ada Ek"}
    return SignMandate.model_validate({**facts, "member_id": who, "signed_on": world.now().date(), **other})


async def driven(world: World, who: MemberId, plate: str = "B-DD 1", minutes: int = 20) -> InvoiceId:
    """They drive, and an invoice is issued."""
    mini = await car(world, plate)
    trip = await started(world, who, mini)
    await world.advance(timedelta(minutes=minutes))
    await says(world, mini, odometer_m=1_009_000)
    await world.do(EndTrip(trip_id=trip))
    return Invoice.id_of(Trip.TOPIC, trip)


async def debited(world: World) -> tuple[MemberId, InvoiceId, UUID]:
    """Ada drove, and her account is to be debited."""
    ada = await member(world)
    await world.do(signed(ada, world))
    invoice_id = await driven(world, ada)
    return ada, invoice_id, world.events(Debit.Requested)[-1].originator_id


async def batched(world: World, *debit_ids: UUID, name: str = "batch") -> UUID:
    """They go to the bank, for the next day that they may be collected on."""
    found = [await world.store.load(Debit, debit_id) for debit_id in debit_ids]
    on = next_bank_day(max(*(debit.announced_for for debit in found), world.now().date() + timedelta(days=1)))
    batch_id = derived_id("batch", name)
    await world.do(MakeDebitBatch(batch_id=batch_id, seller_id="drivenow-de", collection_on=on, debit_ids=debit_ids))
    return batch_id


def booked(debit_id: UUID, reference: str = "bank 1") -> RecordDebitBooked:
    return RecordDebitBooked(debit_id=debit_id, reference=reference, value_on=DAY)


def rejected(debit_id: UUID, reason: str = "AC04") -> RejectDebit:
    return RejectDebit(debit_id=debit_id, reason=reason)


def returned(debit_id: UUID, reason: str = "AM04", fee: str = "3.00", reference: str = "bank 9") -> ReturnDebit:
    return ReturnDebit(debit_id=debit_id, reason=reason, reference=reference, value_on=DAY, bank_fee=euros(fee))
