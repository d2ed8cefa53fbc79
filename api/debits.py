"""Direct debits and the bank: which of them its files tell of, and what goes to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from api.bank_order import REPEATED, BankOrder
from api.system import Row
from domain.billing.bank_entry import BankEntry
from domain.billing.debit_batches import MOST_IN_A_BATCH, MakeDebitBatch
from domain.billing.debits import RecordDebitBooked, RejectDebit, ReturnDebit
from domain.kernel.ids import derived_id
from domain.kernel.messages import Command
from domain.kernel.money import Money
from domain.rulebook.legal_entity import LegalEntity

Fate = Literal["collected", "returned", "rejected", "known", "unmatched"]

_COLUMNS = "debit_id, number, amount_minor, currency, state, booked_reference, returned_reference"
_ONE = f"select {_COLUMNS} from read_v1.debits where service = $1 and seller = $2 and debit_id = $3"  # noqa: S608
_OF_BATCH = (
    f"select {_COLUMNS} from read_v1.debits where service = $1 and batch_id between $2 and $3 "  # noqa: S608
    "and ($4::text is null or sequence = $4) and state <> 'rejected' order by debit_id"
)
_ANY_SELLER = f"select {_COLUMNS} from read_v1.debits where service = $1 and debit_id = $2"  # noqa: S608
_WAITING = """
select debit_id from read_v1.debits
where service = $1 and seller = $2 and state = 'requested' and announced_for <= $3 order by requested_at, debit_id
"""
_BATCHES = """
select distinct batch_id from read_v1.debits where service = $1 and seller = $2 and collection_on = $3 order by batch_id
"""


class Refusal(NamedTuple):
    """What a bank refuses of a message: one debit by its end-to-end id, or all of a block or a message."""

    end_to_end_id: str
    batch_ids: tuple[str, ...]
    reason: str


class Settled(NamedTuple):
    """What became of a debit, or of a batch of them."""

    fate: Fate
    number: str | None = None
    """Of the invoice; none of several."""
    why: str | None = None
    """A code, where nothing was done."""


@dataclass(frozen=True)
class Debits:
    """Acts by an order on what a bank says of debits."""

    order: BankOrder

    async def settle(self, seller: LegalEntity, entry: BankEntry) -> Settled | None:
        """What becomes of debits by an entry of the account; none where it is about none of ours."""
        asked = (self.order.service, seller.id)
        debit_id = _id(entry.end_to_end_id)
        found: Sequence[Row] = await self.order.system.fetch(_ONE, *asked, debit_id) if debit_id else []
        if not found:
            found = await self._of_batches(entry.batch_ids)
            if not found:
                return None
        if entry.whole is None or (on := entry.value_on) is None:
            return Settled("unmatched", why="no_amount" if entry.whole is None else "no_value_date")
        together = Money.total([_money(row) for row in found], entry.whole.currency)
        if entry.kind == "credit":
            if together != entry.whole:
                return Settled("unmatched", why="amount_differs")
            return await self._each("collected", found, lambda row: _booked(row, entry, on))
        fee = entry.whole - together
        if entry.kind != "reversal" or fee.amount_minor < 0 or (fee and len(found) > 1):
            return Settled("unmatched", why="amount_differs")
        return await self._each("returned", found, lambda row: _returned(row, entry, on, fee))

    async def refuse(self, refusal: Refusal) -> list[Settled]:
        """What the bank has refused, debit by debit."""
        debit_id = _id(refusal.end_to_end_id)
        service = self.order.service
        found: Sequence[Row] = await self.order.system.fetch(_ANY_SELLER, service, debit_id) if debit_id else []
        found = found or await self._of_batches(refusal.batch_ids)
        if not found:
            return [Settled("unmatched", why="no_such_debit")]
        return [
            await self._each(
                "rejected", [row], lambda row: RejectDebit(debit_id=row["debit_id"], reason=refusal.reason)
            )
            for row in found
        ]

    async def make_batches(self, seller: LegalEntity, collection_on: date) -> tuple[list[UUID], list[str]]:
        """Put together what waits, then tell all batches of the day, those of an earlier run too; and why not."""
        system, asked = self.order.system, (self.order.service, seller.id, collection_on)
        waiting = [row["debit_id"] for row in await system.fetch(_WAITING, *asked)]
        whys, made = [], []
        for n in range(0, len(waiting), MOST_IN_A_BATCH):
            some = tuple(waiting[n : n + MOST_IN_A_BATCH])
            batch_id = derived_id("billing.debit_batch", *asked, *some)
            command = MakeDebitBatch(
                batch_id=batch_id, seller_id=seller.id, collection_on=collection_on, debit_ids=some
            )
            why = await self.order.give(command, key=str(batch_id))
            whys += [why] if why not in {None, REPEATED} else []
            made += [batch_id]
        known = [row["batch_id"] for row in await system.fetch(_BATCHES, *asked)]
        return sorted({*known, *made}), [why for why in whys if why]

    async def _of_batches(self, batch_ids: Sequence[str]) -> Sequence[Row]:
        for said in batch_ids:
            if (bounds := _bounds(said)) is not None:
                found = await self.order.system.fetch(_OF_BATCH, self.order.service, *bounds)
                if found:
                    return found
        return []

    async def _each(self, fate: Fate, found: Sequence[Row], command: Callable[[Row], Command]) -> Settled:
        number = found[0]["number"] if len(found) == 1 else None
        said: list[str | None] = []
        for row in found:
            if _is_known(row, asked := command(row)):
                said.append(REPEATED)
            else:
                said.append(await self.order.give(asked, key=f"{row['debit_id']} {_reference(asked)}"))
        whys = [why for why in said if why is not None and why != REPEATED]
        if whys:
            return Settled("unmatched", number, whys[0])
        return Settled("known" if set(said) == {REPEATED} else fate, number)


def _booked(row: Row, entry: BankEntry, on: date) -> RecordDebitBooked:
    reference = entry.reference or entry.end_to_end_id
    return RecordDebitBooked(debit_id=row["debit_id"], reference=reference, value_on=on)


def _returned(row: Row, entry: BankEntry, on: date, fee: Money) -> ReturnDebit:
    """Where the bank gives no reason, that is one of its codes too."""
    reference, reason = entry.reference or entry.end_to_end_id, entry.return_reason or "MS03"
    return ReturnDebit(debit_id=row["debit_id"], reason=reason, reference=reference, value_on=on, bank_fee=fee)


def _is_known(row: Row, command: Command) -> bool:
    match command:
        case RecordDebitBooked():
            return row["booked_reference"] is not None
        case ReturnDebit():
            return bool(row["returned_reference"] == command.reference)
        case _:
            return bool(row["state"] == "rejected")


def _reference(command: Command) -> str:
    return getattr(command, "reference", "")


def _money(row: Row) -> Money:
    return Money.model_validate({"amount_minor": row["amount_minor"], "currency": row["currency"]})


def _id(text: str) -> UUID | None:
    """Of an end-to-end id that we have given."""
    try:
        return UUID(text) if len(text) == 32 else None  # noqa: PLR2004 (hexadecimal, without signs)
    except ValueError:
        return None


def _bounds(text: str) -> tuple[UUID, UUID, str | None] | None:
    """Between which ids the batch is that a message or a block is named by, and the sequence of the block."""
    sequence = text[-4:] if text[-4:] in {"FRST", "RCUR"} else None
    known = text[:-4] if sequence else text
    low, high = (_id(known.ljust(32, end)) for end in ("0", "f"))
    return (low, high, sequence) if low and high and len(known) in {30, 32} else None
