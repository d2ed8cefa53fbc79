"""One way in: a command is decided again when others were faster, and carried out once."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from domain.dispatcher import MAX_ATTEMPTS
from domain.kernel.errors import CommandIdReusedError, NotFoundError, RefusedError, VersionConflictError
from tests.support.tills import Move, OpenTill, PutIn, Tills

TWICE = UUID("2b8f1c4e-0000-4000-8000-000000000002")


@pytest.fixture
def tills() -> Tills:
    return Tills()


def others_put_in(tills: Tills, till_id: UUID, times: int) -> Callable[[], Awaitable[None]]:
    """Somebody else is faster so many times, with 1 each."""
    left = times

    async def meddle() -> None:
        nonlocal left
        if left:
            left -= 1
            undisturbed, tills.meddle = tills.meddle, None
            await tills.do(PutIn(till_id=till_id, amount=1))
            tills.meddle, tills.decisions = undisturbed, tills.decisions - 1

    return meddle


async def test_a_command_is_decided_again_on_what_others_did_meanwhile(tills: Tills) -> None:
    till = await tills.opened(10)
    tills.meddle = others_put_in(tills, till, times=2)

    answered = await tills.do(PutIn(till_id=till, amount=5))

    assert (answered.value, answered.repeated) == ('{"total":17}', False)
    assert tills.decisions == 3
    assert await tills.total(till) == 17


async def test_a_command_that_always_comes_too_late_is_given_up(tills: Tills) -> None:
    till = await tills.opened()
    tills.meddle = others_put_in(tills, till, times=MAX_ATTEMPTS)

    with pytest.raises(VersionConflictError):
        await tills.do(PutIn(till_id=till, amount=100))

    assert tills.decisions == MAX_ATTEMPTS
    assert await tills.total(till) == MAX_ATTEMPTS


async def test_the_last_attempt_counts(tills: Tills) -> None:
    till = await tills.opened()
    tills.meddle = others_put_in(tills, till, times=MAX_ATTEMPTS - 1)

    await tills.do(PutIn(till_id=till, amount=100))

    assert await tills.total(till) == 100 + MAX_ATTEMPTS - 1


async def test_a_repeated_command_gets_the_first_answer_and_position_and_changes_nothing(tills: Tills) -> None:
    till = await tills.opened()
    first = await tills.do(PutIn(till_id=till, amount=5), command_id=TWICE)
    await tills.do(PutIn(till_id=till, amount=3))
    log = len(tills.store.log)

    again = await tills.do(PutIn(till_id=till, amount=5), command_id=TWICE)

    assert (again.value, again.position) == (first.value, first.position) == ('{"total":5}', log - 1)
    assert (first.repeated, again.repeated) == (False, True)
    assert len(tills.store.log) == log


async def test_a_repeated_command_that_would_be_refused_by_now_gets_its_first_answer(tills: Tills) -> None:
    till = await tills.opened(5)
    await tills.do(PutIn(till_id=till, amount=-5), command_id=TWICE)

    again = await tills.do(PutIn(till_id=till, amount=-5), command_id=TWICE)

    assert (again.value, again.repeated) == ('{"total":0}', True)


@pytest.mark.parametrize("faster", [0, MAX_ATTEMPTS - 1])
async def test_a_command_that_its_twin_has_done_meanwhile_gets_the_twins_answer(tills: Tills, faster: int) -> None:
    till = await tills.opened()
    others = others_put_in(tills, till, faster)
    command = PutIn(till_id=till, amount=100)

    async def meddle() -> None:
        if tills.decisions <= faster:
            await others()
        else:
            tills.meddle = None
            await tills.do(command, command_id=TWICE)

    tills.meddle = meddle

    answered = await tills.do(command, command_id=TWICE)

    assert answered.repeated
    assert await tills.total(till) == 100 + faster


async def test_a_refusal_is_not_remembered(tills: Tills) -> None:
    till = await tills.opened()
    with pytest.raises(RefusedError):
        await tills.do(PutIn(till_id=till, amount=-5), command_id=TWICE)
    await tills.do(PutIn(till_id=till, amount=8))

    answered = await tills.do(PutIn(till_id=till, amount=-5), command_id=TWICE)

    assert (answered.value, answered.repeated) == ('{"total":3}', False)


@pytest.mark.parametrize("amount", [6, -6])
async def test_the_id_of_a_command_is_not_for_another_one(tills: Tills, amount: int) -> None:
    till = await tills.opened()
    await tills.do(PutIn(till_id=till, amount=5), command_id=TWICE)

    with pytest.raises(CommandIdReusedError):
        await tills.do(PutIn(till_id=till, amount=amount), command_id=TWICE)

    assert await tills.total(till) == 5


async def test_two_aggregates_change_together(tills: Tills) -> None:
    source, target = await tills.opened(10), await tills.opened()

    answered = await tills.do(Move(source_id=source, target_id=target, amount=4))

    assert (answered.value, answered.position) == (None, len(tills.store.log))
    assert (await tills.total(source), await tills.total(target)) == (6, 4)


async def test_where_one_of_two_aggregates_is_contested_neither_changes(tills: Tills) -> None:
    source, target = await tills.opened(10), await tills.opened()
    tills.meddle = others_put_in(tills, target, times=MAX_ATTEMPTS)

    with pytest.raises(VersionConflictError):
        await tills.do(Move(source_id=source, target_id=target, amount=4))

    assert (await tills.total(source), await tills.total(target)) == (10, MAX_ATTEMPTS)


async def test_where_one_of_two_aggregates_refuses_neither_changes(tills: Tills) -> None:
    source, target = await tills.opened(), await tills.opened(1)

    with pytest.raises(RefusedError):
        await tills.do(Move(source_id=target, target_id=source, amount=4))

    assert (await tills.total(source), await tills.total(target)) == (0, 1)


async def test_what_belongs_to_another_service_is_not_there(tills: Tills) -> None:
    till = await tills.opened()

    with pytest.raises(NotFoundError):
        await tills.do(PutIn(till_id=till, amount=5), service="reachnow-usa")

    assert await tills.total(till) == 0


async def test_what_services_share_is_there_for_each_of_them(tills: Tills) -> None:
    safe = await tills.opened(kind="safe")

    await tills.do(PutIn(till_id=safe, amount=5, kind="safe"), service="reachnow-usa")

    assert await tills.total(safe) == 5


async def test_the_same_id_cannot_be_begun_twice(tills: Tills) -> None:
    till = await tills.opened(5)

    with pytest.raises(VersionConflictError):
        await tills.do(OpenTill(till_id=till))

    assert await tills.total(till) == 5


async def test_an_unknown_aggregate_is_not_there(tills: Tills) -> None:
    with pytest.raises(NotFoundError):
        await tills.do(PutIn(till_id=uuid4(), amount=5))
