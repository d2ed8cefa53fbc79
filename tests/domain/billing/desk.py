"""A billing desk for stories: the real dispatcher and handlers over the store in memory, and a provider to play."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from domain.billing.charge import Charge
from domain.billing.commands import BillCharge, DecideCharge, DecisionKind, RequestHold
from domain.billing.correction import Correction
from domain.billing.handlers import HANDLERS
from domain.billing.invoice import Invoice
from domain.billing.policies import POLICIES, payment_answer
from domain.billing.pricing import Span, TripFacts
from domain.dispatcher import CommandResult, Dispatcher
from domain.kernel.ids import ChargeId, CommandId, InvoiceId, MemberId, PayerId, PaymentId, TripId, derived_id
from domain.kernel.messages import Actor, Command, Metadata, Role
from domain.kernel.money import Currency, Money
from domain.kernel.policy import AskPaymentProvider, DestroyKey, Scheduled, SendMessage
from domain.rental.trip import Trip
from domain.rulebook.tariff import Quote
from tests.support.memory_store import MemoryStore
from tests.support.services import RULEBOOKS, GivenRulebooks

E = TypeVar("E")

NOON = datetime(2021, 6, 1, 12, tzinfo=UTC)


class Desk:
    """One trip by one member in one service; `at` is the time at which everything happens.

    The member pays, and the city's legal entity sells, unless a story says otherwise."""

    def __init__(self, service: str = "drivenow-europe", city: str = "berlin", model: str = "MINI 3-Door") -> None:
        self.at = NOON
        self.store = MemoryStore()
        self.service, self.city, self.model = service, city, model
        self._number = count()
        self.member_id = MemberId(self._fresh())
        self.payer_id = PayerId(self.member_id)
        self.seller_id: str | None = None
        self.rulebooks = GivenRulebooks()
        self.dispatcher = Dispatcher(self.store, self, self.rulebooks, HANDLERS)
        self.told: list[SendMessage] = []
        """What the payer was told, once the provider has answered."""
        self.scheduled: list[Scheduled] = []
        """What is due later."""
        self.asked: list[AskPaymentProvider] = []
        """What the provider has yet to answer."""
        self._answered = 0

    def now(self) -> datetime:
        return self.at

    def _fresh(self) -> UUID:
        return derived_id("desk", next(self._number))

    async def do(self, command: Command, actor: str = "agent-7") -> CommandResult:
        metadata = Metadata(
            command_id=CommandId(self._fresh()),
            command=command.NAME,
            actor=Actor(role=Role.AGENT, id=actor),
            service=self.service,
            correlation_id=self._fresh(),
        )
        return await self.dispatcher.dispatch(command, metadata)

    async def hold(self, amount: str = "30", token: str = "tok_visa") -> tuple[TripId, PaymentId]:  # noqa: S107
        trip_id, payment_id = TripId(self._fresh()), PaymentId(self._fresh())
        money = euros(amount)
        await self.do(
            RequestHold(
                payment_id=payment_id,
                payer_id=self.payer_id,
                subject_kind=Trip.TOPIC,
                subject_id=trip_id,
                amount=money,
                method_id=token,
            )
        )
        return trip_id, payment_id

    async def price(self, trip_id: TripId, payment_id: PaymentId, **facts: Any) -> InvoiceId:
        await self.do(self.bill_trip(trip_id, payment_id, **facts))
        return Invoice.id_of(Trip.TOPIC, trip_id)

    def bill_trip(
        self, trip_id: TripId, payment_id: PaymentId, *, minutes: int = 10, token: str | None = None
    ) -> BillCharge:
        rulebook = RULEBOOKS[self.service]
        tariff = rulebook.tariff(self.city, self.model, self.at)
        started_at = self.at - timedelta(minutes=minutes)
        return BillCharge(
            subject_kind=Trip.TOPIC,
            subject_id=trip_id,
            member_id=self.member_id,
            payer_id=self.payer_id,
            seller_id=self.seller_id or rulebook.city(self.city).legal_entity.id,
            payment_id=payment_id,
            quote=Quote.of(tariff, city_id=self.city, model=self.model, at=started_at),
            facts=TripFacts(started_at=started_at, spans=(Span(phase="driving", seconds=minutes * 60),)),
            method_id=token,
        )

    async def decide(
        self, charge_id: ChargeId, decision: DecisionKind, actor: str = "agent-7", **correction: Any
    ) -> CommandResult:
        """With keywords, what is true instead."""
        right = Correction(**correction) if correction else None
        reason = "the member sent a photo"
        command = DecideCharge(charge_id=charge_id, decision=decision, correction=right, reason=reason)
        return await self.do(command, actor)

    async def time_passes(self, by: timedelta) -> None:
        """What falls due on the way is done; the provider answers what it asks for by `provider_answers`."""
        until = self.at + by
        while later := self._next_due(until):
            self.scheduled.remove(later)
            self.at = max(self.at, later.due_at)
            await self.do(later.command, "policies")
        self.at = until

    def _next_due(self, until: datetime) -> Scheduled | None:
        self._look()
        return min((s for s in self.scheduled if s.due_at <= until), key=lambda s: s.due_at, default=None)

    async def provider_answers(self, *, accepted: bool = True) -> list[str]:
        """Let the provider answer until policies ask it nothing more; tells what was asked."""
        asked = []
        while requests := self.taken():
            for request in requests:
                asked.append(f"{request.operation} {request.amount}")
                await self.answer(request, accepted=accepted)
        return asked

    async def answer(self, request: AskPaymentProvider, *, accepted: bool = True) -> None:
        """The provider's word on one thing that it was asked for."""
        await self.do(payment_answer(request, accepted, "ref-1", None if accepted else "card_declined"))

    def _look(self) -> None:
        """Take in what policies want by now."""
        reactions = [*self._reactions()]
        self.told += [r for r in reactions if isinstance(r, SendMessage)]
        self.scheduled += [r for r in reactions if isinstance(r, Scheduled)]
        self.asked += [r for r in reactions if isinstance(r, AskPaymentProvider)]

    def taken(self) -> list[AskPaymentProvider]:
        """What the provider is asked for now, taken over to be answered one by one."""
        self._look()
        requests, self.asked = self.asked, []
        return requests

    def _reactions(self) -> Iterator[AskPaymentProvider | SendMessage | Scheduled | DestroyKey]:
        fresh, self._answered = self.store.log[self._answered :], len(self.store.log)
        for recorded in fresh:
            for policy in POLICIES.get(type(recorded.event), ()):
                for reaction in policy(recorded, recorded.event):
                    assert isinstance(reaction, AskPaymentProvider | SendMessage | Scheduled | DestroyKey)
                    yield reaction

    async def charge(self, subject_id: UUID, subject_kind: str = Trip.TOPIC) -> Charge:
        return await self.store.load(Charge, Charge.id_of(subject_kind, subject_id))

    async def invoice(self, invoice_id: UUID) -> Invoice:
        return await self.store.load(Invoice, invoice_id)

    def events(self, event_class: type[E]) -> list[E]:
        return [r.event for r in self.store.log if isinstance(r.event, event_class)]


def euros(amount: str) -> Money:
    """So many EUR."""
    return Money.rounded(Decimal(amount), Currency.EUR)
