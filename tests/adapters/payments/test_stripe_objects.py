"""What Stripe's real objects say, of several years: as the page beside them tells."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.payments.stripe.amounts import NotUnderstoodError, of_stripe, to_stripe
from adapters.payments.stripe.objects import (
    decline_code,
    details_of,
    news_of_dispute,
    news_of_intent,
    news_of_refund,
    status_of,
)
from domain.kernel.money import Currency, Money
from domain.kernel.payment_port import PaymentNews

REAL = Path(__file__).parents[2] / "data" / "stripe_objects"
NOTE = UUID(int=7)


def of_event(name: str) -> dict[str, Any]:
    thing: dict[str, Any] = json.loads((REAL / "events" / f"{name}.json").read_bytes())["data"]["object"]
    return thing


def said(news: PaymentNews | None) -> tuple[str, int, str | None] | None:
    return news and (news.state, news.amount.amount_minor, news.decline_code)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("amount_capturable_updated", ("held", 2000, None)),
        ("canceled", ("lost", 2000, "requested_by_customer")),
        ("created", None),
        ("payment_failed", ("declined", 2000, "card_declined")),
        ("processing", None),
        ("requires_action", ("unconfirmed", 2000, None)),
        ("succeeded", ("captured", 2000, None)),
    ],
)
def test_how_a_payment_stands(name: str, expected: tuple[str, int, str | None] | None) -> None:
    assert said(news_of_intent(of_event(f"payment_intent.{name}"))) == expected


def test_only_an_app_can_confirm_what_has_no_page() -> None:
    news = news_of_intent(of_event("payment_intent.requires_action"))
    assert news is not None
    assert news.confirm_link == ""


def test_an_inquiry_has_taken_nothing_and_tells_until_when_evidence_counts() -> None:
    news = news_of_dispute(of_event("charge.dispute.created"))
    assert news is not None
    assert news.dispute is not None
    assert (news.dispute.stage, news.dispute.taken.amount_minor) == ("inquiry", 0)
    assert news.dispute.evidence_due_at == datetime.fromtimestamp(1649116799, UTC)


@pytest.mark.parametrize(("name", "stage", "taken"), [("closed", "won", 0), ("updated", "open", 1000)])
def test_disputes_of_an_old_shape_are_read(name: str, stage: str, taken: int) -> None:
    news = news_of_dispute(of_event(f"charge.dispute.{name}"))
    assert news is not None
    assert news.dispute is not None
    assert (news.dispute.stage, news.dispute.taken.amount_minor, news.amount.amount_minor) == (stage, taken, 1000)


def test_a_fee_of_a_dispute_is_told_by_its_moves() -> None:
    moved = json.loads((REAL / "objects" / "dispute_txn_fakefakefakefake01.json").read_bytes())
    thing = {
        "id": "dp_1",
        "amount": 1000,
        "currency": "usd",
        "status": "needs_response",
        "balance_transactions": [moved],
    }
    news = news_of_dispute(thing)
    assert news is not None
    assert news.dispute is not None
    assert (news.dispute.taken.amount_minor, news.dispute.fee.amount_minor) == (1000, 1500)


RESOURCES: dict[str, Any] = json.loads((REAL / "openapi" / "resources.json").read_bytes())


def test_the_examples_of_the_published_description_are_read() -> None:
    assert news_of_intent(RESOURCES["payment_intent"]) is None, "nobody has tried to pay yet"
    assert news_of_refund(RESOURCES["refund"]) is None, "we have not asked for it"
    dispute = news_of_dispute(RESOURCES["dispute"])
    method = details_of(RESOURCES["payment_method"])
    assert dispute is not None
    assert dispute.dispute is not None
    assert (dispute.dispute.stage, dispute.dispute.taken.amount_minor) == ("inquiry", 0)
    assert method is not None
    assert method.brand == "visa"


@pytest.mark.parametrize(
    ("status", "expected"),
    [("succeeded", "refunded"), (None, "refunded"), ("failed", "refund_failed"), ("canceled", "refund_failed"),
     ("pending", None), ("requires_action", None), ("of_next_year", None)],
)  # fmt: skip
def test_how_a_refund_of_ours_stands(status: str | None, expected: str | None) -> None:
    thing = {"id": "re_1", "amount": 7, "currency": "eur", "status": status, "metadata": {"credit_note_id": str(NOTE)}}
    news = news_of_refund(thing)
    assert (news and news.state) == expected
    assert news is None or news.credit_note_id == NOTE


def test_how_much_was_taken_is_not_guessed() -> None:
    assert news_of_intent({"id": "pi_1", "amount": 7, "currency": "eur", "status": "succeeded"}) is None


def test_what_nobody_knows_yet_says_nothing() -> None:
    thing = {"id": "x", "amount": 7, "currency": "eur", "status": "of_next_year"}
    assert news_of_intent(thing) is None
    assert news_of_dispute(thing) is None


def test_statuses_of_2018_have_their_new_names() -> None:
    assert status_of({"status": "requires_source_action"}) == "requires_action"
    assert status_of({"status": "requires_source"}) == "requires_payment_method"


def test_the_reason_is_the_banks_where_it_gave_one() -> None:
    assert decline_code({"code": "card_declined", "decline_code": "insufficient_funds"}) == "insufficient_funds"
    assert decline_code({"code": "card_declined", "decline_code": "generic_decline"}) == "card_declined"
    assert decline_code({"code": "authentication_required"}) == "authentication_required"
    assert decline_code(None) == "declined"


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [(500, "JPY", (500, "jpy")), (500, "ISK", (50000, "isk")), (500, "UGX", (50000, "ugx")),
     (500, "HUF", (500, "huf")), (1230, "KWD", (1230, "kwd")), (1234, "EUR", (1234, "eur"))],
)  # fmt: skip
def test_amounts_are_written_as_stripe_wants_them(minor: int, currency: str, written: tuple[int, str]) -> None:
    money = Money(amount_minor=minor, currency={c.value: c for c in Currency}[currency])
    assert to_stripe(money) == written
    assert of_stripe(*written) == money


def test_what_stripe_cannot_take_exactly_is_not_asked() -> None:
    with pytest.raises(NotUnderstoodError):
        to_stripe(Money(amount_minor=1234, currency=Currency.KWD))


@pytest.mark.parametrize(
    ("amount", "currency"), [(7, "xof"), (7, None), (1.5, "eur"), ("7", "eur"), (None, "eur"), (150, "isk")]
)
def test_an_amount_that_is_none_is_not_guessed(amount: object, currency: object) -> None:
    with pytest.raises(NotUnderstoodError):
        of_stripe(amount, currency)


@given(st.integers(-(10**9), 10**9), st.sampled_from([*Currency]))
def test_what_is_written_is_read_back(minor: int, currency: Currency) -> None:
    money = Money(amount_minor=minor - minor % 10, currency=currency)
    assert of_stripe(*to_stripe(money)) == money


FIELDS = (
    "id status next_action last_payment_error metadata amount_received balance_transactions"
    " evidence_details reason card type failure_reason"
)
SIMPLE = st.none() | st.booleans() | st.integers() | st.text()
SHAPES = SIMPLE | st.lists(st.integers()) | st.dictionaries(st.text(), st.text())


@given(st.dictionaries(st.sampled_from(FIELDS.split()), SHAPES))
def test_whatever_shape_comes_is_read_or_not_understood(thing: dict[str, Any]) -> None:
    for reads in (news_of_intent, news_of_refund, news_of_dispute, details_of):
        try:
            reads({"amount": 7, "currency": "eur", **thing})
        except NotUnderstoodError:
            continue
