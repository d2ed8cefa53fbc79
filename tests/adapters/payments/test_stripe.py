"""Stripe behind the port, by a peer that fails in every way that Stripe's documents tell of."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from adapters.payments.stripe.book import StripeBook
from adapters.payments.stripe.provider import StripePaymentProvider
from domain.kernel.ids import PaymentId
from domain.kernel.money import Currency, Money
from domain.kernel.payment_port import MethodDetails, PaymentAnswer
from domain.kernel.policy import AskPaymentProvider, LookUpPayment
from domain.kernel.ports import GatewayUnavailableError
from tests.support.clocks import MovableClock
from tests.support.stripe_peer import Fault, StripePeer

NOTE, VISA = UUID(int=7), "pm_visa"


class Till:
    """Asks as the job worker does: under the same key until there is an answer."""

    def __init__(self, pool: asyncpg.Pool, stripe: StripePeer) -> None:
        self.stripe, self.clock, self.payment_id = stripe, MovableClock(), PaymentId(uuid4())
        self.provider = StripePaymentProvider(
            "sk_test_1", StripeBook(pool), self.clock, return_url="https://app.example", url=stripe.url
        )
        self.asked_at = self.clock.now()

    def request(self, operation: str, minor: int, *, on_session: bool = False) -> AskPaymentProvider:
        return AskPaymentProvider.model_validate(
            {
                "payment_id": self.payment_id,
                "operation": operation,
                "amount": Money(amount_minor=minor, currency=Currency.EUR),
                "payer_id": uuid4(),
                "method_id": "1",
                "service": "berlin-service",
                "asked_at": self.asked_at,
                "on_session": on_session,
                "credit_note_id": NOTE if operation == "refund" else None,
            }
        )

    async def once(self, operation: str, minor: int, token: str | None = VISA, *, key: str = "") -> PaymentAnswer:
        asked = self.request(operation, minor)
        return await self.provider.perform(asked, token=token, idempotency_key=key or f"{operation}-{self.payment_id}")

    async def ask(self, operation: str, minor: int, token: str | None = VISA, *, key: str = "") -> PaymentAnswer:
        for _ in range(3):
            try:
                return await self.once(operation, minor, token, key=key)
            except GatewayUnavailableError:
                continue
        raise AssertionError("there is no answer to the third try")

    @property
    def statuses(self) -> list[str]:
        return [intent["status"] for intent in self.stripe.intents.values()]

    @property
    def intent_id(self) -> str:
        return next(iter(self.stripe.intents))


@pytest.fixture
async def till(pool: asyncpg.Pool) -> AsyncIterator[Till]:
    async with StripePeer().listening() as stripe:
        yield Till(pool, stripe)


async def test_what_is_held_is_captured_in_part_and_given_back_in_two_parts(till: Till) -> None:
    await till.provider.describe("pm_visa")

    held = await till.ask("hold", 5000)
    captured = await till.ask("capture", 1234)
    back = [await till.ask("refund", 600, key="a"), await till.ask("refund", 634, None, key="b")]

    assert [held.accepted, captured.accepted, *(answer.accepted for answer in back)] == [True] * 4
    assert till.stripe.intents[held.reference]["amount_received"] == 1234
    assert till.stripe.intents[held.reference]["customer"] == till.stripe.customers["pm_visa"]
    assert [refund["metadata"]["credit_note_id"] for refund in till.stripe.refunds.values()] == [str(NOTE)] * 2


async def test_a_hold_is_given_back_though_its_payer_is_erased(till: Till) -> None:
    await till.ask("hold", 5000)
    assert (await till.ask("release", 5000, None)).accepted
    assert till.statuses == ["canceled"]


@pytest.mark.parametrize(
    ("token", "code"), [("pm_poor", "insufficient_funds"), ("pm_3ds", "authentication_required"), ("pm_lost", None)]
)
async def test_a_decline_is_an_answer_with_the_banks_reason(till: Till, token: str, code: str | None) -> None:
    answer = await till.once("hold", 5000, token)
    assert (answer.accepted, answer.decline_code) == (False, code or "resource_missing")


async def test_a_payer_who_is_there_is_asked_to_confirm(till: Till) -> None:
    asked = till.request("hold", 5000, on_session=True)
    answer = await till.provider.perform(asked, token="pm_3ds", idempotency_key="a")
    assert answer == PaymentAnswer(
        False, till.intent_id, pending=True, confirm_link=f"https://bank.example/{till.intent_id}"
    )

    till.stripe.confirm(till.intent_id)
    news = await till.provider.look_up(
        LookUpPayment(payment_id=till.payment_id, about="payment", reference=till.intent_id)
    )
    assert news is not None
    assert (news.state, news.amount.amount_minor) == ("held", 5000)


FAULTS: list[list[Fault]] = [
    ["fails"],
    ["fails_after"],
    ["cut_after"],
    ["busy", "in_progress"],
    ["fails", "cut_after"],
    ["cut_after", "busy"],
    ["fails", "fails_after"],
]


@pytest.mark.parametrize("faults", FAULTS, ids="-".join)
@pytest.mark.parametrize("what", ["POST payment_intents", "POST payment_intents/capture", "POST refunds"])
async def test_whatever_fails_on_the_way_money_moves_once(till: Till, what: str, faults: list[Fault]) -> None:
    await till.provider.describe("pm_visa")
    till.stripe.faults[what] = [*faults]

    answers = [await till.ask("hold", 5000), await till.ask("capture", 1234), await till.ask("refund", 600)]

    assert all(answer.accepted for answer in answers)
    assert not till.stripe.faults[what], "each fault was met"
    assert till.statuses == ["succeeded"]
    assert [refund["amount"] for refund in till.stripe.refunds.values()] == [600]


@pytest.mark.parametrize("faults", [["fails_after"], ["cut_after"]], ids="-".join)
async def test_a_release_whose_answer_is_lost_is_done(till: Till, faults: list[Fault]) -> None:
    await till.ask("hold", 5000)
    till.stripe.faults["POST payment_intents/cancel"] = [*faults]
    assert (await till.ask("release", 5000)).accepted
    assert till.statuses == ["canceled"]


async def test_what_is_asked_again_after_days_is_looked_for_first(till: Till) -> None:
    """Stripe has forgotten the keys."""
    await till.provider.describe("pm_visa")
    till.stripe.faults["POST payment_intents"] = ["cut_after"]
    with pytest.raises(GatewayUnavailableError):
        await till.once("hold", 5000)
    till.stripe.answers.clear()
    till.clock.let_pass(timedelta(days=2))

    assert (await till.once("hold", 5000)).accepted
    await till.once("capture", 1234)
    await till.once("refund", 600)
    till.stripe.answers.clear()

    assert (await till.once("capture", 1234)).accepted
    assert (await till.once("refund", 600)).accepted
    assert till.statuses == ["succeeded"]
    assert len(till.stripe.refunds) == 1


async def test_a_hold_that_has_ended_at_stripe_can_not_be_captured(till: Till) -> None:
    await till.ask("hold", 5000)
    till.stripe.end_hold(till.intent_id)
    assert (await till.once("capture", 1234)).decline_code == "hold_lost"
    assert (await till.once("release", 5000)).accepted


async def test_a_card_that_expires_between_hold_and_capture_declines(till: Till) -> None:
    assert (await till.ask("hold", 5000, "pm_expires")).accepted
    assert (await till.ask("capture", 1234)).decline_code == "expired_card"


async def test_no_more_is_given_back_than_was_captured(till: Till) -> None:
    await till.ask("hold", 5000)
    await till.ask("capture", 1234)
    assert (await till.ask("refund", 1235)).decline_code == "charge_already_refunded"
    assert not till.stripe.refunds


async def test_another_amount_that_was_captured_by_hand_is_for_an_operator(till: Till) -> None:
    await till.ask("hold", 5000)
    till.stripe.intents[till.intent_id] |= {"status": "succeeded", "amount_received": 4000}
    with pytest.raises(GatewayUnavailableError, match=r"40\.00 EUR was captured"):
        await till.once("capture", 1234)


async def test_an_answer_that_is_not_understood_is_no_decline(till: Till) -> None:
    """The money may have moved."""
    await till.ask("hold", 5000)
    till.stripe.intents[till.intent_id]["currency"] = "xof"
    with pytest.raises(GatewayUnavailableError, match="not understood"):
        await till.once("capture", 1234)
    assert till.statuses == ["succeeded"]


async def test_a_refund_that_is_under_way_is_no_answer_yet(till: Till) -> None:
    await till.ask("hold", 5000)
    await till.ask("capture", 1234)
    till.stripe.pending_refunds = True
    assert (await till.ask("refund", 600)).pending


async def test_nobody_answers_when_there_is_nobody(till: Till) -> None:
    till.provider = StripePaymentProvider(
        "sk_test_1", StripeBook(till.provider._book._pool), till.clock, return_url="x", url="http://127.0.0.1:9"
    )
    with pytest.raises(GatewayUnavailableError, match="no answer"):
        await till.once("hold", 5000)


@pytest.mark.parametrize(
    ("token", "details"),
    [
        ("pm_visa", MethodDetails("visa", prepaid=False, expires_on=None, fingerprint="f1")),
        ("pm_prepaid", MethodDetails("visa", prepaid=True, expires_on=None, fingerprint=None)),
        ("pm_google_pay", MethodDetails("mastercard", prepaid=False, expires_on=None, fingerprint=None)),
        ("pm_iban", None),
        ("pm_lost", None),
    ],
)
async def test_what_is_behind_a_token_is_told_by_stripe(till: Till, token: str, details: MethodDetails | None) -> None:
    said = await till.provider.describe(token)
    assert (said and said._replace(expires_on=None)) == details
    assert (token in till.stripe.customers) is (details is not None)
