"""The books: double entry, from events alone. Each row moves an amount from one account to another."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple
from uuid import UUID

from domain.billing.balance import Balance
from domain.billing.balance_entry import Earned
from domain.billing.balance_event_bases import EntryEvent, UsesMoved
from domain.billing.billed import BilledCharge, CreditedCharge
from domain.billing.credit_note import CreditNote
from domain.billing.debit import Debit
from domain.billing.document import nets_of
from domain.billing.invoice import Invoice
from domain.billing.payment import Payment
from domain.billing.pricing import PriceLine
from domain.billing.product_facts import PRODUCT
from domain.billing.taxes import TaxAmount
from domain.billing.transfer import Transfer
from domain.kernel.aggregate import DomainEvent
from domain.kernel.messages import RecordedEvent
from domain.kernel.money import Money
from projections.kernel.changes import Changes, Table, Values
from projections.kernel.projector import Projector

JOURNAL = Table("journal", ("position", "line"))
DOCUMENTS = Table("ledger_documents", ("document_id",))
TRANSFERRED = Table("ledger_transfers", ("transfer_id",))

Account = Literal[
    "receivables", "revenue", "tax", "provider", "bank", "suspense", "owed_to_payers", "prepaid", "bank_fees"
]


class Entry(NamedTuple):
    """So much goes from the credited to the debited account. Never nothing, and never less."""

    debit: Account
    credit: Account
    amount: Money
    product: str | None = None
    """The rule that made the line: what was sold."""
    tax: TaxAmount | None = None
    sold: Earned | None = None
    """Of minutes that were paid in advance: where they were sold, and by which invoice."""
    charge: BilledCharge | CreditedCharge | None = None
    """Of revenue: whose it is."""


def entries_of(event: DomainEvent) -> list[Entry]:
    """What an event says in the books; nothing for most."""
    return [_forwards(entry) for entry in _entries(event) if entry.amount]


def _entries(event: DomainEvent) -> Iterable[Entry]:
    match event:
        case Invoice.Issued():
            yield from _earned(event.charges)
            for tax in event.taxes:
                yield Entry("receivables", "tax", tax.amount, tax=tax)
        case CreditNote.Issued():
            yield from (Entry("revenue", "receivables", part.net, charge=part) for part in event.charges)
            for tax in event.taxes:
                yield Entry("tax", "receivables", tax.amount, tax=tax)
        case Payment.Captured():
            yield Entry("provider", "receivables", event.amount)
        case Payment.Refunded():
            yield Entry("receivables", "provider", event.amount)
        case Payment.RefundPaidByOtherMeans():
            yield Entry("receivables", "bank", event.amount)
        case Debit.Booked() | Debit.Returned():
            yield from _of_debits(event)
        case _:
            yield from _of_what_comes_otherwise(event)


def _earned(charges: Iterable[BilledCharge]) -> Iterator[Entry]:
    for charge in charges:
        for product, share in shares_of(charge.net, charge.lines, charge.taxes):
            yield Entry("receivables", "revenue", share, product, charge=charge)


def _of_what_comes_otherwise(event: DomainEvent) -> Iterable[Entry]:
    """What is more than was open is owed to its payer, until it is paid back or the bank takes all of it back.

    Minutes that are paid in advance are owed too, until they are used or gone.
    """
    match event:
        case Transfer.Reported():
            yield Entry("bank", "suspense", event.amount)
        case Transfer.Received():
            yield Entry("suspense", "receivables", event.counted)
            yield Entry("suspense", "owed_to_payers", event.amount - event.counted)
        case Transfer.RefundPaidByOtherMeans():
            yield Entry("receivables" if event.credit_note_id else "owed_to_payers", "bank", event.amount)
        case Transfer.RefundDropped() if event.credit_note_id is None:
            yield Entry("owed_to_payers", "receivables", event.amount)
        case Transfer.TakenBack():
            yield Entry("receivables", "bank", event.amount)
        case EntryEvent() | UsesMoved():
            for one in event.earned:
                yield Entry("prepaid", "revenue", one.amount, one.product_id, sold=one)


def _of_debits(event: Debit.Booked | Debit.Returned) -> Iterable[Entry]:
    """A debit that is booked is a transfer. One that came back before its booking waits for that."""
    match event:
        case Debit.Booked(came_back=True):
            yield Entry("bank", "suspense", event.amount)
        case Debit.Returned():
            yield Entry("bank_fees", "bank", event.bank_fee)
            if not event.was_booked:
                yield Entry("suspense", "bank", event.amount)


def shares_of(net: Money, lines: Iterable[PriceLine], taxes: Sequence[TaxAmount]) -> Iterator[tuple[str, Money]]:
    """The net amount of a charge among its lines, each without the taxes that it contains, to the last cent."""
    parts = [(line.rule_id, kind, amount) for line in lines for kind, amount in line.by_tax.items()]
    nets = nets_of([(kind, amount) for _, kind, amount in parts], net, taxes)
    for (product, _, _), share in zip(parts, nets, strict=True):
        yield product, share
    if not parts:
        yield "", net


def _forwards(entry: Entry) -> Entry:
    """What is less than nothing goes the other way."""
    if entry.amount > Money.zero(entry.amount.currency):
        return entry
    return entry._replace(debit=entry.credit, credit=entry.debit, amount=-entry.amount)


_EARNING = (Balance.Bought, Balance.Renewed, Balance.Used, Balance.GivenBack, Balance.Ended)
"""By which a price that was paid in advance is earned, or is not yet."""


class LedgerProjector(Projector):
    """One row per entry, and one per document and transfer that later entries refer to."""

    NAME = "ledger"
    PARALLEL = False  # a payment reads the row of its invoice, which may fall to another worker
    TABLES = (JOURNAL, DOCUMENTS, TRANSFERRED)
    READS = frozenset(
        (
            "timestamp",
            "number",
            "issued_on",
            "city_id",
            "seller",
            "seller_id",
            "payer_id",
            "invoice_id",
            "credit_note_id",
            "net",
            "charges",
            "taxes",
            "amount",
            "counted",
            "reference",
            "value_on",
            "subject_kind",
            "earned",
            "came_back",
            "was_booked",
            "bank_fee",
        )
    )

    def __init__(self) -> None:
        super().__init__()
        self.on = {
            Invoice.Issued: self._issued,
            CreditNote.Issued: self._credited,
            Payment.Captured: self._of_invoice,
            Payment.Refunded: self._of_note,
            Payment.RefundPaidByOtherMeans: self._of_note,
            Transfer.Reported: self._reported,
            Transfer.Received: self._received,
            Transfer.RefundPaidByOtherMeans: self._of_transfer,
            Transfer.RefundDropped: self._of_transfer,
            Transfer.TakenBack: self._of_invoice,
            **dict.fromkeys(_EARNING, self._earned),
            Debit.Booked: self._reported,
            Debit.Returned: self._reported,
        }

    def _issued(self, recorded: RecordedEvent, event: Invoice.Issued) -> Changes:
        of: Values = {
            "invoice_id": event.originator_id,
            "seller": event.seller.id,
            "country": event.seller.country,
            "city_id": event.city_id,
            "subject_kind": event.subject_kind,
        }
        yield DOCUMENTS.insert(document_id=event.originator_id, **of)
        yield from _booked(recorded, event, event.issued_on, event.number, {**of, "payer_id": event.payer_id})

    def _credited(self, recorded: RecordedEvent, event: CreditNote.Issued) -> Changes:
        def noted(of: Values) -> Changes:
            yield DOCUMENTS.insert(**{**of, "document_id": event.originator_id})
            yield from _booked(recorded, event, event.issued_on, event.number, _known(of, event))

        yield DOCUMENTS.given(event.invoice_id, noted)

    def _received(self, recorded: RecordedEvent, event: Transfer.Received) -> Changes:
        yield TRANSFERRED.insert(transfer_id=event.originator_id, invoice_id=event.invoice_id)
        yield _later(recorded, event, event.invoice_id, event.number)

    def _of_invoice(self, recorded: RecordedEvent, event: Payment.Captured | Transfer.TakenBack) -> Changes:
        yield _later(recorded, event, event.invoice_id, event.reference)

    def _of_note(self, recorded: RecordedEvent, event: Payment.Refunded | Payment.RefundPaidByOtherMeans) -> Changes:
        yield _later(recorded, event, event.credit_note_id, event.number)

    def _of_transfer(
        self, recorded: RecordedEvent, event: Transfer.RefundPaidByOtherMeans | Transfer.RefundDropped
    ) -> Changes:
        yield TRANSFERRED.given(
            event.originator_id,
            lambda row: [_later(recorded, event, event.credit_note_id or row["invoice_id"], event.number)],
        )

    def _earned(self, recorded: RecordedEvent, event: EntryEvent | UsesMoved) -> Changes:
        of = {"payer_id": event.payer_id, "subject_kind": PRODUCT}
        yield from _booked(recorded, event, event.timestamp.date(), "", of)

    def _reported(self, recorded: RecordedEvent, event: Transfer.Reported | Debit.Booked | Debit.Returned) -> Changes:
        yield from _booked(recorded, event, event.value_on, event.reference, {"seller": event.seller_id})


def _later(recorded: RecordedEvent, event: Any, document: UUID, name: str) -> Any:
    """Of a document that is known."""
    on = event.timestamp.date()
    return DOCUMENTS.given(document, lambda of: _booked(recorded, event, on, name, _known(of, event)))


def _known(of: Values, event: Any) -> Values:
    columns = ("invoice_id", "seller", "country", "city_id", "subject_kind")
    return {**{name: of[name] for name in columns}, "payer_id": event.payer_id}


def _booked(recorded: RecordedEvent, event: DomainEvent, on: date, document: str, of: Values) -> Changes:
    for line, entry in enumerate(entries_of(event)):
        tax = entry.tax
        sold = entry.sold
        of_sale = {"seller": sold.seller_id, "country": sold.country, "city_id": sold.city_id} if sold else {}
        of_charge = {"city_id": entry.charge.city_id, "subject_kind": entry.charge.subject_kind} if entry.charge else {}
        rate = {"tax": tax.name, "tax_rate": tax.rate, "base_minor": tax.base.amount_minor} if tax else {}
        yield JOURNAL.insert(
            position=recorded.position,
            line=line,
            service=recorded.metadata.service,
            booked_on=on,
            document=sold.document if sold else document,
            debit=entry.debit,
            credit=entry.credit,
            currency=entry.amount.currency,
            amount_minor=entry.amount.amount_minor,
            product=entry.product,
            **rate,
            **{**of, **of_sale, **of_charge},
        )
