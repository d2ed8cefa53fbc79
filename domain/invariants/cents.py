"""Every cent that is charged or given back is explained."""

from dataclasses import dataclass, field
from uuid import UUID

from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.billing.payment import Payment
from domain.billing.transfer import Transfer
from domain.invariants.law import InvariantResult
from domain.kernel.messages import RecordedEvent
from domain.kernel.money import Money


@dataclass
class _Account:
    """What one invoice asks for, and what became of it."""

    number: str
    gross: Money
    captured: Money
    """By card, and what of transfers counts for it."""
    noted: Money
    """By credit notes."""
    credited: Money
    """By the invoice's own word."""
    refund_asked: Money
    refunded: Money

    @property
    def owed(self) -> Money:
        return self.gross - self.noted

    def kept(self, finished: bool) -> Money:
        return self.captured - (self.refunded if finished else self.refund_asked)


@dataclass
class Cents:
    """The lines and taxes of an invoice are its sum, and no more is kept for it than it asks after its credit notes.

    A refund that was asked for counts as given back while the system runs, also when it was refused: it is still owed.
    In a finished log the money must be back, by the provider or by other means, so that a refund that was refused, or
    never answered, is found.
    """

    _seen: InvariantResult = field(default_factory=InvariantResult)
    _accounts: dict[UUID, _Account] = field(default_factory=dict)
    _invoice_of: dict[UUID, UUID] = field(default_factory=dict)
    """The invoice that each payment was captured for."""
    _asked: set[tuple[UUID, UUID]] = field(default_factory=set)
    """Refunds, by payment and credit note: one that is asked for again is the same."""
    _too_much: dict[UUID, Money] = field(default_factory=dict)
    """What transfers brought above what was open, until it is paid back."""

    def observe(self, recorded: RecordedEvent) -> None:
        """Take in the next event."""
        match recorded.event:
            case Invoice.Issued() as event:
                self._issued(event)
            case Invoice.Credited() as event:
                self._credited(event)
            case CreditNote.Issued() as event:
                self._noted(event)
            case Payment.Captured() as event:
                self._captured(event)
            case Transfer.Received() | Transfer.TakenBack() as event:
                self._transferred(event)
            case Transfer.RefundOwed() | Transfer.RefundPaidByOtherMeans() | Transfer.RefundDropped() as event:
                self._owed_of_transfer(event)
            case Payment.RefundRequested() | Payment.Refunded() | Payment.RefundPaidByOtherMeans() as event:
                self._given_back(event)

    def results(self, finished: bool) -> dict[str, InvariantResult]:
        """What was seen on the way, and whether what is kept now is owed."""
        result = self._seen.copy()
        for account in self._accounts.values():
            kept, number, owed = account.kept(finished), account.number, account.owed
            result.expect(kept <= owed, f"{kept} is kept for {number}, which asks {owed} after its credit notes")
            same = account.noted == account.credited
            result.expect(same, f"{number} says that {account.credited} is credited, its notes say {account.noted}")
        return {"cent_is_explained": result}

    def _issued(self, event: Invoice.Issued) -> None:
        zero = Money.zero(event.gross.currency)
        self._accounts[event.originator_id] = _Account(event.number, event.gross, zero, zero, zero, zero, zero)
        for charge in event.charges:
            on_top = (tax.amount for tax in charge.taxes if not tax.inclusive)
            explained = Money.total((*(line.amount for line in charge.lines), *on_top), zero.currency)
            right = explained == charge.gross
            self._seen.expect(right, f"{event.number} asks {charge.gross}, its lines say {explained}")
        charged = Money.total((charge.gross for charge in event.charges), zero.currency)
        self._seen.expect(charged == event.gross, f"{event.number} asks {event.gross}, its charges {charged}")
        self._sums_up(event)

    def _credited(self, event: Invoice.Credited) -> None:
        if account := self._account(event.originator_id, event.amount):
            account.credited += event.amount

    def _noted(self, event: CreditNote.Issued) -> None:
        self._sums_up(event)
        if account := self._account(event.invoice_id, event.gross):
            account.noted += event.gross

    def _captured(self, event: Payment.Captured) -> None:
        if account := self._account(event.invoice_id, event.amount):
            self._invoice_of[event.originator_id] = event.invoice_id
            account.captured += event.amount

    def _given_back(self, event: Payment.RefundRequested | Payment.Refunded | Payment.RefundPaidByOtherMeans) -> None:
        account = self._account(self._invoice_of.get(event.originator_id), event.amount)
        if account is None:
            return
        match event:
            case Payment.RefundRequested() if (event.originator_id, event.credit_note_id) not in self._asked:
                self._asked.add((event.originator_id, event.credit_note_id))
                account.refund_asked += event.amount
            case Payment.Refunded() | Payment.RefundPaidByOtherMeans():
                account.refunded += event.amount

    def _transferred(self, event: Transfer.Received | Transfer.TakenBack) -> None:
        """A transfer that the bank has taken back brought nothing, and what was paid back of it as too much is lost."""
        account = self._account(event.invoice_id, event.amount)
        if account is None:
            return
        if isinstance(event, Transfer.Received):
            self._invoice_of[event.originator_id] = event.invoice_id
            self._too_much[event.originator_id] = event.amount - event.counted
            account.captured += event.counted
        else:
            still_here = self._too_much.pop(event.originator_id, Money.zero(event.amount.currency))
            account.captured -= event.amount - still_here

    def _owed_of_transfer(
        self, event: Transfer.RefundOwed | Transfer.RefundPaidByOtherMeans | Transfer.RefundDropped
    ) -> None:
        account = self._account(self._invoice_of.get(event.originator_id), event.amount)
        if account is None:
            return
        match event:
            case Transfer.RefundPaidByOtherMeans() if event.credit_note_id is None:
                self._too_much.pop(event.originator_id, None)
            case Transfer.RefundPaidByOtherMeans():
                account.refunded += event.amount
            case Transfer.RefundOwed() if event.credit_note_id is not None:
                account.refund_asked += event.amount
            case Transfer.RefundDropped() if event.credit_note_id is not None:
                account.refund_asked -= event.amount

    def _sums_up(self, event: Invoice.Issued | CreditNote.Issued) -> None:
        taxes = Money.total((tax.amount for tax in event.taxes), event.gross.currency)
        right = event.tax == taxes and event.net + event.tax == event.gross
        self._seen.expect(right, f"{event.number}: {event.net} and taxes of {taxes} are not {event.gross}")

    def _account(self, invoice_id: UUID | None, amount: Money) -> _Account | None:
        """That of an amount; an amount of no invoice, or in another currency, breaks the law."""
        account = self._accounts.get(invoice_id) if invoice_id else None
        fits = account is not None and account.gross.currency is amount.currency
        self._seen.expect(fits, f"{amount} was moved for {invoice_id}, which is no invoice in {amount.currency}")
        return account if fits else None
