"""A billing desk for stories: the real dispatcher and handlers over the store in memory, and a provider to play."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from domain.billing.commands import BillCharge, RequestHold
from domain.billing.handlers import HANDLERS
from domain.billing.invoice import Invoice
from domain.billing.policies import POLICIES, payment_answer
from domain.billing.pricing import Span, TripFacts
from domain.dispatcher import Dispatcher
from domain.kernel.ids import CommandId, InvoiceId, MemberId, PayerId, PaymentId, TripId, derived_id
from domain.kernel.messages import Actor, Command, Metadata, Role
from domain.kernel.money import Currency, Money
from domain.kernel.policy import AskPaymentProvider, SendMessage
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
        self._answered = 0

    def now(self) -> datetime:
        return self.at

    def _fresh(self) -> UUID:
        return derived_id("desk", next(self._number))

    async def do(self, command: Command, actor: str = "agent-7") -> None:
        metadata = Metadata(
            command_id=CommandId(self._fresh()),
            command=command.NAME,
            actor=Actor(role=Role.AGENT, id=actor),
            service=self.service,
            correlation_id=self._fresh(),
        )
        await self.dispatcher.dispatch(command, metadata)

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
                method_token=token,
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
            method_token=token,
        )

    async def provider_answers(self, *, accepted: bool = True) -> list[str]:
        """Let the provider answer until policies ask it nothing more; tells what was asked."""
        asked = []
        while requests := self._requests():
            for request in requests:
                asked.append(f"{request.operation} {request.amount}")
                code = None if accepted else "card_declined"
                await self.do(payment_answer(request, accepted, "ref-1", code))
        return asked

    def _requests(self) -> list[AskPaymentProvider]:
        reactions = [*self._reactions()]
        self.told += [r for r in reactions if isinstance(r, SendMessage)]
        return [r for r in reactions if isinstance(r, AskPaymentProvider)]

    def _reactions(self) -> Iterator[AskPaymentProvider | SendMessage]:
        fresh, self._answered = self.store.log[self._answered :], len(self.store.log)
        for recorded in fresh:
            for policy in POLICIES.get(type(recorded.event), ()):
                for reaction in policy(recorded, recorded.event):
                    assert isinstance(reaction, AskPaymentProvider | SendMessage)
                    yield reaction

    async def invoice(self, invoice_id: UUID) -> Invoice:
        return await self.store.load(Invoice, invoice_id)

    def events(self, event_class: type[E]) -> list[E]:
        return [r.event for r in self.store.log if isinstance(r.event, event_class)]


def euros(amount: str) -> Money:
    """So many EUR."""
    return Money.rounded(Decimal(amount), Currency.EUR)
