"""The simulated provider: what any payment gateway must do, and that it remembers."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.payments.simulated import (
    BRANDS,
    CAPTURE_TOLERANCE_PERCENT,
    DECLINES,
    Entry,
    SimulatedPaymentProvider,
    refusal,
)
from domain.kernel.ids import PaymentId
from domain.kernel.money import Currency, Money
from domain.kernel.payment_port import MethodDetails
from domain.kernel.policy import AskPaymentProvider

PAYMENT = PaymentId(UUID(int=1))


def ask(operation: str, amount: int, payment: PaymentId = PAYMENT) -> AskPaymentProvider:
    money = Money(amount_minor=amount, currency=Currency.EUR)
    asked = {"payment_id": payment, "payer_id": uuid4(), "method_id": "1", "operation": operation, "amount": money}
    return AskPaymentProvider.model_validate(asked | {"service": "a", "asked_at": datetime(2026, 3, 2, tzinfo=UTC)})


@pytest.fixture
def provider(pool: asyncpg.Pool) -> SimulatedPaymentProvider:
    return SimulatedPaymentProvider(pool)


@pytest.fixture
def payment() -> PaymentId:
    return PaymentId(uuid4())


async def test_what_is_held_can_be_captured(provider: SimulatedPaymentProvider, payment: PaymentId) -> None:
    held = await provider.perform(ask("hold", 5000, payment), token="tok_good", idempotency_key=f"{payment}h")
    captured = await provider.perform(ask("capture", 1234, payment), token="tok_good", idempotency_key=f"{payment}c")
    assert held.accepted
    assert captured.accepted
    assert held.reference != captured.reference


async def test_one_key_is_carried_out_once_even_by_another_process(
    pool: asyncpg.Pool, provider: SimulatedPaymentProvider, payment: PaymentId
) -> None:
    first = await provider.perform(ask("hold", 5000, payment), token="tok_good", idempotency_key=f"{payment}h")
    again = await SimulatedPaymentProvider(pool).perform(
        ask("hold", 5000, payment), token="tok_good", idempotency_key=f"{payment}h"
    )
    assert again == first
    assert await pool.fetchval("select count(*) from csbe.provider_operations where payment_id = $1", payment) == 1


async def test_one_key_for_another_request_is_declined(provider: SimulatedPaymentProvider, payment: PaymentId) -> None:
    await provider.perform(ask("hold", 5000, payment), token="tok_good", idempotency_key=f"{payment}h")
    other = await provider.perform(ask("hold", 9000, payment), token="tok_good", idempotency_key=f"{payment}h")
    assert other.decline_code == "idempotency_key_reused"


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("tok_decline_visa", "card_declined"),
        ("tok_insufficient", "insufficient_funds"),
        ("tok_expired", "expired_card"),
    ],
)
async def test_the_token_decides_on_a_decline(
    provider: SimulatedPaymentProvider, payment: PaymentId, token: str, code: str
) -> None:
    answer = await provider.perform(ask("hold", 5000, payment), token=token, idempotency_key=f"{payment}h")
    assert (answer.accepted, answer.decline_code) == (False, code)


async def test_a_card_may_be_good_for_the_hold_and_fail_at_capture(
    provider: SimulatedPaymentProvider, payment: PaymentId
) -> None:
    method = "tok_decline_capture"
    assert (await provider.perform(ask("hold", 5000, payment), token=method, idempotency_key=f"{payment}h")).accepted
    captured = await provider.perform(ask("capture", 100, payment), token=method, idempotency_key=f"{payment}c")
    assert captured.decline_code == "card_declined"


async def test_a_card_may_refuse_a_refund_for_good_or_twice(provider: SimulatedPaymentProvider) -> None:
    heard = {}
    for method in ("tok_decline_refund", "tok_decline_refund_twice"):
        payment = PaymentId(uuid4())
        for operation in ("hold", "capture"):
            await provider.perform(ask(operation, 100, payment), token=method, idempotency_key=f"{payment}{operation}")
        asked = [
            await provider.perform(ask("refund", 100, payment), token=method, idempotency_key=f"{payment}{n}")
            for n in range(3)
        ]
        heard[method] = [answer.decline_code for answer in asked]

    assert heard == {
        "tok_decline_refund": ["card_closed"] * 3,
        "tok_decline_refund_twice": ["card_closed", "card_closed", None],
    }


async def test_a_card_that_wants_confirmation_is_good_while_its_owner_is_there(
    provider: SimulatedPaymentProvider, payment: PaymentId
) -> None:
    later = await provider.perform(ask("hold", 5000, payment), token="tok_confirm", idempotency_key=f"{payment}1")
    present = ask("hold", 5000, payment).model_copy(update={"on_session": True})
    now = await provider.perform(present, token="tok_confirm", idempotency_key=f"{payment}2")
    assert (later.decline_code, now.accepted) == ("authentication_required", True)


def entry(operation: str, amount: int) -> Entry:
    return Entry(operation, amount, "EUR")


@pytest.mark.parametrize(
    ("books", "request_", "code"),
    [
        ([], ask("capture", 1), "no_hold"),
        ([], ask("release", 1), "no_hold"),
        ([], ask("refund", 1), "nothing_captured"),
        ([entry("hold", 100)], ask("hold", 100), "already_held"),
        ([entry("hold", 100)], ask("capture", 116), "exceeds_hold"),
        ([entry("hold", 100)], ask("capture", 115), None),
        ([entry("hold", 100), entry("release", 100)], ask("capture", 1), "hold_released"),
        ([entry("hold", 100), entry("release", 100)], ask("release", 100), "already_released"),
        ([entry("hold", 100), entry("capture", 50)], ask("release", 100), "already_captured"),
        ([entry("hold", 100), entry("capture", 50)], ask("refund", 51), "exceeds_captured"),
        ([Entry("hold", 100, "USD")], ask("capture", 50), "currency_mismatch"),
    ],
)
def test_the_books_allow_only_what_was_held(books: list[Entry], request_: AskPaymentProvider, code: str | None) -> None:
    assert refusal(books, request_) == code


@given(st.lists(st.tuples(st.sampled_from(["hold", "capture", "release", "refund"]), st.integers(0, 300)), max_size=12))
def test_never_more_is_captured_than_held_nor_more_refunded_than_captured(asked: list[tuple[str, int]]) -> None:
    books: list[Entry] = []
    for operation, amount in asked:
        if refusal(books, ask(operation, amount)) is None:
            books.append(entry(operation, amount))
    total = {name: sum(e.amount_minor for e in books if e.operation == name) for name in ("hold", "capture", "refund")}
    assert total["capture"] <= total["hold"] * (100 + CAPTURE_TOLERANCE_PERCENT) / 100
    assert total["refund"] <= total["capture"]


@pytest.mark.parametrize(
    ("token", "details"),
    [
        ("tok_visa", MethodDetails("visa", None, None, None)),
        ("tok_4242", MethodDetails(None, None, None, "tok_4242")),
        ("tok_mastercard_4242_again", MethodDetails("mastercard", None, None, "tok_mastercard_4242")),
        ("tok_visa_prepaid", MethodDetails("visa", True, None, None)),
        ("tok_visa_until_2028_02", MethodDetails("visa", None, date(2028, 2, 29), "tok_visa_until_2028_02")),
        ("tok_lost", None),
    ],
    ids=str,
)
async def test_what_is_behind_a_token_is_told_by_its_words(
    provider: SimulatedPaymentProvider, token: str, details: MethodDetails | None
) -> None:
    assert await provider.describe(token) == details


def test_the_page_lists_every_token_that_declines_and_every_brand() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "simulated-payments.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]

    declining = {token for row in rows for token in re.findall("`(tok_[a-z_]+)`", row) if "can be held" in row}

    assert declining == DECLINES.keys()
    assert {token for row in rows for token in re.findall("`tok_([a-z]+)`", row)} >= BRANDS
