"""Mail to members, and not to whom is erased; keys that are destroyed."""

from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock
from uuid import UUID, uuid4

import pytest

from adapters.mail.messenger import FileMessenger
from adapters.mail.sent import SentMessages
from adapters.payments.simulated import SimulatedPaymentProvider
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.identity.codes import PostgresLoginCodes
from adapters.postgres.identity.secret import LoginSecret
from api.composition.effects import Effects
from domain.billing.provider_answers import RecordDecline, RecordHold, RecordRelease
from domain.kernel.ids import MemberId, PayerId, PaymentId
from domain.kernel.money import Currency, Money
from domain.kernel.policy import AskPaymentProvider, DestroyKey, ForgetIdentifier, Operation, SendMessage
from domain.members.member import Member
from tests.api.cli.terminal import NOW, append, registered
from tests.support.clocks import MovableClock

SECRET = LoginSecret(b"secret")
CODE_ID = uuid4()


@pytest.fixture
def effects(store: PostgresEventStore, tmp_path: Path) -> Effects:
    codes, messenger = (
        PostgresLoginCodes(store.pool, SECRET),
        FileMessenger(tmp_path, SentMessages(store.pool), sender="csbe@example.org"),
    )
    return Effects(Mock(), Mock(), messenger, store, store, codes, MovableClock())


def mails(folder: Path) -> list[str]:
    return [mail.read_text() for mail in folder.glob("*.eml")]


def message(member_id: MemberId) -> SendMessage:
    return SendMessage(member_id=member_id, template="verify_email")


async def test_a_member_is_written_to_from_the_first_moment_on(
    effects: Effects, store: PostgresEventStore, tmp_path: Path
) -> None:
    ada = await registered(store)

    await effects.perform(message(MemberId(ada.id)), str(CODE_ID))

    [mail] = mails(tmp_path)
    assert "ada@example.org" in mail
    assert SECRET.code(CODE_ID) in mail


async def test_nobody_writes_to_an_erased_member(effects: Effects, store: PostgresEventStore, tmp_path: Path) -> None:
    ada = await registered(store)
    await store.erase(ada.id)

    await effects.perform(message(MemberId(ada.id)), str(CODE_ID))

    assert mails(tmp_path) == []


async def test_a_key_is_destroyed_however_often_that_is_asked_for(effects: Effects, store: PostgresEventStore) -> None:
    ada, bob = await registered(store), await registered(store)

    for key in ("1", "2"):
        await effects.perform(DestroyKey(subject=ada.id), key)

    assert (await store.load(Member, ada.id)).birth_date is None
    assert (await store.load(Member, bob.id)).birth_date is not None


@pytest.mark.parametrize(
    ("banned", "subject"), [(False, "You have an account already"), (True, "No account was opened")]
)
async def test_the_owner_of_an_address_is_told_and_gets_no_code(
    effects: Effects, store: PostgresEventStore, tmp_path: Path, *, banned: bool, subject: str
) -> None:
    ada = await registered(store)
    ada.turn_away(NOW, banned=banned)
    await append(store, ada)

    await effects.perform(message(MemberId(ada.id)), str(CODE_ID))

    [mail] = mails(tmp_path)
    assert f"Subject: {subject}" in mail
    assert SECRET.code(CODE_ID) not in mail


async def test_why_a_licence_was_turned_down_stands_in_the_mail_alone(
    effects: Effects, store: PostgresEventStore, tmp_path: Path
) -> None:
    ada = await registered(store)
    ada.trigger_event(Member.LicenceRejected, timestamp=NOW, reason="the photo shows your sister")
    await append(store, ada)

    await effects.perform(SendMessage(member_id=MemberId(ada.id), template="licence_rejected"), "1")

    [mail] = mails(tmp_path)
    assert "the photo shows your sister" in mail


async def test_nothing_leads_to_an_identifier_that_is_forgotten(effects: Effects, store: PostgresEventStore) -> None:
    id = await store.stand_in("email", "ada@example.org")

    for key in ("1", "2"):
        await effects.perform(ForgetIdentifier(identifier_id=id), key)

    assert await store.known_stand_in("email", "ada@example.org") is None


async def test_the_provider_is_given_the_token_that_is_stored_nowhere_else_and_no_hold_once_it_is_gone(
    effects: Effects, store: PostgresEventStore
) -> None:
    ada = await registered(store)
    added = {"method_id": "1", "token": "tok_visa", "brand": "visa", "prepaid": False, "expires_on": "2039-12-31"}
    ada.trigger_event(Member.PaymentMethodAdded, timestamp=NOW, **added)
    ada.trigger_event(Member.PaymentMethodRemoved, timestamp=NOW, method_id="1")
    await append(store, ada)
    paying = replace(effects, payments=SimulatedPaymentProvider(store.pool))
    hold, release = (asked(MemberId(ada.id), operation) for operation in ("hold", "release"))

    held = await paying.perform(hold, str(uuid4()))
    await store.erase(ada.id)
    refused = await paying.perform(hold.model_copy(update={"payment_id": uuid4()}), str(uuid4()))
    released = await paying.perform(release, str(uuid4()))

    assert isinstance(held, RecordHold)
    assert isinstance(refused, RecordDecline)
    assert refused.decline_code == "no_payment_method"
    assert isinstance(released, RecordRelease)


def asked(member_id: MemberId, operation: Operation) -> AskPaymentProvider:
    return AskPaymentProvider(
        service="a",
        asked_at=NOW,
        payment_id=PaymentId(UUID(int=7)),
        operation=operation,
        amount=Money(amount_minor=500, currency=Currency.EUR),
        payer_id=PayerId(member_id),
        method_id="1",
    )
