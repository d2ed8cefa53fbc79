"""Taking what a bank's file tells: transfers count for the invoices that their payers named, the rest is kept."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from api.system import System
from domain.billing.bank_entry import BankEntry, named_numbers
from domain.billing.transfers import RecordTransfer, TakeBackTransfer
from domain.kernel.errors import DomainError, RefusedError
from domain.kernel.ids import InvoiceId
from domain.kernel.messages import Actor, Command, Metadata, Role
from domain.rulebook.legal_entity import LegalEntity

Fate = Literal["taken", "taken_back", "known", "unmatched"]
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
    entities = [entity for city in system.rulebook(service).cities for entity in city.sellers]
    return next((one for one in entities if one.iban and one.iban.replace(" ", "").upper() == account), None)


@dataclass(frozen=True)
class Taking:
    """An order to take a file: for which service, who gave it and why; a dry run changes nothing."""

    system: System
    keep: Keep
    service: str
    by: str
    reason: str
    dry_run: bool = False

    async def take(self, seller: LegalEntity, entries: Sequence[BankEntry]) -> list[Outcome]:
        """What becomes of each entry of a seller's account. The same entries again change nothing."""
        ids = [entry.entry_id for entry in entries]
        known = {row["transfer_id"] for row in await self.system.fetch(_TRANSFERS, ids)}
        outcomes = [await self._one(seller, entry, known) for entry in entries]
        if not self.dry_run:
            left = [(one.entry, one.why or "") for one in outcomes if one.fate == "unmatched"]
            await self.keep(self.service, seller.id, left)
        return outcomes

    async def _one(self, seller: LegalEntity, entry: BankEntry, known: Collection[UUID]) -> Outcome:
        if entry.entry_id in known:
            return Outcome(entry, "known")
        if entry.doubt is not None:
            return Outcome(entry, "unmatched", why=entry.doubt)
        numbers = named_numbers(entry.words, seller)
        if entry.kind == "reversal":
            return await self._taken_back(seller, entry, numbers)
        found = await self.system.fetch(_INVOICES, self.service, seller.id, numbers)
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
        found = await self.system.fetch(_TO_TAKE_BACK, self.service, seller.id, *money, entry.reference, numbers)
        if any(row["taken_back_reference"] == entry.reference for row in found):
            return Outcome(entry, "known")
        if len(found) != 1:
            return Outcome(entry, "unmatched", why="several_transfers" if found else "no_such_transfer")
        command = TakeBackTransfer(
            transfer_id=found[0]["transfer_id"], reference=entry.reference, value_on=entry.value_on
        )
        return await self._given(entry, command, "taken_back", None)

    async def _given(self, entry: BankEntry, command: Command, fate: Fate, number: str | None) -> Outcome:
        asker = {"service": self.service, "role": Role.OPERATOR.value, "asker": "bank"}
        id = self.system.command_ids.of(**asker, command=command.NAME, key=str(entry.entry_id))
        metadata = Metadata.of(command, id=id, actor=Actor(role=Role.OPERATOR, id=self.by), service=self.service)
        metadata = metadata.model_copy(update={"reason": self.reason})
        try:
            if self.dry_run:
                await self.system.dispatcher.try_out(command, metadata)
                return Outcome(entry, fate, number)
            done = await self.system.dispatcher.dispatch(command, metadata)
        except RefusedError as refused:
            return Outcome(entry, "unmatched", number, refused.violations[0].code)
        except DomainError as error:
            return Outcome(entry, "unmatched", number, str(error))
        return Outcome(entry, "known" if done.repeated else fate, number)
