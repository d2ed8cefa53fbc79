"""Mail to members, and not to whom is erased; keys that are destroyed."""

from pathlib import Path
from unittest.mock import Mock
from uuid import uuid4

import pytest

from adapters.mail.messenger import FileMessenger
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.identity.codes import PostgresLoginCodes
from adapters.postgres.identity.secret import LoginSecret
from api.composition.effects import Effects
from domain.kernel.ids import MemberId
from domain.kernel.policy import DestroyKey, ForgetIdentifier, SendMessage
from domain.members.member import Member
from tests.api.cli.terminal import NOW, append, registered
from tests.support.clocks import MovableClock

SECRET = LoginSecret(b"secret")
CODE_ID = uuid4()


@pytest.fixture
def effects(store: PostgresEventStore, tmp_path: Path) -> Effects:
    codes, messenger = PostgresLoginCodes(store.pool, SECRET), FileMessenger(tmp_path, sender="csbe@example.org")
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
        await effects.perform(DestroyKey(member_id=MemberId(ada.id)), key)

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
