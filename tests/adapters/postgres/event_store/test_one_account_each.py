"""Two accounts come with the same address at the same time, in two processes: one of them has it."""

import asyncio
from datetime import date
from hashlib import sha256

import asyncpg
import pytest

from adapters.postgres.event_store.store import PostgresEventStore
from domain.contexts import HANDLERS
from domain.dispatcher import Dispatcher
from domain.kernel.errors import RefusedError
from domain.kernel.ids import MemberId, derived_id
from domain.kernel.messages import Command, Metadata
from domain.members.commands import BlockMember, RegisterMember, SubmitLicence, VerifyEmail
from domain.members.member import Member
from domain.members.sameness import same_email
from tests.support.keys import KEYS
from tests.support.world import AGENT, World

SECRET = "confidential.ada@example.org"
NUMBER = "B072CANARY"


async def give(store: PostgresEventStore, command: Command) -> None:
    world = World()
    id = derived_id(command.NAME, command.model_dump_json())
    metadata = Metadata.of(command, id=id, actor=AGENT, service=world.service)
    await Dispatcher(store, world, world.rulebooks, HANDLERS).dispatch(command, metadata)


async def an_applicant(store: PostgresEventStore, number: int) -> MemberId:
    who = MemberId(derived_id("applicant", number))
    born = date(1990, 5, 1)
    await give(
        store,
        RegisterMember(member_id=who, city_id="berlin", name="Ada", email=SECRET, birth_date=born),
    )
    return who


async def test_an_address_is_proved_for_one_account_whoever_is_faster(
    store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    accounts = [await an_applicant(store, number) for number in range(4)]
    elsewhere = PostgresEventStore(pool, master_keys=KEYS)
    proofs = [VerifyEmail(member_id=who) for who in accounts]

    outcomes = await asyncio.gather(
        *(give(process, proof) for process, proof in zip([store, elsewhere] * 2, proofs, strict=True)),
        return_exceptions=True,
    )

    proved = [(await store.load(Member, who)).email_verified for who in accounts]
    assert sorted(proved) == [False, False, False, True]
    assert sum(isinstance(outcome, RefusedError) for outcome in outcomes) == 3
    await elsewhere.close()


async def test_a_licence_of_two_accounts_is_noticed_whoever_is_faster(
    store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    accounts = [await an_applicant(store, number) for number in range(2)]
    elsewhere = PostgresEventStore(pool, master_keys=KEYS)
    dates = {"issued_on": date(2010, 1, 1), "expires_on": date(2033, 1, 1)}
    licences = [
        SubmitLicence.model_validate({"member_id": who, "number": NUMBER, "country": "DE", **dates}) for who in accounts
    ]

    await asyncio.gather(
        *(give(process, licence) for process, licence in zip([store, elsewhere], licences, strict=True))
    )

    reviewed = [(await store.load(Member, who)).in_review for who in accounts]
    assert sorted(reviewed) == [(), ("licence",)]
    await elsewhere.close()


async def test_what_is_kept_of_an_address_tells_nothing_and_goes(store: PostgresEventStore, pool: asyncpg.Pool) -> None:
    first = await store.stand_in("drivenow-europe/email", same_email(SECRET))
    again = await PostgresEventStore(pool, master_keys=KEYS).known_stand_in("drivenow-europe/email", same_email(SECRET))
    kept = await pool.fetchval("select string_agg(s::text, ' ') from csbe.stand_ins s")

    for _ in range(2):
        await store.forget(first)

    assert again == first
    assert not [part for part in ("confidential", "ada@", "example", SECRET.encode().hex()) if part in kept]
    assert await store.known_stand_in("drivenow-europe/email", same_email(SECRET)) is None
    assert await store.stand_in("drivenow-europe/email", same_email(SECRET)) != first


@pytest.mark.parametrize("other", ["reachnow-usa/email", "drivenow-europe/licence"])
async def test_the_same_text_elsewhere_is_something_else(store: PostgresEventStore, other: str) -> None:
    here = await store.stand_in("drivenow-europe/email", same_email(SECRET))

    assert await store.known_stand_in(other, same_email(SECRET)) != here


async def test_what_tells_a_retry_confirms_no_licence_once_the_person_is_erased(
    store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    who = await an_applicant(store, 1)
    licence = SubmitLicence(
        member_id=who, number=NUMBER, country="DE", issued_on=date(2010, 1, 1), expires_on=date(2033, 1, 1)
    )
    await give(store, licence)
    kept = {row[0] for row in await pool.fetch("select fingerprint from csbe.commands")}
    mine, plain = await store.fingerprint(licence), sha256(licence.asked).hexdigest()

    await store.erase(who)

    assert mine in kept
    assert plain not in kept
    assert await store.fingerprint(licence) not in kept  # although the keys of the installation are all there


async def test_a_retry_is_told_from_another_request(store: PostgresEventStore) -> None:
    who = await an_applicant(store, 1)
    first, retry, other = (BlockMember(member_id=who, reason=reason) for reason in ("fraud", "fraud", "unpaid"))

    prints = [await store.fingerprint(command) for command in (first, retry, other)]

    assert (prints[0] == prints[1], prints[0] == prints[2]) == (True, False)
