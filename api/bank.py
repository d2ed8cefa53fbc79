"""Taking what a bank's file tells: transfers count for the invoices that their payers named, the rest is kept."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from api.bank_order import REPEATED, BankOrder
from api.debits import Debits
from api.system import System
from domain.billing.bank_entry import BankEntry, named_numbers
from domain.billing.transfers import RecordTransfer, TakeBackTransfer
from domain.kernel.ids import InvoiceId
from domain.kernel.messages import Command
from domain.rulebook.legal_entity import LegalEntity

Fate = Literal["taken", "taken_back", "collected", "returned", "rejected", "known", "unmatched"]
Keep = Callable[[str, str, Collection[tuple[BankEntry, str]]], Awaitable[None]]

_INVOICES = "select invoice_id, number from read_v1.invoices where service = $1 and seller = $2 and number = any($3)"
_TRANSFERS = (
    "select transfer_id from read_v1.transfers where transfer_id = any($1) and state in ('received', 'taken_back')"
)
_TO_TAKE_BACK = """
select transfer_id, state, taken_back_reference from read_v1.transfers
where service = $1 and seller = $2 and amount_minor = $3 and currency = $4 and (reference = $5 or number = any($6))
    and (state = 'received' or taken_back_reference = $5)
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one entry."""

    entry: BankEntry
    fate: Fate
    invoice: str | None = None
    """Its number."""
    why: str | None = None
    """A code, where nothing was done."""


def seller_of(system: System, service: str, account: str) -> LegalEntity | None:
    """Whose account it is, of those who sell in a service."""
    sellers = sellers_of(system, service)
    return next((one for one in sellers if one.iban and one.iban.replace(" ", "").upper() == account), None)


def sellers_of(system: System, service: str) -> list[LegalEntity]:
    """All who sell in a service."""
    entities = [entity for city in system.rulebook(service).cities for entity in city.sellers]
    return [*{entity.id: entity for entity in entities}.values()]


@dataclass(frozen=True)
class Taking:
    """Takes a file of the bank by an order."""

    order: BankOrder
    keep: Keep

    async def take(self, seller: LegalEntity, entries: Sequence[BankEntry]) -> list[Outcome]:
        """What becomes of each entry of a seller's account. The same entries again change nothing."""
        ids = [entry.entry_id for entry in entries]
        known = {row["transfer_id"] for row in await self.order.system.fetch(_TRANSFERS, ids)}
        outcomes = [await self._one(seller, entry, known) for entry in entries]
        if not self.order.dry_run:
            left = [(one.entry, one.why or "") for one in outcomes if one.fate == "unmatched"]
            await self.keep(self.order.service, seller.id, left)
        return outcomes

    async def _one(self, seller: LegalEntity, entry: BankEntry, known: Collection[UUID]) -> Outcome:
        if entry.entry_id in known:
            return Outcome(entry, "known")
        if (debited := await Debits(self.order).settle(seller, entry)) is not None:
            return Outcome(entry, debited.fate, debited.number, debited.why)
        if entry.doubt is not None:
            return Outcome(entry, "unmatched", why=entry.doubt)
        numbers = named_numbers(entry.words, seller)
        if entry.kind == "reversal":
            return await self._taken_back(seller, entry, numbers)
        found = await self.order.system.fetch(_INVOICES, self.order.service, seller.id, numbers)
        if len(found) != 1:
            why = "several_invoices" if found else "unknown_invoice" if numbers else "no_invoice_named"
            return Outcome(entry, "unmatched", why=why)
        invoice_id, number = InvoiceId(found[0]["invoice_id"]), found[0]["number"]
        facts = {"transfer_id": entry.entry_id, "seller_id": seller.id, "invoice_id": invoice_id}
        what = {"reference": entry.reference, "amount": entry.amount, "value_on": entry.value_on}
        return await self._given(entry, RecordTransfer.model_validate(facts | what), "taken", number)

    async def _taken_back(self, seller: LegalEntity, entry: BankEntry, numbers: list[str]) -> Outcome:
        """The bank takes back the one transfer of this amount that it names, by its reference or its invoice."""
        if entry.amount is None or entry.value_on is None:
            return Outcome(entry, "unmatched", why="no_amount")
        money = (entry.amount.amount_minor, entry.amount.currency.value)
        found = await self.order.system.fetch(
            _TO_TAKE_BACK, self.order.service, seller.id, *money, entry.reference, numbers
        )
        if any(row["taken_back_reference"] == entry.reference for row in found):
            return Outcome(entry, "known")
        if len(found) != 1:
            return Outcome(entry, "unmatched", why="several_transfers" if found else "no_such_transfer")
        command = TakeBackTransfer(
            transfer_id=found[0]["transfer_id"], reference=entry.reference, value_on=entry.value_on
        )
        return await self._given(entry, command, "taken_back", None)

    async def _given(self, entry: BankEntry, command: Command, fate: Fate, number: str | None) -> Outcome:
        why = await self.order.give(command, key=str(entry.entry_id))
        if why == REPEATED:
            return Outcome(entry, "known", number)
        return Outcome(entry, fate, number) if why is None else Outcome(entry, "unmatched", number, why)
