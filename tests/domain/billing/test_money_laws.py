"""Laws of money whatever agents decide, the payment provider answers and the time does (a Hypothesis state machine)."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.billing.charge import Charge
from domain.billing.commands import (
    BillMonth,
    CreditInvoice,
    DecideCharge,
    DecisionKind,
    RecordRefundByOtherMeans,
    RetryCharge,
    RetryRefund,
)
from domain.billing.correction import Correction
from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.billing.payment import Payment
from domain.billing.refund import Refund
from domain.billing.transfer import Transfer
from domain.billing.transfers import AssignTransfer, RecordTransfer, RecordTransferPaidBack, TakeBackTransfer
from domain.invariants import Invariants
from domain.kernel.aggregate import DomainEvent
from domain.kernel.errors import RefusedError
from domain.kernel.ids import ChargeId, InvoiceId, derived_id
from domain.kernel.messages import Actor, Command, Role
from domain.kernel.money import Money
from domain.members.member import Member
from domain.rental.commands import EndTrip
from projections.ledger import entries_of
from tests.domain.billing.desk import euros
from tests.support.people_and_cars import area, car, member, says, started
from tests.support.world import ProviderManner, World

E = TypeVar("E", bound=DomainEvent)

AT_ANY_TIME = {
    "cent_is_explained",
    "charge_has_one_invoice",
    "numbers_have_no_gap",
    "review_takes_nothing",
    "transfer_counts_once",
    "two_persons_decide",
}
DOUBTFUL, TWO_DECIDE = euros("3"), euros("8")

people = st.integers(0, 1)
which = st.integers(0, 20)
agents = st.sampled_from(["ada", "bob"])


class MoneyMoves(RuleBasedStateMachine):
    """Two members who drive, also for more than is held, in a service that doubts much, and two agents.

    The second member is billed by the month."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world, self.laws, self.seen = World(), Invariants(), 0
        self.runner.run(self._city())

    async def _city(self) -> None:
        rules = self.world.rulebook
        trip = rules.trip.model_copy(update={"review_above": (DOUBTFUL,)})
        billing = rules.billing.model_copy(update={"four_eyes_above": (TWO_DECIDE,)})
        self.world.rulebook = rules.model_copy(update={"trip": trip, "billing": billing})
        await area(self.world)
        self.people = [await member(self.world, name) for name in ("Eve", "Fay")]
        billing = billing.model_copy(update={"monthly_payers": (str(self.people[1]),)})
        self.world.rulebook = self.world.rulebook.model_copy(update={"billing": billing})
        self.cars = [await car(self.world, plate) for plate in ("B-AB 1", "B-AB 2")]

    @rule(who=people, minutes=st.sampled_from([0, 5, 9, 30, 120]))
    def drive(self, who: int, minutes: int) -> None:
        self._try(self._drive(who, minutes))

    async def _drive(self, who: int, minutes: int) -> None:
        manner, self.world.provider = self.world.provider, "accepting"
        try:
            trip_id = await started(self.world, self.people[who], self.cars[who])
        finally:
            self.world.provider = manner
        await self.world.advance(timedelta(minutes=minutes))
        await says(self.world, self.cars[who])
        await self.world.do(EndTrip(trip_id=trip_id))

    @precondition(lambda self: self._all(Charge.ReviewRequired))
    @rule(
        n=which,
        agent=agents,
        what=st.sampled_from(["approve", "correct", "waive"]),
        minutes=st.sampled_from([0, 40]),
    )
    def decide(self, n: int, agent: str, what: DecisionKind, minutes: int) -> None:
        charge_id = ChargeId(self._one(Charge.ReviewRequired, n).originator_id)
        right = Correction(duration_s=minutes * 60) if what == "correct" else None
        self._do(DecideCharge(charge_id=charge_id, decision=what, correction=right, reason="looked at it"), agent)

    @precondition(lambda self: self._all(Invoice.Issued))
    @rule(n=which, agent=agents, minor=st.sampled_from([None, 1, 100, 900]))
    def credit(self, n: int, agent: str, minor: int | None) -> None:
        issued = self._one(Invoice.Issued, n)
        charge_id = issued.charges[n % len(issued.charges)].charge_id if minor is not None and n % 3 else None
        self._do(
            CreditInvoice(
                credit_note_id=derived_id("note", len(self.world.store.log)),
                invoice_id=InvoiceId(issued.originator_id),
                charge_id=charge_id,
                amount=None if minor is None else Money(amount_minor=minor, currency=DOUBTFUL.currency),
                reason="goodwill",
            ),
            agent,
        )

    @rule(twice=st.booleans())
    def the_month_is_billed(self, *, twice: bool) -> None:
        self._run(self.world.advance(timedelta(days=31)))
        waiting = [charge for charge in self._charges() if charge.state == "waiting"]
        if not waiting:
            return
        month = f"{self.world.now() - timedelta(days=25):%Y-%m}"
        for part in (waiting, waiting[-1:]) if twice else (waiting,):
            ids = tuple(ChargeId(charge.id) for charge in part)
            who, seller = waiting[0].payer_id, waiting[0].seller_id
            self._do(BillMonth(month=month, payer_id=who, seller_id=seller, charge_ids=ids))

    @precondition(lambda self: self._all(Invoice.Issued))
    @rule(n=which, token=st.sampled_from([None, "tok_other"]))
    def charge_again(self, n: int, token: str | None) -> None:
        invoice_id = InvoiceId(self._one(Invoice.Issued, n).originator_id)
        self._do(RetryCharge(invoice_id=invoice_id, method_id=token))

    @precondition(lambda self: self._all(CreditNote.Issued))
    @rule(n=which)
    def refund_again(self, n: int) -> None:
        self._do(RetryRefund(credit_note_id=self._one(CreditNote.Issued, n).originator_id))

    @precondition(lambda self: self._all(CreditNote.Issued))
    @rule(n=which, reference=st.sampled_from(["SEPA 1", "SEPA 2"]))
    def pay_by_other_means(self, n: int, reference: str) -> None:
        note_id = self._one(CreditNote.Issued, n).originator_id
        self._do(RecordRefundByOtherMeans(credit_note_id=note_id, reference=reference, reason="the card is closed"))

    @precondition(lambda self: self._all(Invoice.Issued))
    @rule(n=which, agent=agents, minor=st.sampled_from([1, 300, 900, 5_000]), named=st.booleans(), twice=st.booleans())
    def transfer(self, n: int, agent: str, minor: int, *, named: bool, twice: bool) -> None:
        issued = self._one(Invoice.Issued, n)
        amount = Money(amount_minor=minor, currency=issued.gross.currency)
        reference = f"bank {len(self._all(Transfer.Reported)) - twice}"
        facts: dict[str, Any] = {
            "transfer_id": Transfer.id_of("DE02", reference, amount),
            "seller_id": issued.seller.id,
            "reference": reference,
            "amount": amount,
            "value_on": self.world.now().date(),
            "invoice_id": issued.originator_id,
        }
        self._do(RecordTransfer(**facts) if named else AssignTransfer(**facts, reason="looked at it"), agent)

    @precondition(lambda self: self._all(Transfer.Reported))
    @rule(n=which)
    def bank_takes_back(self, n: int) -> None:
        transfer_id, today = self._one(Transfer.Reported, n).originator_id, self.world.now().date()
        self._do(TakeBackTransfer(transfer_id=transfer_id, reference="bank back", value_on=today))

    @precondition(lambda self: self._all(Transfer.Reported))
    @rule(n=which)
    def pay_back_what_was_too_much(self, n: int) -> None:
        transfer_id = self._one(Transfer.Reported, n).originator_id
        self._do(RecordTransferPaidBack(transfer_id=transfer_id, reference="SEPA 3", reason="it was too much"))

    @rule(manner=st.sampled_from(["accepting", "declining", "silent"]))
    def change_provider(self, manner: ProviderManner) -> None:
        self.world.provider = manner

    @rule()
    def late_answers(self) -> None:
        self._run(self.world.answer_payments())

    @rule(by=st.sampled_from([timedelta(minutes=50), timedelta(hours=20), timedelta(days=4)]))
    def time_passes(self, by: timedelta) -> None:
        self._run(self.world.advance(by))

    @invariant()
    def the_laws_hold(self) -> None:
        broken = self._broken(finished=False)
        assert {name: said for name, said in broken.items() if name in AT_ANY_TIME} == {}

    @invariant()
    def a_refund_that_nobody_asks_for_again_is_found_and_no_other(self) -> None:
        given_up = [
            refund
            for payment in self._payments()
            for note_id, refund in payment.refunds.items()
            if refund.is_refused and self._last_failure(payment.id, note_id).retry_at is None
        ]
        owed = [
            refund
            for transfer in self._transfers()
            for item, refund in transfer.refunds.items()
            if refund.is_refused and item != transfer.id
        ]
        assert ("refund_is_accounted_for" in self._broken(finished=False)) is bool(given_up or owed)

    @invariant()
    def who_owes_what_could_not_be_charged_and_only_they_are_in_arrears(self) -> None:
        failed = self._ever_unpaid()
        unpaid = [i for i in map(self._invoice, failed) if i.due]
        for who in self.people:
            mine = {invoice.id for invoice in unpaid if invoice.payer_id == who}
            assert set(self._run(self.world.store.load(Member, who)).arrears) == mine

    @invariant()
    def what_is_not_settled_and_nothing_else_is_an_open_item_of_its_payer(self) -> None:
        open_items: dict[UUID, set[UUID]] = {who: set() for who in self.people}
        for charge in self._charges():
            open_items[charge.payer_id] |= {charge.id} if charge.state == "in_review" else set()
            is_paid = charge.invoice_id is not None and not self._invoice(charge.invoice_id).due
            open_items[charge.payer_id] |= set() if is_paid or charge.state == "waived" else {charge.subject_id}
        for invoice in map(self._invoice, self._ever_unpaid()):
            open_items[invoice.payer_id] |= {invoice.id} if invoice.due else set()
        for payment in self._payments():
            open_items[payment.payer_id] |= {note for note, part in payment.refunds.items() if not part.is_back}
        for transfer in self._transfers():
            if transfer.payer_id is not None:
                open_items[transfer.payer_id] |= {id for id, part in transfer.refunds.items() if not part.is_back}
        for who in self.people:
            assert set(self._run(self.world.store.load(Member, who)).open_items) == open_items[who]

    @invariant()
    def a_charge_stands_on_the_invoice_that_it_names_and_on_no_other(self) -> None:
        standing = [(one.charge_id, e.originator_id) for e in self._all(Invoice.Issued) for one in e.charges]
        named = [(charge.id, charge.invoice_id) for charge in self._charges() if charge.state == "billed"]
        assert sorted(standing) == sorted(named)

    @invariant()
    def a_charge_in_review_has_taken_nothing(self) -> None:
        for charge in self._charges():
            asked = {e.originator_id for e in self._all(Payment.CaptureRequested)}
            assert charge.state != "in_review" or (charge.payment_id not in asked and charge.invoice_id is None)

    @invariant()
    def what_an_invoice_has_received_is_what_its_payments_and_transfers_brought(self) -> None:
        for issued in self._all(Invoice.Issued):
            invoice, zero = self._invoice(issued.originator_id), Money.zero(issued.gross.currency)
            brought = [e.amount for e in self._all(Payment.Captured) if e.invoice_id == invoice.id]
            transfers = [one for one in self._transfers() if one.invoice_id == invoice.id and not one.taken_back]
            brought += [transfer.amount for transfer in transfers]
            back = [e.amount for e in self._refunds_of(invoice)]
            given = Money.total(brought, zero.currency) - Money.total(back, zero.currency)
            assert (invoice.paid or zero) == given

    @invariant()
    def the_books_say_of_each_invoice_what_its_payer_owes_or_is_owed(self) -> None:
        books: dict[UUID, int] = defaultdict(int)
        surplus = 0
        for event in self._all(DomainEvent):
            for entry in entries_of(event):
                minor = entry.amount.amount_minor
                assert minor > 0
                of = self._invoice_of(event)
                books[of] += minor * ((entry.debit == "receivables") - (entry.credit == "receivables"))
                surplus += minor * ((entry.credit == "owed_to_payers") - (entry.debit == "owed_to_payers"))
        for issued in self._all(Invoice.Issued):
            invoice = self._invoice(issued.originator_id)
            owed = [one for p in self._payments() if p.invoice_id == invoice.id for one in p.refunds.values()]
            mine = [one for one in self._transfers() if one.invoice_id == invoice.id and not one.taken_back]
            owed += [refund for one in mine for id, refund in one.refunds.items() if id != one.id]
            waiting = sum(refund.amount.amount_minor for refund in owed if not refund.is_back)
            assert books[invoice.id] == invoice.due.amount_minor - waiting, invoice.number
        left = [one.refunds[one.id] for one in self._transfers() if one.id in one.refunds and not one.taken_back]
        assert surplus == sum(refund.amount.amount_minor for refund in left if not refund.is_back)

    def _invoice_of(self, event: DomainEvent) -> UUID:
        """To which invoice an entry of the books belongs."""
        if isinstance(event, Invoice.Issued):
            return event.originator_id
        notes = {note.originator_id: note.invoice_id for note in self._all(CreditNote.Issued)}
        if isinstance(event, CreditNote.Issued):
            return event.invoice_id
        if (note_id := getattr(event, "credit_note_id", None)) is not None:
            return notes[note_id]
        if (invoice_id := getattr(event, "invoice_id", None)) is not None:
            return UUID(str(invoice_id))
        known = {one.originator_id: one.invoice_id for one in self._all(Transfer.Received)}
        return known.get(event.originator_id, event.originator_id)

    @invariant()
    def nothing_that_follows_is_refused(self) -> None:
        assert self.world.refused_reactions == []

    def teardown(self) -> None:
        self.world.provider = "accepting"
        self._run(self.world.answer_payments())
        self._run(self.world.advance(timedelta(days=30)))
        for event in self._all(Charge.ReviewRequired):
            for agent in ("dan", "eli"):
                decision = DecideCharge(
                    charge_id=ChargeId(event.originator_id), decision="approve", reason="closing the books"
                )
                self._do(decision, agent)
        self.the_month_is_billed(twice=True)
        self._run(self.world.answer_payments())
        for note in self._all(CreditNote.Issued):
            self._do(RetryRefund(credit_note_id=note.originator_id))
        for transfer in self._transfers():
            reference = {"reference": "SEPA 4", "reason": "closing the books"}
            self._do(RecordTransferPaidBack(transfer_id=transfer.id, **reference))
            for note_id in {*transfer.refunds} - {transfer.id}:
                self._do(RecordRefundByOtherMeans(credit_note_id=note_id, **reference))
        for issued in self._all(Invoice.Issued):
            self._do(RetryCharge(invoice_id=InvoiceId(issued.originator_id)))
        assert self._broken(finished=True) == {}
        assert all(not self._invoice(issued.originator_id).due for issued in self._all(Invoice.Issued))
        self.runner.close()

    def _broken(self, *, finished: bool) -> dict[str, list[str]]:
        """What breaks which law by now."""
        for recorded in self.world.store.log[self.seen :]:
            self.laws.observe(recorded)
        self.seen = len(self.world.store.log)
        return {name: result.broken for name, result in self.laws.report(finished).items() if result.broken}

    def _all(self, kind: type[E]) -> Sequence[E]:
        return self.world.events(kind)

    def _one(self, kind: type[E], n: int) -> E:
        found = self._all(kind)
        return found[n % len(found)]

    def _last_failure(self, payment_id: UUID, note_id: UUID) -> Payment.RefundFailed:
        return [
            e for e in self._all(Payment.RefundFailed) if (e.originator_id, e.credit_note_id) == (payment_id, note_id)
        ][-1]

    def _invoice(self, invoice_id: UUID) -> Invoice:
        found: Invoice = self._run(self.world.store.load(Invoice, invoice_id))
        return found

    def _charges(self) -> list[Charge]:
        return [self._run(self.world.store.load(Charge, e.originator_id)) for e in self._all(Charge.Raised)]

    def _payments(self) -> list[Payment]:
        ids = {event.originator_id for event in self._all(Payment.RefundRequested)}
        return [self._run(self.world.store.load(Payment, payment_id)) for payment_id in ids]

    def _transfers(self) -> list[Transfer]:
        return [self._run(self.world.store.load(Transfer, e.originator_id)) for e in self._all(Transfer.Reported)]

    def _ever_unpaid(self) -> set[UUID]:
        taken_back = {
            e.originator_id
            for e in self._all(Invoice.TransferTakenBack)
            if self._invoice(e.originator_id).payment_failed
        }
        return {e.originator_id for e in self._all(Invoice.PaymentFailed)} | taken_back

    def _refunds_of(self, invoice: Invoice) -> list[Refund]:
        """What its credit notes give back, and what came too much by transfer."""
        payments = [self._run(self.world.store.load(Payment, id)) for id in invoice.payment_ids]
        by_card = [refund for payment in payments for refund in payment.refunds.values()]
        transfers = [transfer for transfer in self._transfers() if transfer.invoice_id == invoice.id]
        return by_card + [refund for transfer in transfers for refund in transfer.refunds.values()]

    def _do(self, command: Command, agent: str = "ada") -> None:
        self._try(self.world.do(command, actor=Actor(role=Role.AGENT, id=agent)))

    def _try(self, attempt: Coroutine[Any, Any, Any]) -> None:
        try:
            self._run(attempt)
        except RefusedError:
            self._run(self.world.settle())

    def _run(self, what: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(what)


TestMoney = MoneyMoves.TestCase
TestMoney.settings = settings(max_examples=80, stateful_step_count=30)
